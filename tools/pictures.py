"""Draws the pictures of the documentation that show a terminal.

    python tools/pictures.py            draw them again
    python tools/pictures.py --check    1 where one shows what its command does not print any more

Each is what a command really printed, on a new local chain with money that is owed. The text lies
beside the picture (`docs/images/status.txt`), and is compared without its numbers, which differ
from run to run.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.core.ids import wallet

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
COLUMNS = 100
FONT = "DejaVu Sans Mono"


def status(k: LocalKiseki, home: Path) -> str:
    """What `kiseki status` prints for a wallet to which 1 ether is owed."""
    split = Split([(wallet(k.address), 2), (wallet(k.wallet(1).address), 1)])
    k.revenue.publish(split)
    k.wallet(2).revenue.pay(split, 10**18)
    command = [sys.executable, "-m", "kiseki", "status", "--account", "test:0"]
    told = {"HOME": str(home), "KISEKI_RPC_URL": k.url, "COLUMNS": str(COLUMNS)}
    kept = {name: text for name, text in os.environ.items() if not name.startswith("KISEKI_")}
    done = subprocess.run(
        command, cwd=home, env=kept | told, capture_output=True, text=True, check=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stdout


def draw(text: str, title: str) -> bytes:
    """A picture of a terminal, as PNG."""
    import resvg_py
    from rich.console import Console
    from rich.text import Text

    out = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    out.print(Text(text.rstrip()))
    svg = out.export_svg(title=title).replace("Fira Code", FONT)  # which it would fetch
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=1, font_family=FONT))


def main(check: bool) -> int:
    kept = IMAGES / "status.txt"
    with tempfile.TemporaryDirectory() as home, Kiseki.local() as k:
        lines = [line.rstrip() for line in status(k, Path(home)).splitlines()]
    text = "\n".join(lines) + "\n"
    if check:
        if words(text) == words(kept.read_text("utf-8")):
            return 0
        print("docs/images/status.png is old; run `make pictures`", file=sys.stderr)
        return 1
    kept.write_text(text, "utf-8")
    kept.with_suffix(".png").write_bytes(draw(text, "kiseki status"))
    return 0


def words(text: str) -> str:
    """A text without its numbers and the width of its columns."""
    return " ".join(re.sub(r"0x\w+|\d[\d,.]*", "N", text).split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] == ["--check"]))
