"""A wallet, a page and the command line call everything in a signed message by the same words.

`Wallet` reads descriptors as ERC-7730 says and knows nothing else of Kiseki. How a date or a length
of time looks is each wallet's own affair; here it writes them as Kiseki does.
"""

import importlib
import json
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kiseki.chain.contract.abi import selector
from kiseki.chain.contract.artifacts import artifact
from kiseki.core import labels, typed
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.labels import INTENTS, shown
from kiseki.core.terms import IRREVOCABLE, Terms
from kiseki.language import LANGUAGES, moment, span

tool: Any = importlib.import_module("tools.descriptors")

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "vectors" / "wallet.json"
SCHEMA = json.loads((ROOT / "tests" / "vectors" / "erc7730-v2.schema.json").read_text("utf-8"))
FILES = sorted(tool.PLACE.glob("*/*.json"))

ARTIST, STUDIO, CONTRACT = (f"0x{each * 20}" for each in ("a1", "b2", "c0"))
WORD, OTHER = b"\x77" * 32, b"\x88" * 32
NONCE, UNTIL = 2**200 + 7, 1_830_261_909
PLAIN = Terms.of("train", "20%")
FULL = Terms(True, False, True, True, False, True, 1_234, 50, UNTIL, 86_400 * 30, STUDIO, OTHER)
WHEN = {"nonce": NONCE, "deadline": UNTIL}

SIGNED: dict[str, dict[str, Any]] = {
    "Consent": typed.consent(1, CONTRACT, provider=ARTIST, root=WORD, count=3_000, terms=FULL,
                             payee=OTHER, origin=WORD, **WHEN),
    "Consent, plain": typed.consent(1, CONTRACT, provider=ARTIST, root=WORD, count=1, terms=PLAIN,
                                    payee=OTHER, origin=bytes(32), **WHEN),
    "StandingConsent": typed.standing_consent(
        1, CONTRACT, provider=ARTIST, collector=STUDIO, payee=OTHER, per_month=5, until=UNTIL,
        nonce=NONCE, terms=Terms.of("none", "0%", notice=IRREVOCABLE)),
    "Revocation": typed.revocation(1, CONTRACT, provider=ARTIST, collection=WORD, **WHEN),
    "ItemRevocation": typed.item_revocation(1, CONTRACT, provider=ARTIST, commitment=WORD, **WHEN),
    "PayeeChange": typed.payee_change(1, CONTRACT, provider=ARTIST, collection=WORD, payee=OTHER,
                                      **WHEN),
    "PayeeWaiver": typed.payee_waiver(1, CONTRACT, payee=ARTIST, collection=WORD, to=OTHER, **WHEN),
    "Model": typed.model(1, CONTRACT, developer=STUDIO, weights=WORD, sources_hash=OTHER,
                         terms=FULL, run=bytes(32), payee=OTHER, **WHEN),
    "Batch": typed.batch(1, CONTRACT, creator=STUDIO, sources_hash=OTHER, root=WORD, count=7,
                         record=OTHER, payee=OTHER, endorsed=True, **WHEN),
    "Endorsement": typed.endorsement(1, CONTRACT, developer=STUDIO, model=WORD, batch=OTHER,
                                     deadline=UNTIL),
    "Statement": typed.statement(1, CONTRACT, speaker=ARTIST, subject=WORD, kind=OTHER,
                                 document=bytes(32), **WHEN),
    "Binding": typed.binding(1, CONTRACT, issuer=STUDIO, persons=[WORD, OTHER],
                             wallets=[ARTIST, STUDIO], **WHEN),
    "Mint": typed.mint(1, CONTRACT, registrant=ARTIST, registry=CONTRACT, group=WORD,
                       document=bytes(32), royalty_bps=500, shares=3, total=4, **WHEN),
    "Cancellation": typed.cancellation(1, CONTRACT, of="RevenueSplitter", signer=ARTIST,
                                       cancelled=5, **WHEN),
    "Cancel": typed.cancel(1, CONTRACT, schedule=WORD, party=ARTIST, **WHEN),
    "ApproveTransfer": typed.transfer_approval(1, CONTRACT, party=ARTIST, schedule=WORD, **WHEN),
    "Redirect": typed.redirect(1, CONTRACT, payee=ARTIST, to=STUDIO, **WHEN),
}  # fmt: skip


