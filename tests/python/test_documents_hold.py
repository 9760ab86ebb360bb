"""What README and docs say of commands, variables, versions, contracts and gas is what there is."""

import ast
import json
import pkgutil
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from kiseki.chain.release import releases
from kiseki.chain.release.networks import networks
from kiseki.cli.app import app
from kiseki.client.data import derivations
from kiseki.client.models import making
from kiseki.client.revenue import splits, statements, titles
from kiseki.client.settings import SETTINGS
from kiseki.vault import lists, outputlists, people

ROOT = Path(__file__).resolve().parents[2]
HISTORY = {"CHANGELOG.md", "progress.md", "reference.md"}  # the last is made, and has its own test
DOCUMENTS = sorted(
    path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if path.name not in HISTORY
)
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
COMMANDS: Any = get_command(app)


def options(command: Any) -> set[str]:
    """Of a command and of all commands."""
    given = (*command.params, *COMMANDS.params)
    words = {word for each in given for word in (*each.opts, *each.secondary_opts)}
    return words | {"-h", "--help"}


def every_command(group: Any = COMMANDS) -> Iterator[Any]:
    for each in group.commands.values():
        yield each
        if hasattr(each, "commands"):
            yield from every_command(each)


def wrong(words: list[str]) -> str:
    """What of a command line there is not."""
    command, rest = COMMANDS, list(words)
    while rest and hasattr(command, "commands"):
        if rest[0] in command.commands:
            command = command.commands[rest.pop(0)]
        elif re.fullmatch(r"[a-z][a-z-]*", rest[0]):
            return rest[0]
        else:
            break
    own = rest[: rest.index("--")] if "--" in rest else rest  # after it, another program's
    used = {word.partition("=")[0] for word in own if re.match(r"--[a-z]", word)}
    missing = used - options(command)
    return " ".join(sorted(missing))


def typed(text: str) -> Iterator[list[str]]:
    """The words behind `kiseki` in grey boxes and between backquotes, and `data register` alone."""
    boxes = re.findall(r"```(\w*)\n(.*?)```", text, re.S)
    shown = [box for language, box in boxes if language in ("", "sh", "text")]
    for line in "\n".join(shown).replace("\\\n", " ").splitlines():
        for command in re.findall(r"(?:^|[\s(;])kiseki ([^|;)#]+)", line):
            yield plain(command)
    for code in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S)):
        words = plain(code.removeprefix("kiseki "))
        group = COMMANDS.commands.get(words[0]) if words else None
        both = len(words) > 1 and hasattr(group, "commands") and words[1].isidentifier()
        if code.startswith("kiseki ") or both:
            yield words


