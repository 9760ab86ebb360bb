"""Rights that move by themselves, as they are agreed at the command line (promise 5)."""

import pytest

from kiseki import LocalKiseki

from .conftest import ARTIST, BUYER, FREE, Shell

MINE = ("--account", "test:1")
DAY = 86_400


@pytest.mark.parametrize(
    ("after", "met"), [("30d", False), ("2999-12-31", False), ("1971-01-01", None)]
)
def test_a_time_that_a_schedule_waits_for_counts_from_now(
    shell: Shell, k: LocalKiseki, after: str, met: bool | None
) -> None:
    """A condition of 30 days that counted from 1970 would be met at once, and the token gone."""
    shell.files("art")
    made = shell.json("data", "register", *FREE, "art", *MINE)["collections"][0]["collection"]
    shell.json("rights", "mint", "collection", made, "--set-payee", *MINE)
    schedule = ("rights", "schedule", "collection", made, BUYER, "--deadline", "90d")
    if met is None:
        assert "--after has passed" in shell.run(*schedule, "--after", after, *MINE, code=2)
        return
    told = shell.run(*schedule, "--after", after, *MINE)
    assert "1970" not in told
    (open_,) = shell.json("rights", "pending", ARTIST)
    assert [each["met"] for each in open_["conditions"]] == [met]
    if after == "30d":
        shell.json("local", "wait", "31d")
        assert shell.json("rights", "pending", ARTIST)[0]["due"]
        assert k.session.now() < open_["deadline"] < k.session.now() + 60 * DAY
