"""Draws the pictures of the documentation, and notices when one is old.

    python tools/pictures.py [NAME…]         draw them again; runs the demo or a sandbox
    python tools/pictures.py --check         1 where one shows other words than it would show now
    python tools/pictures.py --check REPORT  the same of figures, in the report of a demo that ran

Beside each picture lies what it shows, as text. That is compared, and not the pixels: fonts and
browsers differ from machine to machine. A demo takes a minute, so without REPORT its report is
made from invented figures, and only the words are compared.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kiseki import Kiseki, Split  # noqa: E402
from kiseki.core import seal  # noqa: E402
from kiseki.core.ids import wallet  # noqa: E402

IMAGES = ROOT / "docs" / "images"
COLUMNS = 64
"""Of a terminal: what a phone shows in letters that can be read."""
FONT = "DejaVu Sans Mono"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# What each shows


def status(port: int = 0) -> str:
    """What `kiseki status` prints for a wallet to which two thirds of an ether are owed."""
    with tempfile.TemporaryDirectory() as home, Kiseki.local(port=port) as k:
        split = Split([(wallet(k.address), 2), (wallet(k.wallet(1).address), 1)])
        k.revenue.publish(split)
        k.wallet(2).revenue.pay(split, 10**18)
        command = [sys.executable, "-m", "kiseki", "status", "--account", "test:0"]
        told = {"HOME": home, "KISEKI_RPC_URL": k.url}
        mine = ("KISEKI_", "COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(mine)}
        return _at_a_terminal(command, Path(home), kept | told)


def seals() -> str:
    """Twelve seals, large on white and small on black, as SVG."""
    drawn = [seal.svg(hashlib.sha256(f"seal {number}".encode()).digest()) for number in range(12)]
    large = [
        _put(each, 10 + 140 * (n % 6), 10 + 140 * (n // 6), 120) for n, each in enumerate(drawn)
    ]
    small = [_put(each, 15 + 68 * n, 306, 52) for n, each in enumerate(drawn)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 374" width="840" height="374">'
        '<rect width="840" height="374" fill="#fff"/>'
        '<rect y="290" width="840" height="84" fill="#202124"/>\n'
        + "\n".join(large + small)
        + "\n</svg>\n"
    )


def report(page: str) -> str:
    """The head of the demo's report, down to the pictures; without its date."""
    head = page[page.index("<header>") : page.index('<figure><ul class="outputs">')]
    head = re.sub(r'<svg class="seal".*?</svg>|<span class=soft>[-\d]+</span>', "", head)
    return _texts(re.sub(r"</?(a|b|data|i|small)\b[^>]*>|<span\b[^>]*>", "", head))


def lineage(page: str) -> str:
    """The labels of the lineage in the demo's report: of the wide one, then of the tall one."""
    return "\n".join(_texts("".join(re.findall("<text.*?</text>", _flow(page, kind))))
                     for kind in ("wide", "tall"))  # fmt: skip


def preview() -> str:
    """The report with invented figures."""
    import numpy as np
    from examples.openmoji.drawings import load
    from examples.openmoji.pictures import output
    from examples.openmoji.preview import summary
    from examples.openmoji.report import render

    blank = np.full((24, 24, 3), 255, np.uint8)
    outputs = [output(blank, f"Output {number}")[1] for number in range(48)]
    return render(summary(load(ROOT / "node_modules" / "openmoji"), outputs))


def sandbox(page: str) -> str:
    """The first page of the sandbox, down to what its pictures rest on."""
    head = page[page.index("<main") : page.index('<dl class="counts">')]
    return _texts(re.sub(r"<figure>.*?</figure>|</?(wbr|a|span)\b[^>]*>", "", head, flags=re.S))