def plain(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an apostrophe, or a quote that goes on in the next line
        return command.split()


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_that_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    lines = list(typed(text))
    assert [(" ".join(words), wrong(words)) for words in lines if wrong(words)] == []
    if name in ("README.md", "docs/tables.md") or "tutorials" in name:
        assert lines


def test_a_command_that_there_is_not_is_found() -> None:
    text = "`kiseki data registr x`, `data sign`, `data show`\n```sh\n$ kiseki status --nod\n```\n"
    assert [wrong(words) for words in typed(text)] == ["--nod", "registr", "sign", ""]


def said(source: str) -> Iterator[str]:
    """The texts of a module, with an X for each value that is put into one."""
    nodes = list(ast.walk(ast.parse(source)))
    joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(each) for node in joined for each in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(each.value) if isinstance(each, ast.Constant) else "X" for each in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in parts:
            yield str(node.value)


def printed(source: str) -> Iterator[list[str]]:
    """The words behind `kiseki` where a text of a module tells somebody to type a command: between
    backquotes, in brackets, or behind a colon."""
    for text in said(source):
        for command in re.findall(
            r"`kiseki\s([^`]+)`|\(kiseki ([^()]+)\)|: kiseki ([^(`\n]+)", text
        ):
            yield plain(next(filter(None, command)).rstrip("."))


def test_every_command_that_the_code_tells_to_type_exists() -> None:
    """Next steps, errors and help: what is printed can be typed."""
    files = sorted((ROOT / "src" / "kiseki").rglob("*.py"))
    found = [(each, words) for each in files for words in printed(each.read_text("utf-8"))]
    assert [(each.name, words) for each, words in found if wrong(words)] == []
    ways = {"exposing.py", "manifests.py", "lora.py", "withdrawal.py", "reproducing.py"}
    assert ways <= {each.name for each, _ in found}


def test_a_printed_command_that_there_is_not_is_found() -> None:
    text = (
        'a = f"See it: kiseki model sho {x} --documents {y} (or so)"\n'
        'b = ("Do it (kiseki data receive --fil), " "or `kiseki data " f"show {x} --items`.")\n'
    )
    assert [wrong(words) for words in printed(text)] == ["sho", "--fil", ""]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_that_a_document_names_alone_is_one_of_ours(name: str) -> None:
    known = {each for command in every_command() for each in options(command)}
    known |= {"--walk-all", "--jobs", "--prune-history"}  # the demo's, the faults', Anvil's
    alone = re.findall(r"`(--[a-z][a-z-]*)", (ROOT / name).read_text("utf-8"))
    assert set(alone) <= known


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_a_document_names_is_a_setting(name: str) -> None:
    named = set(re.findall(r"KISEKI_[A-Z_]+", (ROOT / name).read_text("utf-8")))
    others = {"KISEKI_MAXFEE", "KISEKI_TEST_BUCKET", "KISEKI_TEST_POSTGRES"}  # misspelt; for tests
    assert named - others <= set(SETTINGS)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_a_document_names_exists(name: str) -> None:
    """Capital letters stand for a name of the reader's (`contracts/conditions/NAME.sol`)."""
    top = "benchmarks|contracts|docs|examples|scripts|src|tests|tools"
    inside = "chain|cli|client|core|disk|index|sync|vault"
    for path in re.findall(
        rf"`((?:{top}|{inside})/[\w./*{{}}-]+)`", (ROOT / name).read_text("utf-8")
    ):
        if not re.search(r"\b[A-Z]+\b", path):
            places = (ROOT, ROOT / "src" / "kiseki")
            assert any(list(place.glob(path.rstrip("/"))) for place in places), path


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_package_in_a_document_exists(name: str) -> None:
    for dotted in set(re.findall(r"`(kiseki(?:\.\w+)+)", (ROOT / name).read_text("utf-8"))):
        if dotted.rpartition(".")[2] not in ("toml", "prom"):
            assert pkgutil.resolve_name(dotted) is not None


def test_frameworks_by_hand_need_what_the_page_names() -> None:
    """What `tools/setup.py` sets before it starts Ape or Brownie, beside where programs are."""
    (given,) = re.findall(
        r"os\.environ\.update\((.*)\)", (ROOT / "tools" / "setup.py").read_text("utf-8")
    )
    page = (ROOT / "docs" / "frameworks.md").read_text("utf-8")
    for name in set(re.findall(r"(\w+)=", given)) - {"PATH", "VIRTUAL_ENV"}:
        assert f"export {name}=" in page, name
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for name in ("eth-ape", "eth-brownie"):
        (version,) = re.findall(rf'"{name}==([\d.]+)"', project)
        assert f"{name} {version}" in page


def test_every_table_has_the_columns_that_its_page_names() -> None:
    page = (ROOT / "docs" / "tables.md").read_text("utf-8").partition("| --- |")[2]
    rows = (row.split("|")[2] for row in page.partition("\n\n")[0].splitlines()[1:])
    named = [set(re.findall(r"`([\w ]+)`", columns)) for columns in rows]
    read = (lists.COLUMNS, outputlists.COLUMNS, statements._COLUMNS, derivations.COLUMNS,
            making.COLUMNS, titles._COLUMNS, splits._COLUMNS, people.COLUMNS, ("person", "wallet"),
            ("buyer",))  # fmt: skip
    assert named == [set(columns) for columns in read]


def test_the_design_names_every_part() -> None:
    design = (ROOT / "docs" / "design.md").read_text("utf-8")
    for place in (ROOT / "src" / "kiseki", ROOT / "contracts"):
        for part in place.iterdir():
            if part.is_dir() and part.name not in ("__pycache__", "artifacts", "releases", "mocks"):
                assert f" {part.name}/ " in design, part


def test_the_readme_has_every_contract() -> None:
    table = (ROOT / "README.md").read_text("utf-8").partition("| contract |")[2]
    rows = table.partition("\n\n")[0].splitlines()
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    # The text of the token, and the code that all waterfalls share, and all accounts.
    assert named == set(releases.addresses()) - {"RightsMetadata", "Waterfall", "Account"}


def test_the_network_in_the_readme_is_understood(tmp_path: Path) -> None:
    (table,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    (tmp_path / "networks.toml").write_text(table, "utf-8")
    assert networks(tmp_path / "networks.toml")["animechain"].currency == "ANIME"


GAS = {
    "docs/design.md": {
        "cost 63,415 gas": "claim ether, 20 levels, again",
        "63,415 gas in ether and 69,832 in": "claim ERC-20, 20 levels, again",
        "takes 61,005 gas": "claim ether through a collection, again",
        "costs 183,225\ngas": "sweep ether, first",
    },
    "docs/compiler.md": {"and 183,225 gas": "sweep ether, first"},
}


@pytest.mark.parametrize("name", GAS)
def test_the_gas_that_is_said_is_the_gas_that_is_measured(name: str) -> None:
    measured = json.loads((ROOT / "tests/contracts/snapshots/gas.json").read_text("utf-8"))
    text = (ROOT / name).read_text("utf-8")
    for words, row in GAS[name].items():
        assert words in text and f"{int(measured[row]):,}" in words, (words, measured[row])


def test_the_campaigns_make_as_many_calls_as_is_said() -> None:
    """Runs times depth, as foundry.toml and the campaigns themselves say."""
    profiles = tomllib.loads((ROOT / "foundry.toml").read_text("utf-8"))["profile"]
    usual = profiles["default"]["invariant"]

    def calls(profile: str) -> int:
        total = 0
        for file in (ROOT / "tests" / "contracts").glob("*.invariant.t.sol"):
            text = file.read_text("utf-8")
            campaigns = re.findall(r"((?:    ///[^\n]*\n)*)    function invariant_\w+", text)
            for words in campaigns:
                own = dict(re.findall(rf"{profile}\.invariant\.(runs|depth) = (\d+)", words))
                base = usual | profiles[profile].get("invariant", {})
                total += int(own.get("runs", base["runs"])) * int(own.get("depth", base["depth"]))
        return total

    page = (ROOT / "docs" / "testing.md").read_text("utf-8")
    assert f"`make test` makes {calls('default'):,} calls" in page
    assert "`make test-long`, nine million calls" in page
    assert round(calls("long") / 10**6) == 9


def test_the_compiler_is_set_as_its_page_says() -> None:
    settings = tomllib.loads((ROOT / "foundry.toml").read_text("utf-8"))["profile"]["default"]
    version = json.loads((ROOT / "package.json").read_text("utf-8"))["devDependencies"]["solc"]
    page = (ROOT / "docs" / "compiler.md").read_text("utf-8")
    assert f"Solidity {version}, the legacy code generator (`via_ir = false`)" in page
    assert not settings["via_ir"]
    assert f"`optimizer_runs = {settings['optimizer_runs']:_}`" in page
    assert f'`evm_version = "{settings["evm_version"]}"`' in page
