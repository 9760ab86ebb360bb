"""What was made from what: stated by who speaks for a collection, followed through documents."""

from itertools import pairwise
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Terms
from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.signer import LocalSigner
from kiseki.client.data import standing
from kiseki.client.data.standing import StandingConsent
from kiseki.core.derived import Derived, Row
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.errors import FilesError, InvalidInput, NotInIndex

from ..conftest import Folder

STEPS = ("rough", "clean", "colour")


class Studio:
    """Three collections of three drawings each: rough by the artist, clean and colour by the
    studio."""

    def __init__(self, k: LocalKiseki, artist: Kiseki, folder: Folder, place: Path) -> None:
        self.k, self.place, self.documents = k, place, place / "documents"
        terms = k.data.define_terms("train", royalty="20%")
        self.files: dict[str, list[Path]] = {}
        self.ids: dict[str, list[bytes]] = {}
        self.homes: dict[str, bytes] = {}
        for step in STEPS:
            where = folder(step, {f"{n}.png": f"{step} {n}".encode() for n in range(3)})
            who = artist if step == "rough" else k
            prepared = who.data.prepare(where, terms)
            self.homes[step] = who.data.register(prepared).id
            self.files[step] = sorted(where.iterdir())
            by_path = {Path(path): item.id for item in prepared.items for path in item.paths}
            self.ids[step] = [by_path[each] for each in self.files[step]]

    def table(self, step: str, before: str, name: str = "table.csv") -> Path:
        path = self.place / name
        lines = [f"{step}/{n}.png,{step},{before}/{n}.png" for n in range(3)]
        path.write_text("\n".join(["item,step,from", *lines]))
        return path

    def state(self, step: str, before: str, who: Kiseki | None = None) -> Derived:
        k = who or self.k
        made = k.data.derivations.read(self.homes[step], self.table(step, before))
        k.data.derivations.state(made, self.documents)
        return made

    def publish(self, derived: Derived) -> None:
        """Puts a document into the folder that nobody stated."""
        self.documents.mkdir(exist_ok=True)
        (self.documents / f"{to_hex(derived.hash)}.json").write_text(derived.to_json())


@pytest.fixture
def studio(k: LocalKiseki, artist: Kiseki, folder: Folder, tmp_path: Path) -> Studio:
    return Studio(k, artist, folder, tmp_path)


def test_rough_clean_colour_are_followed_across_collections_and_providers(
    k: LocalKiseki, studio: Studio, artist: Kiseki
) -> None:
    """Promise 2: where an item came from, by whose word; and being derived moves no money."""
    clean = studio.state("clean", "rough")
    studio.state("colour", "clean")
    series = k.data.series.begin(studio.homes["clean"], studio.documents)
    k.data.series.state(series, studio.documents)  # another format in the same folder
    assert k.data.derivations.state(clean, studio.documents) == (), "it is there already"
    found = k.data.derivations.of(studio.ids["colour"][1], studio.documents)
    assert [(e.away, e.step, e.made_from.id) for e in found.above] == [
        (1, "colour", studio.ids["clean"][1]), (2, "clean", studio.ids["rough"][1]),
    ]  # fmt: skip
    rough = found.above[1].made_from
    assert rough.registrant == artist.address.lower() and rough.home == studio.homes["rough"]
    assert {each.speaker for each in found.above} == {k.address.lower()}
    assert {(each.role, each.checked) for each in found.above} == {("provider", True)}
    assert not found.below and not found.circles and not found.not_followed
    down = k.data.derivations.of(studio.ids["rough"][2], studio.documents)
    assert [(e.away, e.item.id) for e in down.below] == [
        (1, studio.ids["clean"][2]), (2, studio.ids["colour"][2]),
    ]  # fmt: skip
    assert [each.id for each in down.below_all()] == [e.item.id for e in down.below]
    assert k.data.derivations.item(str(studio.files["rough"][2])) == studio.ids["rough"][2]
    assert {k.index.collection(each).payee[12:] for each in studio.homes.values()} == {
        bytes.fromhex(each.address[2:]) for each in (k, artist)
    }


