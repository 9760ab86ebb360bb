"""What the index raises on purpose, under :class:`kiseki.errors.KisekiError`."""

from kiseki.errors import KisekiError

__all__ = ["IndexInconsistent", "NotInIndex"]


class IndexInconsistent(KisekiError):  # noqa: N818 - reads as what happened
    """The events contradict each other, the index or the contracts.

    Either events are missing, or the chain was reorganised, or the index composes otherwise than
    the contracts, which would be a fault of Kiseki's. Nothing of the failing call is kept.
    """


class NotInIndex(KisekiError, LookupError):  # noqa: N818 - reads as what happened
    """No event up to the index's block speaks of what was asked for."""
