"""What a finding says, in both languages: every kind, and every value in it."""

import re
from collections.abc import Callable
from functools import partial

import pytest

from kiseki.core.ids import External
from kiseki.index import Finding
from kiseki.index.answers import wording

A, B, C = (bytes([each]) * 32 for each in (0xA1, 0xB2, 0xC3))
WHO = "0x" + "d4" * 20
TIME = 1_800_000_000
SAID: list[tuple[Callable[[str], str], str]] = [
    (
        partial(wording.unregistered_base, kind="model", user=A, named=External(B, C)),
        "The model 0xa1a1a1a1… names a base model that is not registered (weights 0xb2b2b2b2…);"
        f" the document about it has the hash 0x{C.hex()}, and nobody has checked what that says.",
    ),
    (
        partial(wording.unregistered_base, kind="batch", user=A, named=External(bytes(32), C)),
        "The batch 0xa1a1a1a1… names a base model that is not registered (without its weights);"
        f" the document about it has the hash 0x{C.hex()}, and nobody has checked what that says.",
    ),
    (
        partial(wording.unregistered_base, kind="batch", user=A, named=External(B, bytes(32))),
        "The batch 0xa1a1a1a1… names a base model that is not registered (weights 0xb2b2b2b2…)"
        " and no document about where it comes from.",
    ),
    (
        partial(
            wording.unregistered_base, kind="batch", user=A, named=External(bytes(32), bytes(32))
        ),
        "The batch 0xa1a1a1a1… names a base model that is not registered (without its weights)"
        " and no document about where it comes from.",
    ),
    (
        partial(
            wording.base_registered, kind="model", user=A, weights=B, model=C, by=WHO, time=TIME
        ),
        "The base model that the model 0xa1a1a1a1… names as not registered (weights"
        f" 0xb2b2b2b2…) is registered as the model 0xc3c3c3c3… by {WHO} on 2027-01-15 08:00 UTC;"
        " what that asks is not paid.",
    ),
    (
        partial(wording.revoked, provider=WHO, collection=A, time=TIME),
        f"The provider {WHO} revoked the collection 0xa1a1a1a1… on 2027-01-15 08:00 UTC, after it"
        " was declared here; what rests on it stays authorised.",
    ),
    (
        partial(wording.collection_ended, collection=A, time=TIME),
        "The terms of the collection 0xa1a1a1a1… ended on 2027-01-15 08:00 UTC, after it was"
        " declared here; what rests on it stays authorised.",
    ),
    (
        partial(wording.model_ended, model=A, time=TIME),
        "The terms of the model 0xa1a1a1a1… ended on 2027-01-15 08:00 UTC; what rested on it"
        " before stays authorised.",
    ),
    (
        partial(wording.not_published, developer=WHO, model=A),
        f"The developer {WHO} has not published the manifest of the model 0xa1a1a1a1…, so nobody"
        " can see which items of its collections it declares.",
    ),
    (
        partial(wording.declared_twice, model=A, collection=B, challenger=WHO, time=TIME, sent=C),
        "The manifest of the model 0xa1a1a1a1… is proven false: items of the collection"
        f" 0xb2b2b2b2… stand in it twice or out of order. {WHO} showed it on"
        f" 2027-01-15 08:00 UTC in the transaction 0x{C.hex()}.",
    ),
    (
        partial(
            wording.revoked_item_declared, model=A, collection=B, challenger=WHO, time=TIME, sent=C
        ),
        "The manifest of the model 0xa1a1a1a1… is proven false: it declares an item of the"
        " collection 0xb2b2b2b2… whose revocation had taken effect before the registration."
        f" {WHO} showed it on 2027-01-15 08:00 UTC in the transaction 0x{C.hex()}.",
    ),
    (
        partial(wording.checked, model=A, time=TIME),
        "The manifest of the model 0xa1a1a1a1… was checked item by item on 2027-01-15 08:00 UTC:"
        " each is in its collection, once, and its consent had not ended. That shows what is"
        " declared, not what training used.",
    ),
    (
        partial(wording.registered_too, model=A, other=B, by=WHO, time=TIME),
        "The weights of the model 0xa1a1a1a1… are also registered as the model 0xb2b2b2b2… by"
        f" {WHO} on 2027-01-15 08:00 UTC.",
    ),
    (
        partial(wording.registered_before, model=A, other=B, by=WHO, time=TIME),
        "The weights of the model 0xa1a1a1a1… were registered before, as the model 0xb2b2b2b2… by"
        f" {WHO} on 2027-01-15 08:00 UTC, with sources of its own; whoever was first need not be"
        " right.",
    ),
    (
        partial(wording.outputs_twice, other=A, creator=WHO, time=TIME, count=1, earlier=True),
        f"The batch 0xa1a1a1a1… of {WHO}, registered on 2027-01-15 08:00 UTC, has 1 output of this"
        " batch too, and was registered before; whoever was first need not have made them.",
    ),
    (
        partial(wording.outputs_twice, other=A, creator=WHO, time=TIME, count=2000, earlier=False),
        f"The batch 0xa1a1a1a1… of {WHO}, registered on 2027-01-15 08:00 UTC, has 2,000 outputs of"
        " this batch too, and was registered later; whoever was first need not have made them.",
    ),
    (
        partial(wording.not_all_published, count=3000, published=1200),
        "It has 3,000 outputs, of which 1,200 are published; the others cannot be looked up.",
    ),
    (
        partial(wording.items_revoked, count=1, collection=A, time=TIME),
        "1 item of the collection 0xa1a1a1a1… was revoked, first on 2027-01-15 08:00 UTC. When"
        " this was registered, the notice was not over yet, so it stays authorised. The manifest"
        " shows whether it declares such an item.",
    ),
    (
        partial(wording.items_revoked, count=2, collection=A, time=TIME),
        "2 items of the collection 0xa1a1a1a1… were revoked, first on 2027-01-15 08:00 UTC. When"
        " this was registered, the notice was not over yet, so it stays authorised. The manifest"
        " shows whether it declares such an item.",
    ),
]


def test_every_kind_is_here() -> None:
    tried = {each.func.__name__ for each, _ in SAID if isinstance(each, partial)}
    assert tried == set(wording.__all__)


@pytest.mark.parametrize(("said", "english"), SAID)
def test_a_finding_says_the_same_in_both_languages(
    said: Callable[[str], str], english: str
) -> None:
    finding = Finding("some", A, "fact", said)
    assert finding.sentence == finding.words() == english
    japanese = finding.words("ja")
    values = r"0x[0-9a-f]+…?|\d[\d,]*(?= )"
    for value in re.findall(values, english.replace("2027-01-15 08:00 UTC", "")):
        assert value in japanese, value
    if "UTC" in english:
        assert "2027年1月15日08:00（UTC）" in japanese
    assert not re.findall(r"[A-Za-z]+", re.sub(r"0x[0-9a-f]+|UTC", "", japanese))
