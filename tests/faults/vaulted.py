"""The campaign of the vault: one vault's life, killed at 200 moments, and looked at after each.

A folder is added, registered, handed out over HTTP, wrapped for new keys, in part erased and swept,
and its receipts are anchored on a real Anvil; then the next folder. Each of these is the command
that people type, in a process group of its own, and dies with all its processes at a moment that
is counted (`tests.faults.dying`). Then somebody looks from outside (`tests.faults.looked`), and
the same command is typed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import importlib
import json
import os
import random
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyrage
from tests.faults.dying import NEVER, Dying, Moment, begin
from tests.faults.looked import WRONG, Fetched, Looker, opened
from tests.faults.once import Found, Lost, Run
from tests.python import postgres
from tests.python.vault.served import Client

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account
from kiseki.vault import rewrapping

__all__ = ["WINDOWS", "Life", "Lost", "lived", "vault", "vault_in_postgres"]

WINDOWS = ("adding", "serving", "rotating", "erasing", "anchoring")
KILLS = 4
"""In each window, before the next folder is added."""
PROVIDER, READER, KEEPER = (local_account(number) for number in (1, 2, 3))
_AS_PROVIDER, _AS_KEEPER = ("--account", "test:1"), ("--account", "test:3")
_DAY = 86_400
_IMPORTED = ("kiseki.cli.app", "kiseki.cli.data", "kiseki.cli.handing", "kiseki.cli.witnessing",
             "kiseki.web.serve", "kiseki.web.vault.serve")  # fmt: skip
"""What commands import when they are typed: once here, and not in each of hundreds."""
_ABOUT = {
    "adding": {"worker": 80, "statement": 60, "task": 5, "file": 3},
    "serving": {"bytes": 3_000_000, "statement": 120, "hand-outs": 3},
    "rotating": {"statement": 120, "task": 5},
    "erasing": {"statement": 90, "file": 3},
    "anchoring": {"request": 40, "statement": 20, "file": 6},
}
"""Of each window what is counted, and how much of it there is about. Of a command that ended by
itself it is known better from then on; a server does not."""


def vault(run: Run) -> Found:
    """In an SQLite file."""
    return lived(run, run.folder / "home" / ".kiseki" / "secrets")


def vault_in_postgres(run: Run) -> Found:
    """In PostgreSQL."""
    with postgres.server() as server, postgres.database(server) as where:
        return lived(run, where)


def lived(run: Run, where: Path | str, files: int = 100) -> Found:
    """A vault's life, with so many kills, shared out evenly among the windows.

    Args:
        where: its store.
        files: in each folder.

    Raises:
        Lost: something was seen that must never be, or a command failed by itself.
    """
    for each in _IMPORTED:
        importlib.import_module(each)
    with LocalKiseki.local() as k:
        life = Life(run, where, k, files)
        left = dict.fromkeys(WINDOWS, -(-run.count // len(WINDOWS)))
        while any(left.values()):
            if life.folders > run.count:
                raise Lost(f"it never ends, seed {run.seed}")
            life.season(left)
        life.found.intended = len(life.looker.originals) + life.looker.receipts
        print(life.table())
        return life.found


class Life:
    """One vault, from its first folder on.

    Attributes:
        found: what the campaign came to.
        looker: who looks at it.
        folders: that were added.
    """

    def __init__(self, run: Run, where: Path | str, k: LocalKiseki, files: int) -> None:
        self.run, self.where, self.k, self.files = run, where, k, files
        self.home, self.folders = run.folder / "home", 0
        self.home.mkdir()
        self.found, self.kinds = Found(of="things kept"), Counter[tuple[str, str]]()
        self.dice = random.Random(run.seed)
        self.identities = run.folder / "vault.identity"
        _new_identity(self.identities)
        self.recovery = str(pyrage.x25519.Identity.generate().to_public())
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.looker = Looker(
            PROVIDER.address.lower(), where, run.folder, self.home / ".kiseki" / "anchors"
        )
        self._most = defaultdict[str, Counter[str]](Counter)
        self._drawn = Counter[str]()
        self._blocks, self._sent, self._days = 0, list[Any](), 0
        self._done(
            "vault", "init", "--domain", f"localhost:{self.port}", "--recovery", self.recovery
        )

    def season(self, left: dict[str, int]) -> None:
        """One folder's; `left` are the kills that are still wanted."""
        self.folders += 1
        self.add(left)
        windows = [self.serve, self.rotate, self.erase, self.anchor]
        if self.folders > 1:  # in the first there are no receipts before it has served
            self.dice.shuffle(windows)
        for each in windows:
            each(left)

    # The windows

    def add(self, left: dict[str, int]) -> None:
        name = f"cut-{self.folders:02}"
        made = self._files(name)
        self._until_done("adding", left, KILLS, lambda: ("vault", "add", name, *_AS_PROVIDER))
        self.looker.added |= made
        said = self._done("data", "register", name, "--uses", "train", "--royalty", "0%", "--vault",
                          *_AS_PROVIDER, "--json")  # fmt: skip
        collection = json.loads(said[said.index("{") :])["collections"][0]["collection"]
        self._done("vault", "open", collection)
        self.looker.learn(self.identities)
        self.looker.look(self.identities)
        self._must_be_right("adding")

    def serve(self, left: dict[str, int]) -> None:
        for _ in range(min(KILLS, left["serving"])):
            moment = self._moment("serving", "serve")
            self._ended(self._served(moment), -9)
            left["serving"] -= 1
            self._look_after("serving", moment)
        process = self._served(NEVER)
        process.interrupt()
        self._ended(process, 0, 130)
        self.looker.look(self.identities)
        self._must_be_right("serving")

    def rotate(self, left: dict[str, int]) -> None:
        new, both = self.run.folder / "new.identity", self.run.folder / "both.identity"
        recipient = _new_identity(new)
        both.touch(0o600)
        both.write_text(new.read_text() + self.identities.read_text())
        self.identities, before = both, self.identities

        def command() -> tuple[str, ...]:
            with opened(self.where, both) as vault:
                begun = recipient in vault.epochs[-1].recipients
            if begun:
                return "vault", "rewrap"
            return "vault", "rotate", str(new), "--recovery", self.recovery

        self._until_done("rotating", left, KILLS, command, _in_small_parts)
        before.write_text(new.read_text())
        self.identities = before
        self.looker.look(self.identities)  # by the new key alone
        self._must_be_right("rotating")

    def erase(self, left: dict[str, int]) -> None:
        there = sorted({*self.looker.items.values()} - self.looker.erased)
        some = self.dice.sample(there, 3)
        self.looker.asked |= {*some}
        paths = [str(self.looker.originals[each]) for each in some]
        self._until_done(
            "erasing", left, KILLS - 1,
            lambda: ("vault", "erase", *paths, *_AS_PROVIDER, "--by", "her", "--ground", "wish"),
            is_done=lambda: self.looker.is_erased(some, self.identities),
        )  # fmt: skip
        if not self.looker.is_erased(some, self.identities):
            raise Lost(f"the command ended, and it is not erased, seed {self.run.seed}")
        self.looker.look(self.identities)
        self._must_be_right("erasing")
        self._until_done("erasing", left, 1, lambda: ("vault", "sweep", "--hours", "0"))
        self.looker.look(self.identities, swept=True)
        self._must_be_right("erasing")

    def anchor(self, left: dict[str, int]) -> None:
        node = self.k.session.node
        node.one("evm_increaseTime", _DAY)
        node.one("evm_mine")
        self._days += 1
        self._until_done(
            "anchoring", left, KILLS, lambda: ("vault", "anchor", *_AS_KEEPER),
            partial(_later, self._days),
        )  # fmt: skip
        self.looker.look_at_chain(self._stated(), whole=True)
        self._must_be_right("anchoring")

    # A command

    def _until_done(
        self,
        window: str,
        left: dict[str, int],
        kills: int,
        command: Callable[[], tuple[str, ...]],
        prepare: Callable[[], None] = lambda: None,
        is_done: Callable[[], bool] = lambda: False,
    ) -> None:
        """Types a command until it ends by itself, and kills it so often at most before."""
        kills = min(kills, left[window])
        while True:
            words = command()
            moment = self._moment(window, words[1]) if kills else NEVER
            process = self._type(words, moment, prepare)
            if self._ended(process, 0, -9) == 0:
                self._most[words[1]] |= Counter(process.counts)
                return
            kills -= 1
            left[window] -= 1
            self._look_after(window, moment)
            if is_done():
                return

    def _moment(self, window: str, command: str) -> Moment:
        kinds = list(_ABOUT[window].items())
        of, about = kinds[self._drawn[window] % len(kinds)]
        self._drawn[window] += 1
        return Moment(of, self.dice.randint(1, self._most[command][of] or about))

    def _type(
        self, words: tuple[str, ...], moment: Moment, prepare: Callable[[], None] = lambda: None
    ) -> Dying:
        environment = {
            "HOME": str(self.home), "PATH": os.environ["PATH"], "KISEKI_RPC_URL": self.k.url,
            "KISEKI_SECRETS": str(self.where), "KISEKI_VAULT_IDENTITY": str(self.identities),
        }  # fmt: skip
        self.found.runs += 1
        return begin(words, self.run.folder, environment, moment, prepare)

    def _ended(self, process: Dying, *codes: int) -> int:
        code = process.wait()
        if code not in codes:
            raise Lost(f"it ended with {code}: {process.said.read_text()}, seed {self.run.seed}")
        return code

    def _done(self, *words: str) -> str:
        process = self._type(words, NEVER)
        self._ended(process, 0)
        return process.said.read_text()

    # Looking

    def _look_after(self, window: str, moment: Moment) -> None:
        self.found.add(f"kill -9 {window}")
        self.found.log.append(f"{window}, {moment.of} {moment.number}")
        self.kinds[window, moment.of] += 1
        self.looker.look(self.identities)
        if window == "anchoring":
            self.looker.look_at_chain(self._stated(), whole=False)
        self._must_be_right(self.found.log[-1])

    def _must_be_right(self, after: str) -> None:
        if self.looker.wrong:
            first = {each.partition(":")[0]: each for each in reversed(self.looker.why)}
            raise Lost(f"after {after}: {'; '.join(first.values())}, seed {self.run.seed}")

    def _stated(self) -> list[Any]:
        """All transactions of the keeper's wallet."""
        node = self.k.session.node
        end = int(node.one("eth_blockNumber"), 16) + 1
        for number in range(self._blocks, end):
            block = node.one("eth_getBlockByNumber", hex(number), True)
            self._sent += [
                each for each in block["transactions"] if each["from"] == KEEPER.address.lower()
            ]
        self._blocks = end
        return self._sent

    # The client

    def _served(self, moment: Moment) -> Dying:
        """A server, and a client that has had what it wanted, or whatever came until it died."""
        process = self._type(("vault", "serve"), moment)
        try:
            self._fetch(process, moment)
        except BaseException:
            process.kill()
            raise
        return process

    def _fetch(self, process: Dying, moment: Moment) -> None:
        """Fetches ranges until the server is killed; without a moment, what there is once."""
        client = Client(self.port, host=f"localhost:{self.port}")
        arrived = 0
        try:
            if not self._is_reached(process):
                return
            client.sign_in(READER)
            for number in range(1, 2 if moment is NEVER else 40):
                wanted = self._wanted()
                out = client.begin(wanted, use="ai_generative_training")
                told = {each["item"]: each for each in out["items"]}
                self.looker.fetched.append(Fetched(told))
                if moment == ("hand-outs", number):
                    process.kill()
                for item in told:
                    for size in self._item(client, out["handout"], item, self.looker.fetched[-1]):
                        arrived += size
                        if moment.of == "bytes" and arrived >= moment.number:
                            process.kill()
        except (OSError, http.client.HTTPException):
            if moment is NEVER or process.said.read_text().count("Traceback"):
                raise
            return
        if moment is not NEVER:
            process.kill()

    def _is_reached(self, process: Dying) -> bool:
        while process.runs:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=60).close()
                return True
            time.sleep(0.01)
        return False

    def _wanted(self) -> list[bytes]:
        """Some items, of which one is large."""
        there = [i for i, digest in self.looker.items.items() if digest not in self.looker.erased]
        large = [i for i in there if self._original(i).stat().st_size > 100_000]
        return list({*self.dice.sample(there, 7), self.dice.choice(large)})

    def _original(self, item: bytes) -> Path:
        return self.looker.originals[self.looker.items[item]]

    def _item(self, client: Client, handout: str, item: str, into: Fetched) -> Iterator[int]:
        """Fetches one in some ranges; how many bytes come each time."""
        content = self._original(bytes.fromhex(item[2:])).read_bytes()
        middle = self.dice.randrange(len(content))
        for start, stop in ((0, middle), (middle, len(content))):
            if start == stop:
                continue
            ask = {"Range": f"bytes={start}-{stop - 1}"}
            with client.raw(f"/handouts/{handout}/{item}", ask) as connection:
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                if answer.status != 206:
                    raise Lost(f"a range has the status {answer.status}, seed {self.run.seed}")
                while piece := answer.read1(1 << 14):
                    if content[start : start + len(piece)] != piece:
                        self.looker.sees("half-written", f"a client got other bytes of {item}")
                    start += len(piece)
                    into.ends[item] = max(into.ends.get(item, 0), start)
                    yield len(piece)

    # Files, and the table

    def _files(self, name: str) -> set[bytes]:
        """A folder of files of many sizes; their digests."""
        folder = self.run.folder / name
        folder.mkdir()
        made = set[bytes]()
        for number in range(self.files):
            size = self.dice.choice((1, 700, 5_000, 20_000, 65_536, 65_537))
            size = {0: 2_000_003, 1: 300_000}.get(number, size)
            content = self.dice.randbytes(size) + b"%s %d" % (name.encode(), number)
            path = folder / f"{number:03}.bin"
            path.write_bytes(content)
            made.add(hashlib.sha256(content).digest())
            self.looker.originals[hashlib.sha256(content).digest()] = path
        return made

    def table(self) -> str:
        """What was seen, for a document."""
        lines = [
            f"| killed | times | {' | '.join(WRONG)} |",
            f"| --- | ---: |{' ---: |' * len(WRONG)}",
        ]
        for window in WINDOWS:
            kinds = {of: count for (at, of), count in self.kinds.items() if at == window}
            said = ", ".join(f"{count} by {of}" for of, count in sorted(kinds.items()))
            lines.append(f"| {window}: {said} | {sum(kinds.values())} |{' 0 |' * len(WRONG)}")
        lines.append(f"| **all** | {self.kinds.total()} |{' 0 |' * len(WRONG)}")
        middle = "; ".join(f"{what} {n}" for what, n in sorted(self.looker.middle.items()))
        return "\n".join([*lines, "", f"Seen under way, and told to be: {middle}."])


def _new_identity(path: Path) -> str:
    """Makes a key of a vault; its recipient."""
    made = pyrage.x25519.Identity.generate()
    path.touch(0o600)
    path.write_text(f"{made}\n")
    return str(made.to_public())


def _later(days: int) -> None:
    """So that there is another anchor."""
    now = time.time
    time.time = lambda: now() + days * _DAY


def _in_small_parts() -> None:
    """So that there are many moments while few objects are wrapped anew."""
    rewrapping._PART, rewrapping._FEW, rewrapping._TASK = 60, 30, 20
