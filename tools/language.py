"""Brings the catalogue of translations up to date with the messages that stand in the code.

python tools/language.py           find messages, add new ones to the .po, compile the .mo
python tools/language.py --check   end with 1 if any of that is not done

Babel does it. A message is the first argument of `say`, `plural` or `mark` of `kiseki.language`, in
Python or in a template; or the reason of an error that a page can tell (`tools/reasons.py`), which
also goes into `locale/reasons.json`. A new one has no translation yet: write it into
`src/kiseki/language/locale/ja/LC_MESSAGES/kiseki.po` and run this again.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

sys.path.insert(0, str(Path(__file__).parent))  # also where a test imports this
import reasons

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "kiseki"
LOCALES = SOURCE / "language" / "locale"
KEYWORDS = {"say": None, "mark": None, "plural": (1, 2)}
TEMPLATES = {".html", ".txt", ".xml"}


def in_python(
    file: IO[bytes], keywords: Collection[str], comments: object, options: object
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """The messages of a module, for Babel: only calls of what it imports from the catalogue.

    Babel's own reader goes by names alone, and `show.say` prints what is said already.
    """
    tree = ast.parse(file.read())
    ours = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kiseki.language")
        for name in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _named(node.func, ours)
        if name in keywords:
            texts = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
            given = tuple(each if isinstance(each, str) else None for each in texts)
            if given and given[0] is not None:
                yield node.lineno, name, given if len(given) > 1 else given[0], []


def _named(function: ast.expr, ours: Collection[str]) -> str:
    """The name of a function of the catalogue that is called: by its own name, or as `words.say`,
    which is the catalogue itself or the language of somebody who reads a page."""
    if isinstance(function, ast.Name):
        return function.id if function.id in ours else ""
    if not isinstance(function, ast.Attribute):
        return ""
    of = function.value  # `words`, or the `words` of something
    name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
    return function.attr if name == "words" else ""


def template() -> Catalog:
    """Every message in the code, without translations."""
    found = Catalog()
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix == ".py":
            method: Any = in_python
        elif path.suffix in TEMPLATES and "templates" in path.parts:
            method = "jinja2.ext:babel_extract"
        else:
            continue
        with path.open("rb") as file:
            for _, message, comments, _ in extract(method, file, KEYWORDS):
                found.add(message, None, [(path.relative_to(SOURCE).as_posix(), 0)],
                          auto_comments=comments)  # fmt: skip
    for message, module in reasons.reasons().items():
        found.add(message, None, [(f"{module}.py", 0)])
    return found


def sentences() -> bytes:
    """The file of the reasons that a page can tell, by which it knows them again."""
    return (json.dumps(sorted(reasons.reasons()), indent=0, ensure_ascii=False) + "\n").encode()


def of(language: str) -> Path:
    """The file with a language's translations."""
    return LOCALES / language / "LC_MESSAGES" / "kiseki.po"


def translated(language: str) -> Catalog:
    """What is translated so far."""
    with of(language).open("rb") as file:
        return read_po(file, locale=language)


class Steady(Catalog):
    """A catalogue whose headers say nothing of the machine, the day or Babel's version."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Project-Id-Version", "Kiseki"),
            ("Language", str(self.locale_identifier)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]

    mime_headers = property(_get_mime_headers, Catalog._set_mime_headers)


def updated(language: str) -> tuple[bytes, bytes]:
    """The `.po` with all messages of the code and no others, and the `.mo` that it compiles to."""
    there = translated(language) if of(language).exists() else Catalog(locale=language)
    made = Steady(locale=language, header_comment=_HEADER, fuzzy=False)
    for each in template():
        if each.id:
            had = there.get(each.id)
            made.add(each.id, None if had is None else had.string, each.locations).flags.clear()
    text, compiled = io.BytesIO(), io.BytesIO()
    write_po(text, made, width=100, sort_output=True, include_lineno=False)
    write_mo(compiled, made)
    return text.getvalue(), compiled.getvalue()


_HEADER = """\
# Kiseki's words in Japanese. `python tools/language.py` keeps this file up to date with the code;
# the rules for its words stand in tests/python/language/words.toml and docs/glossary.md."""


def main() -> int:
    """Writes or checks; the exit code."""
    made = {LOCALES / "reasons.json": sentences()}
    for folder in sorted(each for each in LOCALES.iterdir() if each.is_dir()):
        po = of(folder.name)
        made |= zip((po, po.with_suffix(".mo")), updated(folder.name), strict=True)
    old = []
    for path, content in made.items():
        if path.exists() and path.read_bytes() == content:
            continue
        if "--check" in sys.argv[1:]:
            old.append(path.name)
        else:
            path.write_bytes(content)
    if old:
        print(f"{', '.join(old)}: old; run `python tools/language.py`", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
