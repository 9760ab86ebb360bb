"""Nothing is sent, spent or consented to before it was said in words and somebody agreed."""

import inspect
import re
from typing import Any

import pytest
from typer.main import get_command

from kiseki import LocalKiseki
from kiseki.cli import context
from kiseki.cli.app import app

from .conftest import BUYER, FREE, Shell

REGISTER = ("data", "register", "artwork", "--account", "test:1")


def test_paying_says_whom_how_much_and_the_gas_apart_and_asks(shell: Shell, k: LocalKiseki) -> None:
    """On a local chain too: it is where people learn what the command does."""
    pay = ("revenue", "pay", BUYER, "0.5")
    before = k.balance(of=BUYER)
    shown = " ".join(shell.answer("n\n", *pay, code=1).split())
    assert f"Pay 0.5 ether to {BUYER}." in shown
    assert re.search(r"It sends 0\.5 ETH\. The gas \([\d,]+\) costs about 0\.000\d+", shown)
    assert "Send it on local?" in shown and "Nothing was done" in shown
    assert "add --yes" in shell.run(*pay, "--no-yes", code=2)
    assert not k.revenue.owed(BUYER) and k.balance(of=BUYER) == before
    shell.answer("y\n", *pay)
    assert k.balance(of=BUYER) - before == 5 * 10**17


def test_registering_says_terms_items_and_payee_and_asks(shell: Shell, k: LocalKiseki) -> None:
    shell.files("artwork")
    words = (*REGISTER, "--uses", "train", "--royalty", "20%")
    shown = " ".join(shell.answer("n\n", *words, code=1).split())
    artist = k.wallet(1).address
    assert "Register 3 items in 1 collection." in shown
    assert "for a royalty of 20% of gross" in shown
    assert f"Paid: {artist}." in shown
    assert not k.index.collections(artist)


@pytest.mark.parametrize("option", ["--uses", "--royalty"])
def test_no_use_and_no_royalty_is_a_default(shell: Shell, k: LocalKiseki, option: str) -> None:
    """Free training is consented to by somebody who says so, and by nobody else."""
    shell.files("artwork")
    place = FREE.index(option)
    rest = FREE[:place] + FREE[place + 2 :]
    assert f"{option} is missing" in shell.run(*REGISTER, *rest, code=2)
    assert not k.index.collections(k.wallet(1).address)
    answers = f"{FREE[place + 1]}\ny\n"
    assert "for no royalty" in shell.answer(answers, *REGISTER, *rest)
    assert len(k.index.collections(k.wallet(1).address)) == 1


def test_a_question_leaves_nothing_in_the_result(shell: Shell) -> None:
    """The result goes on into a file or a variable; what is asked stays at the terminal."""
    for words in (("revenue", "pay", BUYER, "0.5"), ("local", "token")):
        assert shell.answer("y\n", *words, "--json").startswith("{\n")
    shell.files("artwork")
    answers = "train\n20%\ny\n"
    assert shell.answer(answers, *REGISTER).startswith("collection ")


def test_with_yes_it_is_said_all_the_same(shell: Shell) -> None:
    assert f"Pay 1 wei to {BUYER}" not in shell.run("revenue", "owed", BUYER)
    shown = shell.run("revenue", "pay", BUYER, "1 wei", "--yes")
    assert f"ether to {BUYER}." in shown


def commands(group: Any) -> list[Any]:
    return [
        command
        for each in group.commands.values()
        for command in (commands(each) if hasattr(each, "commands") else [each])
    ]


def test_every_command_that_sends_says_first_what_it_will_do() -> None:
    """What sends goes through `spend`, which says it, or asks by `agree` and `letters.write`."""
    silent = []
    for command in commands(get_command(app)):
        module = inspect.getmodule(inspect.unwrap(command.callback))
        assert module is not None
        text = inspect.getsource(module)
        help_text = " ".join((command.help or "").split())
        sends = re.search(r"Sends (as|one|two|many) ", help_text)
        if sends and not re.search(r"context\.(spend|agree)\(", text):
            silent.append(command.name)
    says = inspect.signature(context.spend).parameters["says"]
    assert says.default is inspect.Parameter.empty, "no command can leave it out"
    # Test money on a chain of one's own is worth nothing, and is refused anywhere else.
    assert set(silent) <= {"token", "mint"}
