"""README and docs are true: what can be executed in them is, and what they point to is there."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import kiseki

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deployments/*.md")],
)


def test_no_picture_is_old() -> None:
    """After a change of what one shows: `make pictures`. `.ci/run` compares the demo's figures.

    Takes seconds: it deploys a chain for `kiseki status`, and reads all drawings for the report.
    """
    done = subprocess.run(
        [sys.executable, "tools/pictures.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_says_what_the_demo_came_to() -> None:
    """Beside `report.png` lies what it shows, and `.ci/run` compares that with a new run."""
    shown = (ROOT / "docs" / "images" / "report.txt").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    (headline,) = re.findall(r'alt="The report of the demo: ([^"]+)"', readme)
    assert headline in shown
    drawings, artists = re.findall(r"registers ([\d,]+) drawings by (\d+) artists", readme)[0]
    assert f"{drawings} drawings\nby {artists} artists" in shown


def test_the_session_in_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    for name in ("artwork", "pictures"):
        (tmp_path / name).mkdir()
        for number in (1, 2, 3):
            (tmp_path / name / f"{number}.png").write_text(f"{name} {number}")
    (tmp_path / "model.bin").write_text("weights")
    (session,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    earnings = "[k.balance(of=who.address) for who in (artist, developer, creator)]"
    token = 'k.rights.metadata(k.rights.token("batch", pictures.id))'
    asked = f"    print(*{earnings})\n    print({token}.income)\n"
    (tmp_path / "session.py").write_text(session + asked, "utf-8")
    done = subprocess.run(
        [sys.executable, "session.py"], cwd=tmp_path, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    used, sentence, balances, income = done.stdout.splitlines()
    assert used == "True"
    assert "nothing was found against it" in sentence
    assert income == "75"
    # What the README says they were paid, less the gas that each of them paid.
    gained = [int(each) - 10_000 * 10**18 for each in balances.split()]
    said = [int(share * 10**18) for share in (0.2, 0.05, 0.75)]
    for gain, ether in zip(gained, said, strict=True):
        assert 0 <= ether - gain < 10**16


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    pictures = re.findall(r'src(?:set)?="([^":]+)"', text)
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) + pictures:
        assert (document.parent / target).exists(), target


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for document in DOCUMENTS:
        named = re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text("utf-8"), re.M)
        assert targets.issuperset(named), document.name


def test_the_package_offers_what_it_says_and_nothing_else() -> None:
    for name in kiseki.__all__:
        assert getattr(kiseki, name) is not None
    with pytest.raises(AttributeError):
        _ = kiseki.nothing
    for found in walk_packages(kiseki.__path__, "kiseki."):
        if found.name != "kiseki.__main__":
            loaded = import_module(found.name)
            missing = [each for each in getattr(loaded, "__all__", ()) if not hasattr(loaded, each)]
            assert not missing, found.name


def test_the_core_needs_no_chain() -> None:
    code = "import sys, kiseki.core.compose; sys.exit('web3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_reference_is_what_help_texts_and_docstrings_say() -> None:
    """After a change of one: `python tools/reference.py`."""
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


# The page of the vault

VAULT = (ROOT / "docs" / "vault.md").read_text("utf-8")


def test_every_test_that_the_page_of_the_vault_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", VAULT)
    assert len(named) > 30
    for path, name in named:
        source = (ROOT / path).read_text("utf-8")
        assert re.search(rf"^def {name}\(", source, re.M), f"{path}::{name}"


def test_every_attack_on_a_vault_has_a_test_or_says_that_nothing_protects() -> None:
    rows = []
    for title in ("What thieves get", "What a dishonest keeper can do", "What is left where"):
        part = re.split(r"^##+ ", VAULT.partition(f" {title}\n")[2], flags=re.M)[0]
        lines = [line for line in part.splitlines() if line.startswith("| ")]
        assert lines[0].rstrip(" |").endswith("test"), title
        rows += lines[2:]
    assert len(rows) > 30
    for row in rows:
        *_, test = row.strip("| ").split(" | ") if not row.endswith("| |") else [""]
        assert "::" in test or test == "the same" or "**" in row, row
