"""A terminal at which somebody types, and a shell in it that knows nothing of the tests."""

import codecs
import os
import re
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from .network import Network

PROMPT = re.compile(r"(?:^|\n)<<(\d+)>> $")
"""What the shell shows once it waits for the next command; the exit code of the last is in it."""

SHOWN = {"PS1": "\\n<<$?>> ", "PS2": "", "TERM": "dumb", "LANG": "C.UTF-8"}
PATIENCE = 120.0


class Terminal:
    """A shell of its own, with 80 columns."""

    def __init__(self, network: Network, folder: Path, environment: Mapping[str, str]) -> None:
        """Opens it in a folder.

        Args:
            environment: all that a login would set; nothing else is handed on.
        """
        self._ours, theirs = os.openpty()
        shell = ["setsid", "--ctty", "bash", "--norc", "--noprofile", "--noediting", "-i"]
        self._shell = subprocess.Popen(
            network.within(shell), cwd=folder, env={**environment, **SHOWN},
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.shown = ""
        self._await(PROMPT, {})

    @property
    def folder(self) -> Path:
        """Where the shell is now."""
        return Path(f"/proc/{self._shell.pid}/cwd").resolve()

    def type(self, command: str, answers: Mapping[str, str]) -> tuple[int, str]:
        """Types a command and waits for its end: its exit code, and what it printed.

        Args:
            answers: what is typed at a question, by a pattern of the question's end.
        """
        self.begin(command)
        found = self._await(PROMPT, answers)
        return int(found[1]), self.shown[: found.start()]

    def begin(self, command: str) -> None:
        """Types a command and does not wait."""
        self.shown = ""
        os.write(self._ours, (command + "\n").encode())
        self._await(re.compile(re.escape(command + "\n")), {})  # what is typed is shown
        self.shown = self.shown.partition(command + "\n")[2]

    def wait_for(self, pattern: "re.Pattern[str]") -> None:
        """Waits until a command that goes on has printed something."""
        self._await(pattern, {})

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.write(self._ours, b"\x03")
        self._await(PROMPT, {})

    def close(self) -> None:
        """Closes it, which ends the shell and what runs in it."""
        os.close(self._ours)
        self._shell.wait(timeout=PATIENCE)

    def _await(self, pattern: "re.Pattern[str]", answers: Mapping[str, str]) -> "re.Match[str]":
        end, answered = time.monotonic() + PATIENCE, 0
        while not (found := pattern.search(self.shown)):
            for question, answer in answers.items():
                asked = re.search(question, self.shown[answered:])
                if asked:
                    answered = len(self.shown)
                    os.write(self._ours, (answer + "\n").encode())
            left = end - time.monotonic()
            if left < 0 or not select.select([self._ours], [], [], left)[0]:
                raise AssertionError(f"nothing more was shown after:\n{self.shown}")
            self._read()
        return found

    def _read(self) -> None:
        try:
            piece = os.read(self._ours, 1 << 16)
        except OSError:
            raise AssertionError(f"the shell ended after:\n{self.shown}") from None
        self.shown += self._decoder.decode(piece).replace("\r\n", "\n")