def sandbox_preview() -> str:
    """That page over a chain on which nothing is registered."""
    from starlette.testclient import TestClient

    from kiseki.core.values import to_hex
    from kiseki.sandbox.drawings import NOTICE
    from kiseki.web.app import application
    from kiseki.web.people import Person, Sandbox
    from kiseki.web.site import Site

    roles = ("studio", "developer", "trainer", "holder", "buyer")
    with tempfile.TemporaryDirectory() as home, Kiseki.local() as k:
        people = [Person("artist", "Lisa Thiel", 40, k.account(40).address)]
        people += [Person(role, "", n, k.account(n).address) for n, role in enumerate(roles)]
        told = Sandbox(4_495, 121, NOTICE, to_hex(bytes(32)), people)

        def connect() -> Kiseki:
            return Kiseki.connect(
                k.url, k.account(0), secrets=f"{home}/secrets", journal=f"{home}/journal",
                index=f"{home}/index",
            )  # fmt: skip

        site = Site(connect)
        site.catch_up()
        with TestClient(application(site, follows=False, sandbox=told), "http://localhost") as ask:
            return ask.get("/", headers={"Accept-Language": "en"}).text


def draw_sandbox() -> None:
    """Starts a new sandbox, and draws its first page on a desk and on a phone."""
    from tests.python.web.browser import launched

    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "kiseki", "sandbox", "--port", "0", "--json"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"HOME": home}, stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            try:
                at = json.loads(process.stdout.readline())["address"]
                for name, width, height, scale in (("", 1180, 860, 1.4), ("-tall", 390, 1115, 2)):
                    looks = {"viewport": {"width": width, "height": height}, "locale": "en-GB"}
                    with launched(**looks, device_scale_factor=scale) as page:
                        page.goto(at)
                        page.wait_for_selector(".flow", state="attached")
                        (IMAGES / f"sandbox{name}.png").write_bytes(_small(page.screenshot()))
                        text = sandbox(page.content())
                (IMAGES / "sandbox.txt").write_text(text, "utf-8")
            finally:
                process.terminate()


def _at_a_terminal(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What a program prints where a terminal has so many columns."""
    import fcntl
    import struct
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, COLUMNS, 0, 0))
    done = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 1 << 16):
            shown += piece
    except OSError:  # so Linux says that it ended
        pass
    os.close(ours)
    if done.wait():
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _put(drawing: str, x: int, y: int, side: int) -> str:
    return drawing.replace(
        'width="512" height="512"', f'x="{x}" y="{y}" width="{side}" height="{side}"'
    )


def _flow(page: str, kind: str) -> str:
    found = re.search(rf'<svg class="flow {kind}".*?</svg>', page, re.S)
    if not found:
        raise SystemExit(f"the report has no {kind} lineage")
    return found[0]


def _texts(markup: str) -> str:
    """Each text of a page in a line of its own."""
    texts = (unescape(each).strip() for each in re.split(r"<[^>]*>", markup))
    return "\n".join(filter(None, texts)) + "\n"


# Drawing


def draw_terminal(text: str, title: str) -> bytes:
    """A picture of a terminal, as PNG."""
    import resvg_py
    from rich.console import Console
    from rich.text import Text

    out = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    out.print(Text(text.rstrip()))
    svg = out.export_svg(title=title).replace("Fira Code", FONT)  # which it would fetch
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=1, font_family=FONT))


def draw_page(page: str, width: int, height: int, scale: float) -> bytes:
    """The head of a page in a browser, as PNG."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(
            "a browser draws the demo's report: install Chromium and a font with Japanese letters, "
            "as by `apt-get install chromium fonts-noto-cjk`, or name the pictures that need none: "
            "status seals"
        )
    with tempfile.TemporaryDirectory() as folder:
        file, shot = Path(folder) / "page.html", Path(folder) / "shot.png"
        file.write_text(page, "utf-8")
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-background-networking", f"--user-data-dir={folder}/profile",
             f"--window-size={width},{height}", f"--force-device-scale-factor={scale}",
             f"--screenshot={shot}", file.as_uri()],
            check=True, capture_output=True, timeout=240,
        )  # fmt: skip
        return _small(shot.read_bytes())


