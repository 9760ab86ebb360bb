"""How a question to a node can fail, and which failures pass."""

from __future__ import annotations

__all__ = ["TooMuchError", "WrongNodeError", "asked_pause", "is_away", "will_pass"]

_LONGEST_PAUSE = 20.0
"""Seconds, however long a node asks to be left alone."""


def is_away(error: Exception) -> bool:
    """Whether nobody answered, or a server that cannot now."""
    import requests

    answer = error.response if isinstance(error, requests.RequestException) else None
    if answer is not None:
        return answer.status_code in (408, 429) or answer.status_code >= 500
    if isinstance(error, requests.exceptions.SSLError):  # it is there, and perhaps another
        return False
    return isinstance(error, requests.ConnectionError | requests.Timeout)


class TooMuchError(ValueError):
    """The node answered that it is asked too much; its words."""


class WrongNodeError(ValueError):
    """The node is on another chain than the others, and is not asked again."""


def will_pass(error: Exception, number: int, others: bool) -> bool:
    """Whether it may go well the next time, of another node where there are `others`."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        return status in (408, 429) or status >= 500 or others
    if isinstance(error, requests.RequestException | TooMuchError | WrongNodeError):
        return True
    return number == 0 or others  # an answer that is cut off once; twice, it is no node


def asked_pause(error: Exception) -> float:
    """The seconds for which a node asked to be left alone."""
    import requests

    answer = error.response if isinstance(error, requests.RequestException) else None
    said = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(said), _LONGEST_PAUSE) if said.isdecimal() else 0.0
