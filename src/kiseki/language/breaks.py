"""Where a line of Japanese may end: between phrases, not within a word. For pages."""

from functools import cache, lru_cache
from typing import Any

from kiseki.errors import InvalidInput

__all__ = ["breakable"]


def breakable(text: str) -> list[str]:
    """The phrases of a text, which together are the text; a page may begin a line with each.

    Raises:
        InvalidInput: BudouX is not installed.
    """
    return list(_phrases(text))


@lru_cache(1_024)
def _phrases(text: str) -> tuple[str, ...]:
    """The same, kept: pages say few sentences, and say them again and again."""
    return tuple(str(each) for each in _parser().parse(text)) if text else ()


@cache
def _parser() -> Any:
    try:
        import budoux
    except ImportError as error:
        raise InvalidInput("line breaks need BudouX; run: pip install 'kiseki[web]'") from error
    return budoux.load_default_japanese_parser()
