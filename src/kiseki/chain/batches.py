"""Many questions in as few requests as a node takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from kiseki.chain.answers import NONSENSE
from kiseki.chain.refusals import Kind, Refusal

__all__ = ["Asked", "Batches"]

Asked = tuple[str, Sequence[Any]]
"""A method and its parameters."""

_MOST = 100
_MOST_BYTES = 1_000_000
"""Of one request: nodes refuse longer ones, Anvil above 2 MB."""
_NOT_TAKEN = (400, 405, 411, 413, 414, 415, 422)
"""HTTP's words for a request that is not looked at: with them nothing in it was done."""
_NOT_THE_NUMBER = (401, 407, 408, 429)
"""What HTTP says in these words has nothing to do with how many questions there are."""


def _length(param: Any) -> int:
    """Of a parameter, as far as it is text: the data of a call is in a mapping."""
    texts = param.values() if isinstance(param, Mapping) else (param,)
    return sum(len(each) for each in texts if isinstance(each, str))


class Asks(Protocol):
    """A connection, as batches need one."""

    def answer(self, method: str, params: Sequence[Any]) -> Any:
        """The whole answer to one question."""

    def answers(self, asked: Sequence[Asked]) -> Any:
        """Whole answers in one request, as a list; anything else where the request is refused."""

    def may_repeat(self, method: str) -> bool:
        """Whether a question does nothing, so that it can be asked again."""


class Batches:
    """Asks many questions. A request that is refused is cut into halves, down to one question.

    Nodes refuse a request of many in their own ways: by an HTTP error or a page, by one error for
    all, by errors without a number, by fewer answers than questions. What a node took is
    remembered, so it is asked no more at once.
    """

    def __init__(self, node: Asks) -> None:
        self._node, self._most = node, _MOST

    def ask(self, questions: Sequence[Asked]) -> list[Any]:
        """Whole answers, in the order of the questions; raises as the connection does."""
        before, answers = self._most, list[Any]()
        try:
            while len(answers) < len(questions):
                some = self._next(questions, len(answers))
                together = self._together(some)
                if together is None:
                    self._most = len(some) // 2
                else:
                    answers += together
        except Exception:
            self._most = before  # it was not the number of questions
            raise
        return answers

    def _next(self, questions: Sequence[Asked], start: int) -> Sequence[Asked]:
        size = 0
        for place, (_, params) in enumerate(questions[start : start + self._most], start):
            size += sum(map(_length, params))
            if place > start and size > _MOST_BYTES:
                return questions[start:place]
        return questions[start : start + self._most]

    def _together(self, some: Sequence[Asked]) -> list[Any] | None:
        """The answers; none where the node refuses so many at once."""
        import requests

        if len(some) == 1:
            return [self._node.answer(*some[0])]
        harmless = all(self._node.may_repeat(method) for method, _ in some)
        try:
            answers = self._node.answers(some)
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if status in _NOT_TAKEN or (harmless and status not in _NOT_THE_NUMBER):
                return None
            raise
        except NONSENSE:  # a page, mostly
            if harmless:
                return None
            raise
        if not isinstance(answers, list):
            return None
        # Some answer the first ones, and say of the others that all of it became too large.
        return [
            self._node.answer(*each) if self._is_cut_off(each, answer) else answer
            for each, answer in zip(some, answers, strict=True)
        ]

    def _is_cut_off(self, asked: Asked, answer: Any) -> bool:
        if asked[0] == "eth_getLogs":  # who asks for logs asks for fewer blocks then
            return False
        error = answer.get("error")
        return (
            isinstance(error, dict | str)
            and Refusal(error).kind is Kind.LIMIT
            and self._node.may_repeat(asked[0])
        )
