"""What one wallet stated of one sort, and who may speak for a collection beside its provider."""

from kiseki.core import ids
from kiseki.core.terms import Terms
from kiseki.index import Spoken

from .world import ARTIST, DATA, STRANGER, STUDIO, World, named

SERIES = named("series")
FREE = Terms.of("train", royalty="0%")


def stated(world: World, who: str, collection: bytes, text: str, sort: str = "series") -> None:
    world.next_block()
    world.log("Statements", "Stated", speaker=who, subject=ids.subject(DATA, collection),
              kind=named(sort), document=named(text))  # fmt: skip


def test_what_a_wallet_said_is_found_among_what_all_said() -> None:
    """Promise 2: by who speaks and the sort, in the order of the chain, in pages, and as it was."""
    world = World()
    first, second = (world.collection(ARTIST, FREE, [name]) for name in ("a", "b"))
    stated(world, ARTIST, first, "1")
    stated(world, STRANGER, first, "a lie")
    stated(world, ARTIST, first, "an audit", "audit")
    stated(world, ARTIST, second, "2")
    before = world.block
    stated(world, ARTIST, first, "3")
    index = world.index()
    said = index.said_by(ARTIST.upper().replace("0X", "0x"), SERIES)
    subjects = [ids.subject(DATA, each) for each in (first, second, first)]
    assert [(e.subject, e.document) for e in said] == [
        (subject, named(text)) for subject, text in zip(subjects, "123", strict=True)
    ]
    assert isinstance(said[0], Spoken) and said[0].time < said[1].time
    assert index.said_by(ARTIST, SERIES, said[0].place, 1) == said[1:2]
    about = index.said_about("DataRegistry", first, ARTIST, SERIES)
    assert [(e.speaker, e.kind, e.document) for e in about] == [
        (ARTIST, SERIES, named("1")), (ARTIST, SERIES, named("3")),
    ]  # fmt: skip
    assert index.said_about("ModelRegistry", first, ARTIST, SERIES) == []
    assert index.said_by(STUDIO, SERIES) == index.said_by(ARTIST, named("nothing")) == []
    with index.as_of(before) as then:
        assert then.said_by(ARTIST, SERIES) == said[:2]
        assert then.said_about("DataRegistry", first, ARTIST, SERIES) == about[:1]


def test_a_collector_is_who_registered_under_a_standing_consent() -> None:
    world = World()
    weekly = [world.collection(ARTIST, FREE, [name]) for name in ("a", "b")]
    own = world.collection(STUDIO, FREE, ["c"])
    for each in weekly:
        world.log("DataRegistry", "RegisteredUnder", collection=each, consent=named("consent"),
                  collector=STUDIO, nonce=1)  # fmt: skip
    index = world.index()
    assert [index.collector(each) for each in (*weekly, own)] == [STUDIO, STUDIO, None]
    assert index.under(named("consent")) == weekly
    assert index.under(named("consent"), most=1) == weekly[:1]
    assert index.under(named("another")) == [] and index.collector(named("nothing")) is None