def test_what_is_revoked_above_an_item_is_named(
    k: LocalKiseki, studio: Studio, artist: Kiseki
) -> None:
    studio.state("clean", "rough")
    studio.state("colour", "clean")
    item, now = studio.ids["colour"][0], k.index.time
    assert k.data.derivations.of(item, studio.documents).ended_above(now) == []
    artist.data.revoke_item(artist.data.openings.commitment(to_hex(studio.ids["rough"][0])))
    found = k.data.derivations.of(item, studio.documents)
    (ended,) = found.ended_above(k.index.time)
    assert ended.id == studio.ids["rough"][0] and ended.revoked_at is not None
    assert found.item.revoked_at is None, "its own consent holds"
    other = k.data.derivations.of(studio.ids["colour"][1], studio.documents)
    assert other.ended_above(k.index.time) == []
    k.data.revoke(studio.homes["clean"])
    held = k.data.derivations.of(studio.ids["colour"][1], studio.documents)
    assert held.ended_above(k.index.time) == [], "the notice is not over"
    k.wait(30 * 86_400)
    k.data.define_terms("train", royalty="3%")  # makes a block
    later = k.data.derivations.of(studio.ids["colour"][1], studio.documents)
    assert [e.id for e in later.ended_above(k.index.time)] == [studio.ids["clean"][1]]


def test_what_a_stranger_or_nobody_states_is_told_and_not_followed(
    k: LocalKiseki, studio: Studio, stranger: Kiseki
) -> None:
    rows = [Row(studio.ids["clean"][0], studio.ids["rough"][0], "stolen")]
    made = Derived.of(studio.homes["clean"], rows)
    with pytest.raises(InvalidInput, match="does not speak for the collection"):
        stranger.data.derivations.state(made, studio.documents)
    with pytest.raises(InvalidInput, match="does not speak for the collection"):
        stranger.data.derivations.prepare(made, studio.documents)
    assert not studio.documents.exists(), "nothing is written either"
    studio.publish(made)
    item = studio.ids["clean"][0]
    for speaker in (None, stranger):
        if speaker is not None:
            speaker.statements.state("collection", to_hex(made.collection), "derived", made.hash)
        found = k.data.derivations.of(item, studio.documents)
        assert found.above == ()
        (said,) = found.not_followed
        assert "is not stated by who speaks for the collection" in said.words
        assert (said.kind, said.document, said.collection) == (
            "unstated", made.hash, made.collection,
        )  # fmt: skip
    nowhere = Derived.of(keccak256(b"no collection"), rows)
    studio.publish(nowhere)
    assert len(k.data.derivations.of(item, studio.documents).not_followed) == 2


def test_items_that_a_collection_does_not_hold_are_not_followed(
    k: LocalKiseki, studio: Studio
) -> None:
    """Its provider lies about the items of another: the log is whole and shows it."""
    foreign = Row(studio.ids["rough"][0], studio.ids["clean"][0], "stolen")
    with pytest.raises(InvalidInput, match="1 derived item cannot be found in the collection"):
        k.data.derivations.make(studio.homes["clean"], [foreign])
    true = Row(studio.ids["clean"][1], studio.ids["rough"][1], "clean")
    made = Derived.of(studio.homes["clean"], [foreign, true])
    studio.publish(made)
    k.statements.state("collection", to_hex(made.collection), "derived", made.hash)
    assert k.data.derivations.of(studio.ids["rough"][0], studio.documents).above == ()
    found = k.data.derivations.of(studio.ids["clean"][1], studio.documents)
    assert [each.step for each in found.above] == ["clean"]
    assert "names 1 item that the collection" in found.not_followed[0].words


def test_a_circle_over_two_collections_is_told_and_ends(k: LocalKiseki, studio: Studio) -> None:
    studio.state("colour", "clean")
    studio.state("clean", "colour")
    found = k.data.derivations.of(studio.ids["clean"][0], studio.documents)
    assert set(found.circles) == {studio.ids["clean"][0], studio.ids["colour"][0]}
    assert len(found.above) == len(found.below) == 2


def test_what_is_unknown_is_said_to_be_unknown(
    k: LocalKiseki, studio: Studio, folder: Folder
) -> None:
    """A parent that nobody registered, and a collection whose items are not logged."""
    place = folder("hidden", {"a.png": b"hidden"})
    prepared = k.data.prepare(place, Terms.of("train", royalty="1%"))
    hidden = k.data.register(prepared, publish=False)
    parent = keccak256(b"nobody's")
    made = k.data.derivations.make(hidden.id, [Row(prepared.items[0].id, parent, "clean")])
    k.data.derivations.state(made, studio.documents)
    found = k.data.derivations.of(prepared.items[0].id, studio.documents)
    (step,) = found.above
    assert not step.checked and step.made_from.kind == "" and step.made_from.home is None
    assert found.ended_above(k.index.time) == [], "unknown is not revoked"