def _small(png: bytes) -> bytes:
    """A picture in 256 colours."""
    from PIL import Image

    out = io.BytesIO()
    few = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, kmeans=3)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def lineage_alone(page: str, kind: str) -> str:
    """A page with nothing but one lineage."""
    (style,) = re.findall("<style>.*?</style>", page, re.S)
    shown = f"<style>body {{ padding: 20px }} .flow.{kind} {{ display: block !important }}</style>"
    return f'<!doctype html><meta charset="utf-8">{style}{shown}{_flow(page, kind)}'


def _room(page: str, kind: str) -> tuple[int, int]:
    """Width and height of that page."""
    (box,) = re.findall(r'^<svg [^>]*viewBox="0 0 (\d+) (\d+)"', _flow(page, kind))
    return int(box[0]) + 40, int(box[1]) + 40


def demo() -> str:
    """Runs the demo; its report."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "examples.openmoji", "--to", folder]
        subprocess.run(command, cwd=ROOT, check=True)
        return (Path(folder) / "report.html").read_text("utf-8")


# All of them


def words(text: str) -> str:
    """A text without its numbers, how long ago something was, and the width of its columns."""
    plain = re.sub(r"0x\w+|\d[\d,.\u202f]*", "N", text)
    return " ".join(re.sub(r"\bN \w+ ago\b", "N ago", plain).split())


OF_THE_DEMO: dict[str, Callable[[str], str]] = {"report": report, "lineage": lineage}


def draw(names: list[str]) -> None:
    """Draws these pictures and writes down what they show."""
    if "status" in names:
        text = status(8545)
        (IMAGES / "status.txt").write_text(text, "utf-8")
        (IMAGES / "status.png").write_bytes(draw_terminal(text, "kiseki status"))
    if "seals" in names:
        (IMAGES / "seals.svg").write_text(seals(), "utf-8")
    if "sandbox" in names:
        draw_sandbox()
    if not set(OF_THE_DEMO) & set(names):
        return
    page = demo()
    for name, shows in OF_THE_DEMO.items():
        if name in names:
            (IMAGES / f"{name}.txt").write_text(shows(page), "utf-8")
    if "report" in names:
        _keep("report", page, 1180, 990, 1.4)
        _keep("report-tall", page.replace("<nav ", "<nav hidden "), 390, 1180, 2)
    if "lineage" in names:
        _keep("lineage", lineage_alone(page, "wide"), *_room(page, "wide"), 1.5)
        _keep("lineage-tall", lineage_alone(page, "tall"), *_room(page, "tall"), 2)


def _keep(name: str, page: str, width: int, height: int, scale: float) -> None:
    (IMAGES / f"{name}.png").write_bytes(draw_page(page, width, height, scale))


def old(ran: str | None) -> list[str]:
    """The pictures that would show something else now."""
    page = ran or preview()
    compared = (lambda text: text) if ran else words
    shown = {f"{name}.txt": (shows(page), compared) for name, shows in OF_THE_DEMO.items()}
    if not ran:
        shown |= {"status.txt": (status(), words), "seals.svg": (seals(), lambda text: text)}
        shown |= {"sandbox.txt": (sandbox(sandbox_preview()), words)}
    return [
        name.partition(".")[0]
        for name, (text, form) in shown.items()
        if form(text) != form((IMAGES / name).read_text("utf-8"))
    ]


def main(arguments: list[str]) -> int:
    if arguments[:1] != ["--check"]:
        draw(arguments or ["status", "seals", "sandbox", *OF_THE_DEMO])
        return 0
    found = old(Path(arguments[1]).read_text("utf-8") if arguments[1:] else None)
    for name in found:
        print(f"docs/images/{name} is old; run `make pictures`", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
