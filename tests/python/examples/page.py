"""A page as a tree, for tests that ask what it says and whether it is well formed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br"}


@dataclass
class Node:
    tag: str
    attrs: dict[str, str]
    inside: list[Node | str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return "".join(i if isinstance(i, str) else i.words for i in self.inside)

    @property
    def classes(self) -> set[str]:
        return set(self.attrs.get("class", "").split())

    def all(self, tag: str = "", cls: str = "") -> Iterator[Node]:
        """Every element below this one with that tag and class, in the page's order."""
        for each in self.inside:
            if isinstance(each, Node):
                if tag in ("", each.tag) and (not cls or cls in each.classes):
                    yield each
                yield from each.all(tag, cls)

    def one(self, tag: str = "", cls: str = "") -> Node:
        return next(self.all(tag, cls))

    def rows(self) -> dict[str, list[int]]:
        """A table's rows by their head: the exact values that its cells carry."""
        return {
            row.one("th").words: [int(value.attrs["value"]) for value in row.all("data")]
            for row in self.one("tbody").all("tr")
        }


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in {tag}: {names}"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert tag not in VOID and self.open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def parse(html: str) -> Node:
    """Raises AssertionError where the page is not well formed."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert len(builder.open) == 1, f"never closed: {[n.tag for n in builder.open[1:]]}"
    return builder.open[0]
