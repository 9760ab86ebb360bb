"""Which language somebody reads: what a browser asks for, or what a machine is set to.

The header is read here because nothing that Kiseki rests on reads one: Babel chooses among
locales and leaves the weights of the header to others.
"""

import re

from kiseki.language.catalogue import LANGUAGES

__all__ = ["accepted", "of_locale"]

_LONGEST = 1_000
_RANGE = re.compile(
    r"([a-z]{1,8}|\*)(?:-[a-z0-9]{1,8})*+[ \t]*(?:;[ \t]*q=([01](?:\.[0-9]{0,3})?))?[ \t]*", re.I
)
"""A language range of RFC 9110, 12.5.4, of which only the first part counts here."""


def accepted(header: str) -> str:
    """The language that a reader likes best, of those that there are; English where none is liked.

    Args:
        header: `Accept-Language`, as a browser sends it. What is no language in it is passed over.
    """
    weights: dict[str, float] = {}
    for each in header[:_LONGEST].split(","):
        found = _RANGE.fullmatch(each.strip(" \t"))
        if found:
            name = found[1].lower()
            weights[name] = max(weights.get(name, 0.0), float(found[2] or 1))
    named = list(weights)  # of two that are liked as much, the one that is named first

    def liked(language: str) -> tuple[float, int]:
        if language in weights:
            return weights[language], -named.index(language)
        return weights.get("*", 0.0), -len(named)

    best = max(LANGUAGES, key=liked)
    return best if liked(best)[0] > 0 else LANGUAGES[0]


def of_locale(name: str) -> str:
    """The language of a locale such as ``ja_JP.UTF-8``; English where Kiseki has not that one."""
    language = re.split(r"[_.@-]", name, maxsplit=1)[0].lower()
    return language if language in LANGUAGES else LANGUAGES[0]
