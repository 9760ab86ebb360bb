"""Between a licensee and a real vault somebody changes what the vault answers: a sentence, and
nothing is kept (rules 12 and 13)."""

from __future__ import annotations

import gzip
import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kiseki import LocalKiseki

from .conftest import Shell
from .relays import Answer, between
from .test_cli_vault_killed import Relayed
from .test_cli_vault_lying import files

Change = Callable[[Answer], None]
CONTENT = r"/handouts/[0-9a-f]{32}/0x[0-9a-f]{64}$"
BEGIN, OPENING, CAPTIONS = r"/handouts$", r"/openings/", r"/captions"


def honest(_: Answer) -> None:
    """Changes nothing."""


def on(path: str, change: Change) -> Change:
    """A change of answers to one sort of question."""
    return lambda answer: change(answer) if re.search(path, answer.path) else None


def redirected(answer: Answer) -> None:
    answer.status = 302
    answer.headers["location"] = "/vault/elsewhere"
    answer.say(b"")


def endless(answer: Answer) -> None:
    answer.headers.pop("content-length", None)
    answer.body = itertools.repeat(b" " * 65_536)


def bomb(answer: Answer) -> None:
    answer.headers["content-encoding"] = "gzip"
    answer.say(gzip.compress(bytes(200 << 20)))


def cut(answer: Answer) -> None:
    answer.body = [answer.whole[:-1]]


def shorter(answer: Answer) -> None:
    answer.say(answer.whole[:-1])


def longer(answer: Answer) -> None:
    answer.say(answer.whole + b"more")


def other(answer: Answer) -> None:
    whole = answer.whole
    answer.say(whole[:-1] + bytes([whole[-1] ^ 1]))


def refused(answer: Answer) -> None:
    answer.status = 500
    answer.say(json.dumps({"error": "\x1b[2Jall is well\u202e"}).encode())


def nested(answer: Answer) -> None:
    answer.say(b"[" * 100_000)


def text(old: str, new: str) -> Change:
    def change(answer: Answer) -> None:
        whole = answer.whole.decode()
        made = re.sub(old, new, whole)
        assert made != whole
        answer.say(made.encode())

    return change


def swapped(name: str) -> Change:
    """Each item with that of another one."""

    def change(answer: Answer) -> None:
        told = json.loads(answer.whole)
        listed = told["items"]
        turned = [each[name] for each in listed[1:] + listed[:1]]
        told["items"] = [each | {name: one} for each, one in zip(listed, turned, strict=True)]
        answer.say(json.dumps(told).encode())

    return change


def unsigned(answer: Answer) -> None:
    """The checkpoints are of a tree that the vault did not sign."""
    told = json.loads(answer.whole)
    for each in told["items"]:
        head, checkpoint, signatures = each["proof"].split("\n\n", 2)
        origin, size, _ = checkpoint.split("\n")
        root = "A" * 43 + "="
        each["proof"] = f"{head}\n\n{origin}\n{size}\n{root}\n\n{signatures}"
    answer.say(json.dumps(told).encode())


LIES: list[tuple[str, Change, str]] = [
    (CONTENT, redirected, "status 302"),
    (CONTENT, endless, "gives more than it said"),
    (CONTENT, bomb, "gives more than it said"),
    (CONTENT, longer, "gives more than it said"),
    (CONTENT, shorter, "the vault ends 0x"),
    (CONTENT, cut, "does not answer"),
    (CONTENT, other, "is not its content; nothing of it was kept"),
    (CONTENT, refused, "refused"),
    (BEGIN, redirected, "status 302"),
    (BEGIN, endless, "answered something else"),
    (BEGIN, bomb, "answered something else"),
    (BEGIN, nested, "answered something else"),
    (BEGIN, cut, "does not answer|answered something else"),
    (BEGIN, refused, "refused"),
    (BEGIN, swapped("receipt"), "something else than was asked for"),
    (BEGIN, swapped("proof"), "leads to another root"),
    (BEGIN, swapped("item"), "something else than was asked for"),
    (BEGIN, text(r'"size": ?([1-9])', r'"size":1\1'), "of content of another size"),
    (BEGIN, text(r"because\\\":\\\"licence", r"because\":\"provider"), "."),
    (BEGIN, text(r"at\\\":\\\"1", r"at\":\"2"), "leads to another root"),
    (BEGIN, unsigned, "is not of this text"),
    (OPENING, redirected, "status 302"),
    (OPENING, endless, "answered something else"),
    (OPENING, text(r'"salt":"0x[0-9a-f]{2}', '"salt":"0x00'), "is not that of its digest"),
    (OPENING, text(r'"count":5', '"count":6'), "another number of items"),
    (CAPTIONS, redirected, "status 302"),
    (CAPTIONS, endless, "answered something else"),
]


