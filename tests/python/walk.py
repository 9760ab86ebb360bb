"""Walks a page as its reader does: from an empty folder and an empty home, at terminals.

Of a page's grey boxes

- `sh` is typed. A first line `# NAME` says at which terminal; without one it is the first. A
  command begins with ``$ `` and goes on to the next. At `# second terminal` and `# third
  terminal` its end is not waited for. Each must end with 0.
- `text` is what the commands of the box before it show. `…` stands for what differs from run to
  run, and alone in a line for any number of lines.
- Any other is saved as the file that the words before it name ("Save this as `NAME`").

Questions are answered as the pages say: `y`, a password where one is asked for, and nothing where
a question says what that means.
"""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.python.typed.network import Network, network
from tests.python.typed.terminal import Terminal

__all__ = ["Walk", "boxes", "shown", "walking"]

TUTORIALS = Path(__file__).resolve().parents[2] / "docs" / "tutorials"
OTHERS = ("second terminal", "third terminal")
"""Terminals at which something begins that runs until the page is over."""
ANSWERS = {
    r"\[y/N\]: $": "y",
    r"(?i)(password[^:]*|confirmation): $": "a long password",
    r"\(.*empty: .*\): $": "",
}


@dataclass(frozen=True)
class Box:
    """A grey box.

    Attributes:
        place: the terminal where it is typed, or the file as which it is saved.
    """

    language: str
    content: str
    place: str = ""

    @property
    def commands(self) -> list[str]:
        """What is typed, one command after the other."""
        return [each.rstrip("\n") for each in re.split(r"(?m)^\$ ", self.content)[1:]]


def boxes(page: str) -> Iterator[Box]:
    """The boxes of a page, in order."""
    for found in re.finditer(r"```(\w+)\n(.*?)```", page, re.S):
        language, content = found[1], found[2]
        if language == "sh":
            terminal = re.match(r"# (.+)\n", content)
            yield Box(language, content, terminal[1] if terminal else "")
        elif language == "text":
            yield Box(language, content)
        else:
            before = page[: found.start()].rstrip().rpartition("\n\n")[2]
            names = re.findall(r"[Ss]ave (?:this|it) as\s+`([^`]+)`", before)
            assert names, f"nothing says as which file this is saved:\n{content}"
            yield Box(language, content, names[-1])


def shown(text: str) -> "re.Pattern[str]":
    """Finds what a `text` box shows, however wide the columns are."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == "…" else _pattern(line) + r" *\n"
        for line in text.splitlines()
    ]
    return re.compile(r"(?:^|\n)" + "".join(lines))


def _pattern(line: str) -> str:
    """The terminal folds a line that is wider than it."""
    words = (re.escape(word).replace("…", r"(?:.|\n)*?") for word in line.split())
    return " *" + r"\s+".join(words)


class Walk:
    """A reader with a folder, a home and terminals.

    Attributes:
        folder: where all terminals are opened.
        printed: by all commands that were waited for.
    """

    def __init__(self, folder: Path, network: Network, path: str) -> None:
        self.folder, self.printed = folder / "folder", ""
        self._network, self._home = network, folder / "home"
        self._environment = {"HOME": str(self._home), "PATH": path}
        self._terminals: dict[str, Terminal] = {}
        for each in (self.folder, self._home):
            each.mkdir()

    def page(self, name: str) -> None:
        """Does what a tutorial says."""
        last = self.terminal("")
        for box in boxes((TUTORIALS / f"{name}.md").read_text("utf-8")):
            if box.language == "text":
                self._look(box, last)
            elif box.language == "sh":
                last = self.terminal(box.place)
                self._type(box, last)
            else:
                (last.folder / box.place).write_text(box.content, "utf-8")

    def _type(self, box: Box, terminal: Terminal) -> None:
        if box.place in OTHERS:
            (command,) = box.commands
            terminal.begin(command)
            return
        told = ""
        for command in box.commands:
            code, printed = terminal.type(command, ANSWERS)
            assert code == 0, f"$ {command}\n{printed}"
            assert "Traceback" not in printed, printed
            told += printed
        terminal.shown = told
        self.printed += told

    def _look(self, box: Box, terminal: Terminal) -> None:
        if terminal in map(self._terminals.get, OTHERS):
            terminal.wait_for(shown(box.content))
        found = shown(box.content).search(terminal.shown)
        assert found, f"the page shows\n{box.content}\nand the terminal\n{terminal.shown}"

    def json(self, *words: str, terminal: str = "") -> Any:
        """What a command says, with the option ``--json``."""
        place = self.terminal(terminal)
        told = place.folder / "told.json"
        code, printed = place.type(f"{' '.join(words)} --json > told.json", ANSWERS)
        assert code == 0, printed
        try:
            return json.loads(told.read_text("utf-8"))
        finally:
            told.unlink()

    def terminal(self, name: str) -> Terminal:
        """One of the reader's terminals, opened when it is first named."""
        if name not in self._terminals:
            opened = Terminal(self._network, self.folder, self._environment)
            self._terminals[name] = opened
        return self._terminals[name]

    def close(self) -> None:
        """Ends what runs in the second terminal by Ctrl-C, and closes all."""
        with ExitStack() as stack:
            for name, each in self._terminals.items():
                stack.callback(each.close)
                if name in OTHERS:
                    stack.callback(each.interrupt)


@contextmanager
def walking(folder: Path, path: str) -> Iterator[Walk]:
    """Gives a reader, whose programs are on a path."""
    with network() as at:
        walk = Walk(folder, at, path)
        try:
            yield walk
        finally:
            walk.close()
