"""The report is one file that loads nothing, names everyone, and says exact amounts."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from base64 import b64decode, b64encode
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from examples.openmoji.drawings import NOTICE
from examples.openmoji.preview import REFUSED, REVOKED, TUNED_ON
from examples.openmoji.report import render
from examples.openmoji.summary import Artist, Check, Summary, to_json
from examples.openmoji.units import exact

from kiseki.core import seal

from .page import Node, parse


@pytest.fixture(scope="module")
def html(facts: Summary) -> str:
    return render(facts)


@pytest.fixture(scope="module")
def page(html: str) -> Node:
    return parse(html)


def section(page: Node, key: str) -> Node:
    return next(each for each in page.all("section") if each.attrs["id"] == key)


# What it is made of


def test_it_loads_nothing_and_runs_nothing(html: str, page: Node) -> None:
    loads = [
        value
        for node in page.all()
        for name, value in node.attrs.items()
        if name in {"src", "srcset", "poster", "data", "href", "xlink:href"} and node.tag != "a"
    ]
    assert loads and all(url.startswith("data:image/") for url in loads)
    assert not {n.tag for n in page.all()} & {"script", "link", "iframe", "object", "embed"}
    assert not any(name.startswith("on") for node in page.all() for name in node.attrs)
    assert "url(" not in html and "@import" not in html


def test_its_policy_lets_in_its_own_style_and_nothing_else(page: Node) -> None:
    policy = next(m for m in page.all("meta") if "http-equiv" in m.attrs).attrs["content"]
    digest = b64encode(hashlib.sha256(page.one("style").words.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'", "img-src data:", f"style-src 'sha256-{digest}'",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert not any("style" in node.attrs for node in page.all()), "the policy would not apply it"


def test_every_link_leads_somewhere(page: Node) -> None:
    ids = [node.attrs["id"] for node in page.all() if "id" in node.attrs]
    assert len(ids) == len(set(ids))
    links = {node.attrs["href"] for node in page.all("a")}
    assert {link for link in links if not link.startswith("#")} == {"https://openmoji.org"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    named = [n.attrs["aria-labelledby"] for n in page.all() if "aria-labelledby" in n.attrs]
    assert named and {key for each in named for key in each.split()} <= set(ids)
    contents = [a.attrs["href"][1:] for a in page.one("nav").all("a")]
    assert contents == [each.attrs["id"] for each in page.all("section")]


def test_who_cannot_see_it_is_told_what_is_there(page: Node) -> None:
    assert len(list(page.all("h1"))) == 1
    assert all(img.attrs["alt"] for img in page.all("img"))
    for svg in page.all("svg"):
        said = svg.attrs.get("aria-hidden") == "true" or (
            svg.attrs["role"] == "img" and svg.one("title").words and svg.one("desc").words
        )
        assert said, svg.attrs
    for table in page.all("table"):
        assert all("scope" in th.attrs for th in table.all("th"))
    assert all(region.attrs["tabindex"] == "0" for region in page.all("div", "scroll"))


def test_names_and_findings_are_escaped(facts: Summary) -> None:
    evil = '<script>alert("1")</script>'
    artists = tuple(
        dataclasses.replace(a, name=evil) if a.status == "refused" else a for a in facts.artists
    )
    payees = (dataclasses.replace(facts.payees[0], name=evil, wallet=evil), *facts.payees[1:])
    verification = dataclasses.replace(
        facts.verifications[0], title=evil, verdict=evil, sentence=evil, findings=(evil,)
    )
    chain = dataclasses.replace(facts.chain, name=evil, contracts={evil: evil})
    models = tuple(dataclasses.replace(m, name=evil, developer=evil) for m in facts.models)
    rights = dataclasses.replace(
        facts.batch.rights, token=evil, holder=evil, income=evil, royalty=evil
    )
    batch = dataclasses.replace(facts.batch, creator=evil, model=evil, rights=rights)
    shown = render(
        dataclasses.replace(
            facts, artists=artists, payees=payees, verifications=(verification,), chain=chain,
            models=models, batch=batch,
        )
    )  # fmt: skip
    assert evil not in shown and not list(parse(shown).all("script"))


# What its numbers are


def test_every_number_shown_is_the_value_it_carries(facts: Summary, page: Node) -> None:
    """Wherever the page shows a figure of the evidence it also carries it, exact, for machines."""
    decimals = [payment.token.decimals for payment in facts.payments]
    values = list(page.all("data"))
    assert len(values) > 3 * len(facts.payees)
    for each in values:
        shown, value = Decimal(each.words.replace(",", "")), int(each.attrs["value"])
        scales = decimals if "money" in each.classes else [0]
        assert value in {int(shown.scaleb(scale)) for scale in scales}, each.words


def test_everybody_is_listed_with_what_they_got_to_the_base_unit(
    facts: Summary, page: Node
) -> None:
    table = page.one("table", "payees")
    tokens = [payment.token.symbol for payment in facts.payments]
    assert table.rows() == {p.name: [p.amounts[t] for t in tokens] for p in facts.payees}
    for column in range(len(tokens)):
        cells = [list(row.all("data"))[column].words for row in table.one("tbody").all("tr")]
        assert len({len(cell.partition(".")[2]) for cell in cells}) == 1, "decimals line up"
    wallets = {code.words for code in table.all("code")}
    assert wallets == {p.wallet for p in facts.payees}


def test_the_statement_says_what_came_in_and_where_it_went(facts: Summary, page: Node) -> None:
    rows = page.one("table", "ledger").rows()
    for i, payment in enumerate(facts.payments):
        column = {name: values[i] for name, values in rows.items()}
        assert column.pop("Paid in by the buyer") == payment.amount_in
        assert column.pop("Remainder") == payment.remainder
        assert column.pop("Paid out") == payment.amount_out == sum(column.values())
        for payee in facts.payees:
            if payee.role != "artist":
                assert column[payee.name] == payee.amounts[payment.token.symbol]
    assert "does not add up" not in page.words and page.words.count("adds up") == 2


def test_money_that_does_not_add_up_is_said(facts: Summary) -> None:
    wrong = dataclasses.replace(facts.payments[0], remainder=facts.payments[0].remainder + 1)
    shown = render(dataclasses.replace(facts, payments=(wrong, facts.payments[1])))
    assert "ETH does not add up" in shown and "TEST adds up" in shown


def test_every_artist_is_credited_as_they_are_named(facts: Summary, page: Node) -> None:
    uses = facts.models[0].uses
    entries = list(page.one("ol", "roll").all("li"))
    by_name = {artist.name: artist for artist in facts.artists}
    assert len(entries) == len(uses) == 120
    for entry in entries:
        artist = by_name.pop(entry.one("b").words)
        drawings, money = (int(each.attrs["value"]) for each in entry.all("data"))
        assert (drawings, money) == (artist.drawings, artist.earned["ETH"])
        share = Fraction(100 * uses[artist.name], sum(uses.values()))
        shown = Decimal(share.numerator) / Decimal(share.denominator)
        rounded = f"{shown.quantize(Decimal('0.01'), ROUND_HALF_UP)}%"
        assert rounded in entry.words and artist.picture.uri == entry.one("img").attrs["src"]
    assert list(by_name) == [REFUSED]


def test_what_was_kept_out_is_told_apart_by_shape_and_words(facts: Summary, page: Node) -> None:
    out = page.one("ul", "out")
    entries = {entry.one("b").words: entry for entry in out.all("li")}
    assert set(entries) == {REFUSED, *REVOKED}
    assert all(list(entry.all("svg", "cross")) for entry in entries.values())
    assert "refused" in entries[REFUSED].words
    assert all("revoked before training" in entries[name].words for name in REVOKED)
    assert page.one("ol", "roll").words.count("consent ended afterwards") == 1


def test_what_it_cost_is_the_receipts_and_their_sum(facts: Summary, page: Node) -> None:
    rows = page.one("table", "cost").rows()
    assert rows.pop("All") == [
        sum(s.transactions for s in facts.steps), sum(s.gas for s in facts.steps)
    ]  # fmt: skip
    assert rows == {s.label: [s.transactions, s.gas] for s in facts.steps}


def test_ten_seconds_are_enough_and_say_where_each_number_is_from(
    facts: Summary, page: Node
) -> None:
    steps = list(page.one("ol", "story").all("li"))
    values = [[int(v.attrs["value"]) for v in step.all("data")] for step in steps]
    assert values == [
        [sum(a.drawings for a in facts.artists)],
        [len(facts.models)],
        [len(facts.batch.outputs)],
        [p.amount_in for p in facts.payments],
        [len(facts.payees)],
    ]
    ids = {each.attrs["id"] for each in page.all("section")}
    assert all(step.one("a").attrs["href"][1:] in ids for step in steps)


def test_the_seal_is_the_chains_picture_beside_what_the_chain_says_of_it(
    facts: Summary, page: Node
) -> None:
    rights, block = facts.batch.rights, page.one("div", "rights")
    assert block in list(section(page, "pictures").all("div"))
    _, _, data = block.one("img").attrs["src"].partition("data:image/svg+xml;base64,")
    assert b64decode(data) == rights.seal.data == seal.svg(int(rights.token).to_bytes(32)).encode()
    said = dict(
        zip((n.words for n in block.all("dt")), (n.words for n in block.all("dd")), strict=True)
    )
    assert said == {
        "Token": rights.token,
        "Holder": f"Creator {rights.holder}",
        "Income that reaches the holder": f"{rights.income} of all that is paid in, "
        "as was proved to the contract",
        "Asked of a resale": rights.royalty,
    }


def test_what_was_not_done_is_told_apart_from_what_holds(facts: Summary, page: Node) -> None:
    cards = {card.one("h3").words: card for card in section(page, "check").all("article")}
    for name, shape in (
        ("The manifest of model 2", "none"),
        ("The manifest of model 1", "refused"),
    ):
        assert shape in cards[name].one("svg").classes
    assert "Published, not walked" in cards["The manifest of model 1"].words


def test_long_values_are_whole_though_they_are_shown_short(facts: Summary, page: Node) -> None:
    shown = {code.words for code in page.all("code")}
    whole = {
        facts.batch.id,
        facts.batch.rights.token,
        facts.batch.rights.holder,
        *facts.chain.contracts.values(),
    }
    whole |= {value for model in facts.models for value in (model.id, model.weights)}
    assert whole <= shown
    assert all(code.attrs["title"] == code.words for code in page.all("code", "long"))


# What it says


def test_a_failed_check_is_said(facts: Summary) -> None:
    shown = render(dataclasses.replace(facts, checks=(Check("Water is wet", False),)))
    assert "Water is wet: this failed" in shown


def test_it_says_what_nobody_can_know_and_what_is_staged(page: Node) -> None:
    said = section(page, "known").words
    for words in ("every source", "a file came from this model", "evidence of priority",
                  "never paid in", "pass on less", "staged"):  # fmt: skip
        assert words in said


def test_what_a_rerun_shows_is_known_only_where_each_model_was_made_again(
    page: Node, facts: Summary
) -> None:
    remade, counted = "from this data and nothing more", "That the weights are what was trained"
    said = section(page, "known").words
    assert remade in said and counted not in said
    first, *others = facts.models
    bare = dataclasses.replace(first.exposure, levels=("recorded",))
    other = dataclasses.replace(facts, models=(dataclasses.replace(first, exposure=bare), *others))
    said = section(parse(render(other)), "known").words
    assert remade not in said and counted in said


def test_the_notice_is_visible(page: Node) -> None:
    assert page.words.count("CC BY-SA 4.0") >= 3 and NOTICE in page.words


def test_one_model_and_one_artist_make_a_report_too(facts: Summary) -> None:
    artist: Artist = next(a for a in facts.artists if a.name == TUNED_ON)
    model = dataclasses.replace(facts.models[0], uses={TUNED_ON: 7})
    page = parse(render(dataclasses.replace(facts, artists=(artist,), models=(model,))))
    assert "100.00%" in page.one("ol", "roll").words and not list(page.all("ul", "out"))


def test_the_json_has_every_amount_as_a_string_and_no_picture(facts: Summary) -> None:
    data = json.loads(to_json(facts))
    assert int(data["payments"][0]["amount_in"]) == facts.payments[0].amount_in
    assert isinstance(data["payees"][0]["amounts"]["ETH"], str)
    assert len(data["artists"]) == 121
    assert set(data["batch"]["outputs"][0]) == {"caption", "notice", "sha256"}


@pytest.mark.parametrize(
    ("amount", "decimals", "pad", "words"),
    [
        (0, 18, None, "0"),
        (1, 18, None, "0.000000000000000001"),
        (1_500_000, 6, None, "1.5"),
        (1_500_000, 6, 3, "1.500"),
        (12_345_000_000, 6, None, "12,345"),
        (7, 0, None, "7"),
        (-5, 1, None, "-0.5"),
        (2**128, 18, None, "340,282,366,920,938,463,463.374607431768211456"),
    ],
)
def test_units_are_exact(amount: int, decimals: int, pad: int | None, words: str) -> None:
    assert exact(amount, decimals, pad) == words


def exposures(page: Node) -> dict[str, list[str]]:
    """What the table of exposures says, by the name of the row."""
    table = next(n for n in page.all("table") if n.attrs.get("class") == "exposures")
    rows = ([cell.words for cell in row.all() if cell.tag in {"th", "td"}]
            for row in table.all("tr"))  # fmt: skip
    return {name: values for name, *values in rows}


def test_each_model_says_how_often_training_took_its_data(page: Node, facts: Summary) -> None:
    said = exposures(page)
    taken = [f"{sum(model.uses.values()):,}" for model in facts.models]
    assert said["Model"] == [model.name for model in facts.models]
    assert (said["Read"], said["Consumed"], said["Lost"]) == (taken, taken, ["0", "0"])
    assert said["Handed out"] == ["unknown"] * 2 and said["Evidence"] == ["recorded,reproduced"] * 2
    assert "Kiseki’s hook counted in the training loop" in section(page, "lineage").words


def test_a_figure_that_nobody_knows_is_not_shown_as_nothing(facts: Summary) -> None:
    first, *others = facts.models
    bare = dataclasses.replace(first.exposure, levels=("declared",), read=None, lost=7)
    other = dataclasses.replace(facts, models=(dataclasses.replace(first, exposure=bare), *others))
    said = exposures(parse(render(other)))
    assert said["Read"][0] == said["Handed out"][0] == "unknown" and said["Lost"][0] == "7"
    assert said["Evidence"] == ["declared", "recorded,reproduced"]
