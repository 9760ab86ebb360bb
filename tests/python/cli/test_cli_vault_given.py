"""Who got what of a provider's items: `kiseki vault receipts`, and a vault that shows it wrong.

Promise 6 and invariant 11: what the log has can be neither altered nor left out unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest

from kiseki import LocalKiseki
from kiseki.client.vault.given import given
from kiseki.client.vault.site import VaultSite
from kiseki.client.vault.weblogs import WebLogs
from kiseki.errors import ProofError

from .conftest import Shell
from .test_cli_vault_handing import ARTIST, STRANGER, STUDENT, Studio

MINE = ("--account", "test:1", "--secrets", "artist/secrets")


@pytest.fixture
def studio(shell: Shell, k: LocalKiseki) -> Iterator[Studio]:
    made = Studio(shell, k)
    with made.serving():
        yield made


def test_an_artist_sees_who_got_what_and_that_it_is_all(studio: Studio) -> None:
    shell = studio.shell
    ask = ("vault", "receipts", studio.url)
    assert "Nothing of yours was handed out." in shell.run(*ask, *MINE)
    studio.license()
    studio.get(2, "got")
    studio.get(1, "own")
    said = " ".join(shell.run(*ask, *MINE).split())
    assert "That is 10 receipts: all that the log" in said
    assert f"{studio.collection} {STUDENT} ai_generative_training licence 5" in said
    assert f"{studio.collection} {ARTIST} ai_generative_training provider 5" in said
    told = shell.json(*ask, *MINE)["receipts"]
    assert [each["who"] for each in told] == [STUDENT] * 5 + [ARTIST] * 5
    assert len({each["item"] for each in told}) == 5
    assert all(each["until"] for each in told[:5]) and told[5]["until"] is None
    # Who was given something is no provider, and is shown nothing of others.
    other = shell.json(*ask, "--account", "test:5", "--secrets", "their-5")
    assert other["receipts"] == [] and STRANGER.lower() in other["log"]


class Lying(VaultSite):
    """A real vault, of whose receipts some are changed on the way."""

    lie: Any = staticmethod(lambda rows: rows)

    def receipts(self, since: int) -> Sequence[Mapping[str, Any]]:
        rows: Sequence[Mapping[str, Any]] = self.lie(list(super().receipts(since)))
        return rows


def _renumbered(rows: list[Any]) -> list[Any]:
    return [each | {"number": number} for number, each in enumerate(rows)]


LIES = {
    "one is dropped": lambda rows: rows[:2] + rows[3:],
    "one is dropped and the rest renumbered": lambda rows: _renumbered(rows[:2] + rows[3:]),
    "the last is dropped": lambda rows: [each for each in rows if each["number"] < 4],
    "two change places": lambda rows: _renumbered([rows[1], rows[0], *rows[2:]]),
    "one names somebody else": lambda rows: [
        rows[0] | {"receipt": rows[0]["receipt"].replace(STUDENT.lower(), "0x" + "11" * 20)},
        *rows[1:],
    ],
    "one is put twice": lambda rows: _renumbered([rows[0], *rows]),
}


def test_receipts_that_are_not_those_in_the_log_are_found_out(
    studio: Studio, k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.license()
    studio.get(2, "got")
    artist = k.wallet(1)
    logs, provider = WebLogs(studio.url), ARTIST.lower()
    key = logs.key(provider)
    with closing(Lying(studio.url, artist.signer, artist.session.chain_id)) as site:
        assert len(list(given(site, logs, provider, key))) == 5
        for name, lie in LIES.items():
            monkeypatch.setattr(Lying, "lie", staticmethod(lie))
            with pytest.raises(ProofError):
                print(name, list(given(site, logs, provider, key)))
