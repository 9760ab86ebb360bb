"""Days that people type mean one moment."""

from datetime import UTC, datetime, timedelta

import pytest

from kiseki.cli.context import moment

from .conftest import Shell


@pytest.mark.parametrize("text", ["2027-12-31", "20271231", "2027-W52-5"])
def test_a_day_counts_to_its_end_however_it_is_written(text: str) -> None:
    assert moment(text, "it") == datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_time_is_that_time_in_its_own_zone(shell: Shell) -> None:
    """The zone was dropped, so terms held for nine hours more than their provider said."""
    assert moment("2027-12-31T10:00", "it") == datetime(2027, 12, 31, 10, tzinfo=UTC)
    assert moment("30d", "it") == timedelta(days=30)
    terms = ("data", "terms", "--uses", "train", "--royalty", "20%")
    made = shell.json(*terms, "--until", "2027-12-31T00:00:00+09:00")
    assert "until 2027-12-30 15:00 UTC" in made["words"]
    assert "until 2027-12-31 00:00 UTC" in shell.json(*terms, "--until", "2027-12-31")["words"]
