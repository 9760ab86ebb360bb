"""A name is the last word of whoever it is about or registered it, and nobody else's."""

from kiseki.core import ids
from kiseki.index.answers.called import Called

from .diamond import Diamond
from .world import ARTIST, DATA, DEVELOPER, MODELS, OUTPUTS, STRANGER, named


class Named(Diamond):
    def say(self, who: str, subject: bytes, text: str, sort: str = "identity") -> None:
        self.next_block()
        self.log(
            "Statements", "Stated", speaker=who, subject=subject, kind=named(sort),
            document=named(text),
        )  # fmt: skip


def test_a_name_is_the_last_word_of_whoever_registered_it() -> None:
    """Promise 2: strangers name nothing, and another sort of statement is no name."""
    world = Named()
    art, base, frames = (
        ids.subject(at, group)
        for at, group in ((DATA, world.art), (MODELS, world.base), (OUTPUTS, world.frames))
    )
    creator = world.index().batch(world.frames).creator
    world.say(ARTIST, ids.wallet(ARTIST), "an artist")
    world.say(ARTIST, art, "first")
    world.say(ARTIST, art, "drawings")
    before = world.block
    world.say(DEVELOPER, base, "a model")
    world.say(creator, frames, "pictures")
    world.say(creator, frames, "an audit", "audit")
    for subject in (art, base, frames, ids.wallet(ARTIST), ids.wallet(DEVELOPER)):
        world.say(STRANGER, subject, "a lie")
    world.say(ARTIST, base, "a provider names no model")
    index = world.index()
    everything = [world.art, world.base, world.left, world.frames, named("nothing")]
    found = index.called(everything, [ARTIST.upper().replace("0X", "0x"), DEVELOPER])
    assert sorted(found, key=lambda each: each.kind) == [
        Called("batch", world.frames, named("pictures")),
        Called("collection", world.art, named("drawings")),
        Called("model", world.base, named("a model")),
        Called("wallet", ARTIST, named("an artist")),
    ]
    with index.as_of(before) as then:
        assert {each.kind for each in then.called(everything, [ARTIST])} == {
            "collection", "wallet",
        }  # fmt: skip
    assert index.called([], []) == []
