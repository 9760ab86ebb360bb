"""Run targets of the Makefile side by side, and print what each says, in their order.

    python3 tools/parts.py test-contracts test-ape test-brownie test-python
    JOBS=1 python3 tools/parts.py …     one after the other, where there is little memory

Compilers and test networks leave processors idle, so two parts at once take less time than in
turns. The last part is begun first: it is the longest, and its last line is the last of all.
What a part prints goes into .build/parts/PART.log; the first that is not done yet is shown as it
goes. Ends with 1 if a part failed, and names it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".build" / "parts"
LOOK = 0.2
JOBS = 2


@dataclass
class Part:
    """A target, and how it goes."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    seconds: float = field(default=0.0)

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    def start(self) -> None:
        self.begun = time.monotonic()
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                ["make", "--no-print-directory", self.name],
                cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def runs(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            self.seconds = self.seconds or time.monotonic() - self.begun
            return False
        return True

    def failed(self) -> bool:
        return self.process is None or self.process.returncode != 0

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()


def main(names: Sequence[str]) -> int:
    if not names:
        sys.exit(__doc__)
    LOGS.mkdir(parents=True, exist_ok=True)
    parts = [Part(name) for name in names]
    for part in parts:
        part.log.unlink(missing_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # What a shell starts in the background is deaf to Ctrl-C, and so are its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run(parts, int(os.environ.get("JOBS") or JOBS))
    finally:
        for part in parts:
            part.stop()
    failed = [part.name for part in parts if part.failed()]
    if failed:
        print(f"failed: {', '.join(failed)}; see {LOGS.relative_to(ROOT)}", file=sys.stderr)
    return 1 if failed else 0


def run(parts: Sequence[Part], jobs: int) -> None:
    """Keeps so many going, and shows them in their order."""
    waiting = [*parts[-1:], *parts[:-1]]
    for shown in parts:
        print(f"── {shown.name}", flush=True)
        read = 0
        while True:
            going = sum(part.runs() for part in parts if part not in waiting)
            while waiting and going < jobs:
                waiting.pop(0).start()
                going += 1
            ended = shown not in waiting and not shown.runs()
            read = show(shown, read)
            if ended:
                break
            time.sleep(LOOK)
        if shown is not parts[-1]:  # whose own last line is the last of all
            told = "failed" if shown.failed() else "passed"
            print(f"── {shown.name} {told} in {shown.seconds:,.0f} s\n", flush=True)


def show(part: Part, read: int) -> int:
    """Prints what a part said since; returns how much was printed of it."""
    if not part.log.exists():
        return read
    with part.log.open("rb") as log:
        log.seek(read)
        more = log.read()
    sys.stdout.buffer.write(more)
    sys.stdout.buffer.flush()
    return read + len(more)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