class Hostile(Relayed):
    """A vault with somebody before it."""

    @contextmanager
    def changed(self, change: list[Change]) -> Iterator[list[str]]:
        server = self.shell.start("vault", "serve", "--port", "0", more=self.key)
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            assert "listens at" in line, line + server.stderr.read()
            port = int(line.partition("http://127.0.0.1:")[2].partition("/")[0])
            with between(self.port, port, change) as asked:
                yield asked
        finally:
            server.kill()
            server.communicate()


@pytest.fixture
def studio(shell: Shell, k: LocalKiseki) -> Hostile:
    made = Hostile(shell, k)
    made.license()
    return made


def test_whatever_is_changed_on_the_way_is_a_sentence_and_nothing_is_kept(studio: Hostile) -> None:
    shell, change = studio.shell, list[Change]([honest])
    with studio.changed(change) as asked:
        for number, (path, lie, why) in enumerate(LIES):
            folder = f"lied-{number}"
            change.append(on(path, lie))
            done = shell.done(*studio.ask(folder))
            told = " ".join((done.out + done.err).split())
            assert done.code not in (0, None), (number, told)
            assert "Traceback" not in told
            assert re.search(why, told), (number, told)
            assert not set(told) & {"\x1b", "\u202e"}
            assert files(shell.folder / folder) == set(), number
            if path == BEGIN:
                assert not (shell.folder / folder).exists(), number
        assert not any("elsewhere" in each for each in asked), "a redirect was followed"
        # Whoever was lied to gets all of it from an honest vault, into the same folders.
        change.append(honest)
        for number in (0, 4, 6, 22):
            assert shell.json(*studio.ask(f"lied-{number}"))["items"] == 5
            assert files(shell.folder / f"lied-{number}") == {
                each.name for each in studio.files.iterdir()
            }


def test_the_same_lies_leave_nothing_of_a_webdataset_or_for_an_age_key(studio: Hostile) -> None:
    from kiseki.vault.age.keys import Identity

    mine = Identity.new()
    (studio.shell.folder / "key.txt").write_text(mine.text)
    to = ("--to", str(mine.recipient), "--identity", "key.txt")
    change = list[Change]([honest])
    with studio.changed(change):
        for number, lie in enumerate((redirected, endless, longer, shorter, other)):
            for form, more in (("shards", ("--webdataset",)), ("sealed", to)):
                change.append(on(CONTENT, lie))
                folder = f"{form}-{number}"
                done = studio.shell.done(*studio.ask(folder, *more))
                assert done.code not in (0, None), done.out + done.err
                assert "Traceback" not in done.out + done.err
                assert files(studio.shell.folder / folder) == set()
        change.append(honest)
        assert studio.shell.json(*studio.ask("sealed-4", *to))["proved"] is True
        assert studio.shell.json(*studio.ask("shards-4", "--webdataset"))["items"] == 5


def test_words_of_a_hostile_vault_give_a_terminal_no_orders(studio: Hostile) -> None:
    change = [on(BEGIN, refused)]
    with studio.changed(change):
        said = studio.shell.run(*studio.ask("got"), code=1)
    assert "all is well" in said
    assert "\x1b" not in said
    assert "\u202e" not in said