def test_a_file_with_another_hash_or_another_text_is_no_document(
    k: LocalKiseki, studio: Studio
) -> None:
    made = studio.state("clean", "rough")
    (path,) = studio.documents.iterdir()
    text, item = path.read_text(), studio.ids["clean"][0]
    assert k.data.derivations.of(item, studio.documents).above
    path.write_text(text.replace("clean", "paint"))
    changed = k.data.derivations.of(item, studio.documents)
    assert changed.above == () and "is not stated" in changed.not_followed[0].words
    path.write_text(text.replace(":", ": "))
    assert k.data.derivations.of(item, studio.documents).above == ()
    path.write_text(text[:-20])
    (cut,) = k.data.derivations.of(item, studio.documents).not_followed
    assert cut.kind == "unreadable" and "is no document of what was made" in cut.words
    path.write_bytes(b"x" * ((1 << 24) + 1))
    assert k.data.derivations.of(item, studio.documents).above == ()
    with pytest.raises(FilesError):
        k.data.derivations.of(item, studio.place / "gone")
    assert k.data.derivations.state(made, studio.documents) == ()


def test_a_table_names_what_is_wrong_in_it(
    k: LocalKiseki, studio: Studio, folder: Folder, artist: Kiseki
) -> None:
    home = studio.homes["clean"]
    folder("more", {"new.png": b"unknown"})
    for line, why in (
        ("more/new.png,clean,rough/0.png", "row 2: more/new.png is unknown here"),
        ("rough/0.png,clean,clean/0.png", "row 2: rough/0.png is not in the collection"),
        ("clean/0.png,,rough/0.png", "row 2: a step is a word"),
        ("clean/0.png,clean,", "row 2: name an item"),
        ("clean/0.png,clean,clean/0.png", "row 2: .* cannot be made from itself"),
        ("0x12,clean,rough/0.png", "cannot be read"),
    ):
        table = studio.place / "bad.csv"
        table.write_text(f"item,step,from\n{line}")
        with pytest.raises((InvalidInput, FilesError), match=why):
            k.data.derivations.read(home, table)
    by_id = f"{to_hex(studio.ids['clean'][0])},clean,{to_hex(keccak256(b'anything'))}"
    table.write_text(f"item,step,from\n{by_id}")
    assert k.data.derivations.read(home, table).rows[0].item == studio.ids["clean"][0]
    with pytest.raises(NotInIndex):
        k.data.derivations.read(keccak256(b"nothing"), table)


def test_two_documents_of_a_collection_add_up(k: LocalKiseki, studio: Studio) -> None:
    for n in (0, 1):
        row = Row(studio.ids["clean"][n], studio.ids["rough"][n], "clean")
        made = k.data.derivations.make(studio.homes["clean"], [row])
        assert len(k.data.derivations.state(made, studio.documents)) == 1
    for n in (0, 1):
        assert k.data.derivations.of(studio.ids["clean"][n], studio.documents).above
    first = Derived.of(
        made.collection, [Row(studio.ids["clean"][0], studio.ids["rough"][0], "clean")]
    )
    for each in (made, first):
        assert k.data.derivations.state(each, studio.documents) == (), "both count"


def test_a_collector_speaks_for_what_a_standing_consent_covers(
    k: LocalKiseki, studio: Studio, folder: Folder
) -> None:
    """The artist signed once; the studio says every week what was made from what."""
    consent = standing_consent(k, studio.place)
    place = folder("week", {"a.png": b"week a"})
    (kept,) = k.data.standing.collect(consent, place)
    list(k.data.standing.register(consent, [kept]))
    (item,) = k.data.openings.items(kept.id)
    row = Row(item.id, studio.ids["rough"][0], "clean")
    k.data.derivations.state(k.data.derivations.make(kept.id, [row]), studio.documents)
    (step,) = k.data.derivations.of(item.id, studio.documents).above
    assert (step.speaker, step.role) == (k.address.lower(), "collector")
    assert step.item.registrant == consent.provider != step.speaker


def standing_consent(k: Kiseki, place: Path, account: int = 6) -> StandingConsent:
    who = local_account(account)
    path = k.data.standing.prepare(
        who.address, Terms.of("train", royalty="20%"), place / f"{account}.json", per_month=9
    )
    return standing.sign(path, LocalSigner(who))


def test_a_chain_of_10_000_steps_is_followed(
    k: LocalKiseki, studio: Studio, folder: Folder
) -> None:
    """From one end to the other, without a stack."""
    place = folder("hidden", {"a.png": b"hidden"})
    hidden = k.data.register(k.data.prepare(place, Terms.of("train", "1%")), publish=False).id
    chain = [keccak256(b"%d" % n) for n in range(10_001)]
    made = Derived.of(hidden, [Row(*each, "again") for each in pairwise(chain)])
    studio.publish(made)
    k.statements.state("collection", to_hex(hidden), "derived", made.hash)
    found = k.data.derivations.of(chain[0], studio.documents)
    assert [each.away for each in found.above] == list(range(1, 10_001))
    assert found.above[-1].made_from.id == chain[-1] and not found.above[0].checked