class Wallet:
    """What a wallet shows of a message, once it found the descriptor that is bound to it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.descriptors = [json.loads(each.read_text("utf-8")) for each in FILES
                            if each.parent.name == language]  # fmt: skip

    def shows(self, message: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        domain, kind = message["domain"], typed.encode_type(message["primaryType"])
        (found,) = (
            each["display"]["formats"][key]
            for each in self.descriptors
            if (bound := each["context"].get("eip712"))
            and all(domain[name] == value for name, value in bound["domain"].items())
            for key in each["display"]["formats"]
            if keccak256(key.encode()) == keccak256(kind.encode())
        )
        rows: list[tuple[str, str]] = []
        for field in found["fields"]:
            for value in self._values(message["message"], field["path"].split(".")):
                rule = field.get("visible", "always")
                if rule == "never" or (isinstance(rule, dict) and self._is_in(value, rule)):
                    continue
                rows.append((field["label"], self._said(field, value)))
        return found["intent"], rows

    def _values(self, value: Any, path: list[str]) -> list[Any]:
        for step in path:
            if step == "[]":
                return list(value)
            value = value[step]
        return [value]

    def _is_in(self, value: Any, rule: dict[str, list[Any]]) -> bool:
        return any(str(value) == str(each) for each in rule["ifNotIn"])

    def _said(self, field: dict[str, Any], value: Any) -> str:
        form, params = field["format"], field.get("params", {})
        if form == "addressName":
            return checksummed(value)
        if form == "unit":
            whole = f"{int(value) / 10 ** params['decimals']:.4f}".rstrip("0").rstrip(".")
            return f"{whole}{params['base']}"
        if form == "duration":
            return span(timedelta(seconds=int(value)), self.language)
        if form == "date":
            assert params == {"encoding": "timestamp"}
            return moment(int(value), self.language, exact=True)
        assert form == "raw"
        return str(value).lower() if isinstance(value, bool) else str(value)


def golden() -> dict[str, Any]:
    return {
        name: {
            language: {"intent": (said := shown(message, language)).intent, "rows": said.rows}
            for language in LANGUAGES
        }
        for name, message in SIGNED.items()
    }


def test_every_message_is_among_these() -> None:
    # An account's address is its own, so no descriptor can name it; what its keys and guardians
    # sign is told by `kiseki.client.accounts`.
    own = {"Execute", "Recovery"}
    assert {each["primaryType"] for each in SIGNED.values()} == set(typed.MESSAGES) - own


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SIGNED)
def test_a_wallet_and_kiseki_show_the_same_words(name: str, language: str) -> None:
    """And both show what the golden file holds, which a person read."""
    kept = json.loads(GOLDEN.read_text("utf-8"))[name][language]
    intent, rows = Wallet(language).shows(SIGNED[name])
    assert (intent, [list(each) for each in rows]) == (kept["intent"], kept["rows"])
    said = shown(SIGNED[name], language)
    assert (said.intent, list(said.rows)) == (intent, rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_use_is_called_the_same_in_a_sentence_and_in_a_wallet(language: str) -> None:
    _, rows = Wallet(language).shows(SIGNED["Consent"])
    allowed = [label for label, value in rows if value == "true"]
    assert len(allowed) == 4
    sentences = FULL.words(language)
    assert all(label in sentences for label in allowed)
    assert all(value in sentences for _, value in rows if value.endswith("%"))


@pytest.mark.parametrize("name", SIGNED)
def test_every_value_of_a_message_is_shown(name: str) -> None:
    """Or it says that there is none. Changing any value changes what the wallet shows."""
    message = SIGNED[name]
    before = Wallet("en").shows(message)

    def changes(value: Any) -> Any:
        if isinstance(value, bool):
            return not value
        if isinstance(value, list):
            return [changes(value[0]), *value[1:]]
        if isinstance(value, str) and value.startswith("0x"):
            return f"{value[:-1]}{int(value[-1], 16) ^ 1:x}"
        return type(value)(int(value) + 1)

    for path, place in (((), message["message"]), (("terms",), message["message"].get("terms"))):
        for member in place or {}:
            if member == "terms":
                continue
            bent = deepcopy(message)
            inner = bent["message"]
            for step in path:
                inner = inner[step]
            inner[member] = changes(inner[member])
            assert Wallet("en").shows(bent) != before, member


def test_the_files_are_what_the_labels_make_of_them() -> None:
    made = dict(tool.descriptors())
    assert sorted(made) == FILES
    for path, text in made.items():
        assert path.read_text("utf-8") == text, "run `python tools/descriptors.py`"


@pytest.mark.parametrize("path", FILES, ids=lambda each: f"{each.parent.name}/{each.stem}")
def test_every_file_keeps_the_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    check = jsonschema.Draft202012Validator(SCHEMA)
    assert not [each.message for each in check.iter_errors(json.loads(text))]
    (path.parent / json.loads(text)["$schema"]).resolve(strict=True)
    for old, new in (('"intent"', '"intend"'), ('"raw"', '"rw"'), ('"metadata"', '"meta"')):
        bent = json.loads(text.replace(old, new))
        assert list(check.iter_errors(bent)) or old not in text, "or the schema is not asked"


@pytest.mark.parametrize("contract", tool.CALLED)
def test_every_function_of_a_descriptor_is_the_contract_s(contract: str) -> None:
    """Its key gives the selector of the ABI, and each of its parameters has a field."""
    path = tool.PLACE / "en" / f"calldata-{contract}.json"
    formats = json.loads(path.read_text("utf-8"))["display"]["formats"]
    abi = {each["name"]: each for each in artifact(contract).abi if each["type"] == "function"}
    assert {key.partition("(")[0] for key in formats} == set(tool.CALLED[contract])
    for key, said in formats.items():
        name = key.partition("(")[0]
        assert said["intent"] == INTENTS[name]
        bare = "".join(_types(abi[name]["inputs"]))
        assert selector(abi[name]) == keccak256(f"{name}{bare}".encode())[:4]
        assert key == f"{name}({','.join(map(tool._fragment, abi[name]['inputs']))})"
        paths = [each["path"].removesuffix(".[]") for each in said["fields"]]
        assert paths == list(_leaves(abi[name]["inputs"]))


def _types(inputs: list[dict[str, Any]]) -> str:
    kinds = (
        f"{_types(each['components'])}{each['type'].removeprefix('tuple')}"
        if each["type"].startswith("tuple")
        else each["type"]
        for each in inputs
    )
    return f"({','.join(kinds)})"


def _leaves(inputs: list[dict[str, Any]], before: str = "") -> list[str]:
    found = []
    for each in inputs:
        path = f"{before}{each['name']}"
        inner = each.get("components")
        found += [path] if inner is None else _leaves(inner, f"{path}.")
    return found


def test_every_label_is_used() -> None:
    said = set()
    for each in FILES:
        if each.parent.name == "en":
            for form in json.loads(each.read_text("utf-8"))["display"]["formats"].values():
                said |= {form["intent"], *(field["label"] for field in form["fields"])}
    tables = (INTENTS, labels._LABELS, labels._TERMS, labels._OTHERWISE)
    assert {each for table in tables for each in table.values()} == said
