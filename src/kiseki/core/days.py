"""Times in words, and for how many days signatures count where nobody says otherwise."""

from kiseki.core.counts import counted
from kiseki.language import moment

__all__ = ["LONGEST_REDIRECT_DAYS", "REDIRECT_DAYS", "SIGNED_DAYS", "WAITING_DAYS",
           "ago", "day", "utc"]  # fmt: skip

SIGNED_DAYS = 6
"""For how long a signature counts where nobody says otherwise. Fewer days than the 7 that a revoked
item may still be declared, so what was looked at before signing holds whenever it is submitted."""

WAITING_DAYS = 30
"""For how long one counts that other people must find the time for, and that nothing makes false
meanwhile: consent to one's own data, a waiver, an approval, a binding."""

REDIRECT_DAYS = 14
"""For how long a redirect counts where its signer says nothing else."""

LONGEST_REDIRECT_DAYS = 29
"""For how long a redirect can count: the contract takes 30 days by its own clock, and one is left
for clocks that differ."""


def utc(seconds: int, language: str = "en") -> str:
    """A time as people read it wherever Kiseki says one: ``2027-12-31 14:05 UTC``.

    Args:
        seconds: since 1970, as chains count. What a calendar does not have stays a number.
    """
    return moment(seconds, language)


def ago(seconds: int) -> str:
    """How long something is ago: ``3 hours ago``."""
    if seconds < 120:
        return f"{counted(seconds, 'second')} ago"
    if seconds < 7_200:
        return f"{counted(seconds // 60, 'minute')} ago"
    if seconds < 172_800:
        return f"{counted(seconds // 3_600, 'hour')} ago"
    return f"{counted(seconds // 86_400, 'day')} ago"


def day(seconds: int) -> str:
    """The day of such a time, in UTC: ``2027-12-31``."""
    return utc(seconds)[:10]
