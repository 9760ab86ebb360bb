"""One word for one thing in all that is printed: how times, counts and questions are written is
decided in one place each, and the examples of all commands can be typed."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kiseki.chain.contract.abi import selector
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.reverts import decode_revert
from kiseki.cli.app import _options_first
from kiseki.cli.terms import uses_of
from kiseki.core.terms import Terms

from .test_cli_help import ALL

SOURCE = Path(__file__).resolve().parents[3] / "src" / "kiseki"
CLI = sorted((SOURCE / "cli").glob("*.py"))


def trees(*places: Path) -> Iterator[tuple[Path, ast.AST]]:
    for path in places or sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path, node


def test_one_place_writes_a_time() -> None:
    found = {
        str(path.relative_to(SOURCE))
        for path, node in trees()
        if isinstance(node, ast.Constant) and re.search(r"%[YBHdm]", str(node.value))
    }
    assert found == {"language/forms.py"}


def counted_by_hand(node: ast.JoinedStr) -> Iterator[str]:
    """The nouns in the plural that follow a number which is no constant of the program."""
    for number, then in zip(node.values, node.values[1:], strict=False):
        if isinstance(number, ast.FormattedValue) and isinstance(then, ast.Constant):
            value = ast.unparse(number.value)
            grouped = number.format_spec is not None and ast.unparse(number.format_spec) == "f','"
            noun = re.match(r" (?!base units|bytes|gas)([a-z]+ )?[a-z]+s\b", str(then.value))
            if noun and (grouped or value.startswith("len(")) and not value.isupper():
                yield noun[0]


def test_no_number_stands_before_a_plural_that_was_typed() -> None:
    """`1 transactions`: a number with its noun is said by `counted` (in `cli` `show.count`)."""
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}{noun}"
        for path, node in trees()
        if isinstance(node, ast.JoinedStr)
        for noun in counted_by_hand(node)
    ]
    assert not found


def test_every_column_has_a_name_and_every_question_fits_the_terminal() -> None:
    for path, node in trees(*CLI):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "show.table" and isinstance(node.args[0], ast.List):
            assert all(ast.unparse(each) != "''" for each in node.args[0].elts), path
        if called in ("typer.confirm", "typer.prompt"):
            hidden = any(each.arg == "hide_input" for each in node.keywords)
            first = ast.unparse(node.args[0])
            assert hidden or first.startswith("show.question("), (path, node.lineno)


def test_nothing_is_printed_but_by_one_module() -> None:
    """So what holds for it holds for every command."""
    found = {
        (path.name, ast.unparse(node.func))
        for path, node in trees(*CLI)
        if isinstance(node, ast.Call)
        and re.match(r"print$|typer\.(echo|secho)|sys\.std\w+\.write", ast.unparse(node.func))
    }
    assert found == {("show.py", "sys.stdout.write"), ("__init__.py", "sys.stderr.write")}


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_the_uses_in_an_example_can_be_typed(words: tuple[str, ...]) -> None:
    text = (ALL[words].help or "").replace("\\\n", " ").partition("Examples:")[2]
    for line in text.splitlines():
        if "--uses" not in line:
            continue
        given = _options_first(shlex.split(line[line.index("kiseki ") :])[1:])
        uses = given[given.index("--uses") + 1]
        if words[0] in ("market", "gate"):
            assert uses_of(uses)
        else:
            assert Terms.of(uses.split(","), "5%", "0%", None, timedelta(days=30), None, None)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_no_help_asks_for_what_only_programs_know(words: tuple[str, ...]) -> None:
    told = [ALL[words].help or "", *(getattr(each, "help", "") or "" for each in ALL[words].params)]
    for text in told:
        assert not re.search(r"[Uu]nix|seconds since|\b1[5-9]\d{8}\b|\bNone\b|\bmake \w+`", text)


def test_ctrl_c_while_it_starts_is_a_sentence() -> None:
    """A real signal, in the middle of the imports."""
    code = """
import builtins, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
imported = builtins.__import__
def pressing(name, *rest):
    if name == "typer" or name.startswith("rich"):
        os.kill(os.getpid(), signal.SIGINT)
    return imported(name, *rest)
builtins.__import__ = pressing
sys.argv = ["kiseki", "status"]
from kiseki.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Interrupted. Nothing was done.\n"


def test_a_refusal_names_uses_and_counts_as_people_do() -> None:
    def refused(contract: str, name: str, *values: int) -> str:
        entry = next(e for e in artifact(contract).abi if e.get("name") == name)
        data = selector(entry) + b"".join(each.to_bytes(32, "big") for each in values)
        return str(decode_revert(data))

    said = refused("LicenseMarket", "LicenseMarket_UseNotAllowed", 10, 4)
    assert "uses ai_inference and ai_generative_training, allowed ai_training" in said
    said = refused("RightsToken", "RightsToken_NotMet", 2**255, 0)
    assert "index 1 (counted from 1)" in said
