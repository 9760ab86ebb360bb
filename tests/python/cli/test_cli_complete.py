"""No dead ends: what contracts and client can do, somebody without Python can do (13.24)."""

import re
from pathlib import Path

import pytest

import kiseki
from kiseki import Kiseki
from kiseki.chain.contract.artifacts import artifact, names

from .test_cli_help import ALL

SOURCE = Path(kiseki.__file__).parent
CLIENT = "\n".join(each.read_text("utf-8") for each in SOURCE.joinpath("client").rglob("*.py"))
COMMANDS = "\n".join(each.read_text("utf-8") for each in SOURCE.joinpath("cli").glob("*.py"))

NOT_CALLED = {
    "safeTransferFrom": "ERC-721: `transferFrom` is used, after the receiver was looked at",
    "setApprovalForAll": "ERC-721: what a marketplace's own page asks a wallet for",
    "approve": "likewise, of the rights token; the condition's own is called",
    "buyItself": "the market calls itself",
    "onERC721Received": "called by tokens",
    "onERC1155Received": "likewise",
    "onERC1155BatchReceived": "likewise",
    "flush": "the splitter calls it when it sweeps",
    "initialize": "called by whoever makes it",
}
"""Functions of the contracts that no user calls."""
WRAPPED = {"commit", "register"}
"""Called by its own name, with ``For`` or ``Under`` behind it."""

NO_COMMAND = {
    "allowance": "a step of paying with a token",
    "calls": "what `revenue.claim` sends", "claims": "likewise, for one wallet",
    "consent": "`data consent prepare`, `sign` and `submit`",
    "define_terms": "`data terms`",
    "escrowed": "`rights pending` says whether a price is paid",
    "is_own": "whether the chain is this process's",
    "is_allowed": "`market licences` lists what a wallet may use, and until when",
    "item_revocation": "`data revoke-item --sign`", "revocation": "`data revoke --sign`",
    "lets": "`gate show` lists who may do what",
    "made_by": "`rights schedule` prints what it made",
    "of_hashed": "what `output register` and `output season` do with files that are hashed",
    "of_works": "documents of the origin of a list, which `data register` makes",
    "redirection": "`revenue redirect`", "retry_call": "what `revenue waterfall retry` sends",
    "royalties": "`revenue address --royalties`",
    "sign_approval": "`rights approve --sign`", "sign_cancel": "`rights cancel --sign`",
    "sign_mint": "`rights mint --sign`", "waive_payee": "`data waive-payee`",
    "using": "--account",
    "relay": "an operation that a passkey signed in a browser, which pages bring",
    "own": "a step of an operation",
    "relay_call": "what `accounts.relay` sends", "is_used": "whether it was",
    "revocation_call": "what `data revoke-for` sends",
    "recovery_calls": "what `guardians start` sends",
    "completion_call": "what `guardians complete` sends",
}  # fmt: skip
"""Methods that no command calls by their name, with what does the same."""


def test_every_function_of_the_contracts_that_changes_something_is_called() -> None:
    missing = [
        f"{name}.{entry['name']}"
        for name in sorted(set(names()) - {"TestToken"})
        for entry in artifact(name).abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
        if entry["name"] not in NOT_CALLED
        if f'"{entry["name"]}"' not in CLIENT
        if re.sub("(For|Under)$", "", entry["name"]) not in WRAPPED
    ]
    assert not missing


def nouns(of: object) -> dict[str, set[str]]:
    """The nouns of a `Kiseki` and of its nouns, each with its public methods."""
    found = {type(of).__name__: {name for name in vars(type(of)) if not name.startswith("_")}}
    inside = {**getattr(of, "__dict__", {})}
    inside |= {name: getattr(of, name, None) for name in getattr(type(of), "__slots__", ())}
    for each in inside.values():
        if type(each).__module__.startswith("kiseki.client") and type(each).__name__ not in found:
            found |= nouns(each) if type(each).__name__ not in ("Wallet", "Session") else {}
    return found


def test_every_method_of_the_client_has_a_command(k: Kiseki) -> None:
    known = nouns(k)
    assert {"Data", "Models", "Outputs", "Rights", "Revenue", "Market", "Identities", "Payees",
            "Waterfalls", "Cancellations", "Origins"} <= set(known)  # fmt: skip
    known.pop("LocalKiseki")
    missing = [
        f"{noun}.{method}"
        for noun, methods in sorted(known.items())
        for method in sorted(methods)
        if method not in NO_COMMAND and not re.search(rf"\.{method}\b", COMMANDS)
    ]
    assert not missing


SIGNING = [words for words, each in ALL.items() if any("--sign" in e.opts for e in each.params)]


@pytest.mark.parametrize("words", SIGNING, ids=" ".join)
def test_whoever_signs_says_for_how_long_and_is_told_who_brings_it(words: tuple[str, ...]) -> None:
    """One shape: `--sign FILE`, `--days`, and a command that takes the file."""
    assert any("--days" in each.opts for each in ALL[words].params)
    text = " ".join((ALL[words].help or "").split())
    named = re.findall(r"`kiseki ([a-z -]+)`", text)
    brings = [each for each in (tuple(e.split()) for e in named) if each in ALL]
    assert any(next(iter(ALL[each].params)).name == "file" for each in brings), named


def test_there_is_something_to_sign() -> None:
    assert len(SIGNING) >= 15
