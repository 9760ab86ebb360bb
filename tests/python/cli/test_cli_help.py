"""Every command says what it does, with an example; and they are one tree."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from kiseki.cli.app import COMMANDS, EXIT_CODES, _options_first, app

from .conftest import Shell


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, each in sorted(group.commands.items()):
        if hasattr(each, "commands"):
            yield from commands(each, (*words, name))
        else:
            yield (*words, name), each


ALL = dict(commands(get_command(app)))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_has_an_example_that_it_understands(words: tuple[str, ...]) -> None:
    text = (ALL[words].help or "").replace("\\\n", " ")
    lines = [line.strip() for line in text.partition("Examples:")[2].splitlines()]
    examples = [line[line.index("kiseki ") :] for line in lines if "kiseki " in line]
    assert examples, text
    for example in examples:
        given = _options_first(shlex.split(example)[1:])
        place = given.index(words[0])
        assert tuple(given[place : place + len(words)]) == words
        command = ALL[words]
        rest = given[place + len(words) :]
        assert command.make_context("x", rest).command is command, "or it raises what is wrong"


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_says_what_it_does_and_sends(words: tuple[str, ...]) -> None:
    text = (ALL[words].help or "").partition("Examples:")[0]
    assert re.search(r"\b[Ss]ends\b|pays the gas", text)
    assert not re.match(r"(What|Which|How|Every|An?|The) ", text), "the first word is a verb"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_all_says_what_each_command_says_itself(name: str) -> None:
    text = get_command(app).commands[name].help or ""  # type: ignore[attr-defined]
    assert COMMANDS[name].help == " ".join(text.split("\n\n")[0].split())


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["nonsense"], ["accounts", "list"], ["data", "--help"]],
    ids=" ".join,
)
def test_what_asks_no_node_imports_nothing_that_talks_to_one(words: list[str]) -> None:
    heavy = {
        "web3", "eth_account", "eth_abi", "eth_utils", "requests", "pydantic", "rich.progress",
        "sqlalchemy", "psycopg",
    }  # fmt: skip
    code = f"""
import atexit, sys
atexit.register(lambda: print(*sorted(set(sys.modules) & {heavy!r}), file=sys.stderr))
sys.argv = ["kiseki", *{words!r}]
from kiseki.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == ""


def test_help_imports_nothing_that_only_a_command_needs() -> None:
    """Of all groups and single commands, in one process."""
    code = f"""
import sys
from kiseki.cli import main
for name in {list(COMMANDS)!r}:
    sys.argv = ["kiseki", name, "--help"]
    try:
        main()
    except SystemExit as end:
        assert end.code == 0, name
print(*sorted(sys.modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded = [
        module
        for module in done.stderr.split()
        if re.match(r"(kiseki\.(client|index|vault|keeper|sync)|sqlalchemy|psycopg)\b", module)
    ]
    assert done.returncode == 0, done.stderr
    assert loaded == ["kiseki.client", "kiseki.client.settings"]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_says_what_its_options_are(words: tuple[str, ...]) -> None:
    for each in ALL[words].params:
        assert getattr(each, "help", None) or each.name == "help", (words, each.name)


def test_the_help_of_all_says_how_it_ends(shell: Shell) -> None:
    shell = Shell(shell.folder, shell.url)  # real processes
    shown = shell.run("--help")
    assert "kiseki deploy --network sepolia" in shown
    ends = " ".join(shown[shown.index("Ends with") :].split())
    assert all(f" {code} " in ends for code in EXIT_CODES)
    assert shell.run("--version").strip()
    assert "Commands:" in shell.run("data", code=2)
    assert "No such command" in shell.run("nonsense", code=2)
    assert "No such option" in shell.run("status", "--nonsense", code=2)


def test_options_stand_anywhere() -> None:
    given = [
        "data",
        "register",
        "--uses",
        "train",
        "x",
        "--json",
        "--account=env",
        "--royalty",
        "5%",
        "--rpc",
        "u",
    ]
    assert _options_first(given) == [
        "--json", "--account=env", "--rpc", "u", "data", "register", "--uses", "train",
        "x", "--royalty", "5%",
    ]  # fmt: skip
    assert _options_first(["verify", "--", "--json"]) == ["verify", "--", "--json"]
    assert _options_first(["status", "--rpc"]) == ["--rpc", "status"]


def test_what_can_follow_is_told_to_the_shell(shell: Shell) -> None:
    asked = {"_KISEKI_COMPLETE": "complete_bash", "COMP_WORDS": "kiseki rev", "COMP_CWORD": "1"}
    told = shell.run(more=asked)
    assert told.strip() == "revenue"
