"""The API answers as its own description says, whatever it is asked (rules 12 and 13).

Schemathesis makes questions from the OpenAPI document, right ones and wrong ones; half of the IDs
in them are those of a small world. Questions are the same in every run.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection
from starlette.testclient import TestClient

from kiseki.core.values import ZERO_ADDRESS, to_hex, with_checksum
from kiseki.web.site import Site

from .conftest import Places

ASKED = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def known(places: Places) -> dict[str, list[str]]:
    """Values of parameters that the world knows, by their names."""
    scene = places.scene
    ids = [
        places.art, places.model, places.base, places.batch, places.item, places.output,
        places.token, places.split,
    ]  # fmt: skip
    wallets = [each.address for each in (scene.alice, scene.buyer, scene.creator)]
    return {
        "which": ids + [each.upper().replace("0X", "0x") for each in ids[:2]],
        "collection": [places.art],
        "who": wallets + [each.lower() for each in wallets],
        "q": [places.art[:10], wallets[0], "0x1234", "text that nobody stated"],
    }


def mixed(draw: Any, case: Any, values: dict[str, list[str]]) -> None:
    """Puts known values into half of the questions, so that they are about something."""
    for part in (case.path_parameters, case.query):
        for name in part or ():
            if name in values and draw(st.booleans()):
                part[name] = draw(st.sampled_from(values[name]))


def described(case: Any) -> bool:
    """Whether a right question is what the words of its description ask, which no pattern says: a
    wallet that is not zero, with a right checksum or none; a text of more than blanks."""
    text = str((case.query or {}).get("q", "some")).strip()
    if not text or re.fullmatch("0[xX][0-9a-fA-F]{1,3}", text):
        return False
    if "who" not in (case.path_parameters or {}):
        return True
    who: str = case.path_parameters["who"]
    right = "0x" + with_checksum(who[2:].lower())
    return who != ZERO_ADDRESS and who in (who.lower(), "0x" + who[2:].upper(), right)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda each: each.value)
def test_every_answer_is_as_the_description_says(
    visitor: TestClient, places: Places, mode: GenerationMode
) -> None:
    """No question ends in an error of the server, or in an answer that is not described."""
    schema = schemathesis.openapi.from_dict(visitor.get("/api/openapi.json").json())
    values, seen = known(places), Counter[int]()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if mode.is_negative and not (operation.path_parameters or operation.query):
            continue  # there is nothing to ask wrongly

        @ASKED
        @given(data=st.data(), case=operation.as_strategy(generation_mode=mode))
        def ask(data: st.DataObject, case: Any) -> None:
            mixed(data.draw, case, values)
            assume(mode.is_negative or described(case))
            answer = visitor.request(**case.as_transport_kwargs("http://localhost"))
            seen[answer.status_code] += 1
            # A parameter that nobody asks about is left alone, so that is no check of ours.
            case.validate_response(answer, excluded_checks=[negative_data_rejection])

        ask()
    assert sum(seen.values()) > 150
    assert min(seen[200], seen[404]) > 20 if mode.is_positive else seen[400] > 50, seen


LISTS = {"dependents": "users"}
"""Lists of an answer whose address has another name."""


def lists(answer: Any) -> list[str]:
    """The fields of an answer that are told in parts."""
    return [name for name, value in answer.items() if isinstance(value, dict) and "after" in value]


def test_every_list_is_told_to_its_end(visitor: TestClient, site: Site, places: Places) -> None:
    """In parts of one row, on an address of the list or on that of the whole, it is the same as in
    one part: nothing of it is hidden behind the first rows."""
    k = places.scene.k
    for kind, which in (
        ("collection", places.art), ("model", places.base), ("batch", places.batch)
    ):  # fmt: skip
        for number in range(3):
            k.statements.state(kind, which, "word", bytes([number + 1]) * 32)
    for number in range(2):
        k.statements.state("wallet", places.scene.alice.address, "name", bytes([number]) * 32)
    k.revenue.pay(places.scene.buyer.address, 10**15)
    site.catch_up()
    of = [
        f"collections/{places.art}", f"models/{places.base}", f"batches/{places.batch}",
        f"wallets/{places.scene.alice.address}", f"wallets/{places.scene.buyer.address}",
        f"data/{places.item}", f"terms/{to_hex(places.scene.terms.id)}", f"splits/{places.split}",
    ]  # fmt: skip
    long = set()
    for path in of:
        whole = visitor.get(f"/api/v1/{path}?most=1000").json()
        for name in lists(whole):
            first = visitor.get(f"/api/v1/{path}?most=1").json()[name]
            rows, after = first["rows"], first["after"]
            while after:
                at = f"/api/v1/{path}/{LISTS.get(name, name)}"
                answer = visitor.get(at, params={"after": after, "most": 1})
                if answer.status_code == 404:
                    answer = visitor.get(f"/api/v1/{path}", params={"after": after, "most": 1})
                    part = answer.json()[name]
                else:
                    part = answer.json()
                assert part["after"] != after, f"{path}: nothing tells the rest of {name}"
                rows += part["rows"]
                after = part["after"]
            assert rows == whole[name]["rows"], (path, name)
            long |= {name} if len(rows) > 1 else set()
    assert {"uses", "items", "statements", "dependents", "outputs", "history", "leaves"} <= long


def test_nothing_is_sent_to_who_has_it_until_a_block_changes_it(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """No language's answer stands for another's, and no block's for the next."""
    at = f"/api/v1/collections/{places.art}"
    first = visitor.get(at)
    tag = {"If-None-Match": first.headers["ETag"]}
    again = visitor.get(at, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Kiseki-Block"] == first.headers["Kiseki-Block"]
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert visitor.get(at, headers={**tag, "Accept-Language": "ja"}).status_code == 200
    assert visitor.get(at, headers={"If-None-Match": '"another"'}).status_code == 200
    places.scene.k.statements.state("collection", places.art, "word", bytes(range(32)))
    site.catch_up()
    new = visitor.get(at, headers=tag)
    assert len(new.json()["statements"]["rows"]) > len(first.json()["statements"]["rows"])
