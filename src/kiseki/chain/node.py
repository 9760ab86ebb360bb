"""A connection to a node, with others to fall back on.

Kiseki asks in JSON-RPC and reads the answers itself, so that a question needs no web3, whose import
takes longer than most commands. `Node.w3` is there for whoever wants it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from kiseki.chain.answers import NONSENSE, quantity
from kiseki.chain.batches import Asked, Batches
from kiseki.chain.failures import TooMuchError, WrongNodeError, asked_pause, is_away, will_pass
from kiseki.chain.http import session
from kiseki.chain.refusals import Kind, Refusal
from kiseki.core import documents
from kiseki.core.values import from_hex, one_line
from kiseki.errors import (
    ChainError,
    InvalidInput,
    KisekiError,
    NodeAway,
    NodeBusy,
    NodeUnreachable,
    WrongChain,
)

if TYPE_CHECKING:
    import requests
    from web3 import Web3
    from web3.types import RPCEndpoint, RPCResponse

__all__ = ["Node", "absent", "answered_with", "connect", "place"]

_PAUSES = (0.1, 0.4, 1.6)
"""Seconds before a question is asked again, each time of another node if there is one."""

_NEVER_TWICE = (
    "account_", "anvil_", "evm_", "personal_", "wallet_", "eth_send", "eth_sign",
)  # fmt: skip
"""What methods begin like that do something each time, or (a signed transaction) are refused the
second time, which their sender must be able to tell from a refusal."""


_TOLD: Mapping[str, str] = {
    "eth_call": "what a contract says now",
    "eth_getBalance": "what a wallet holds",
    "eth_getCode": "which contracts are there",
    "eth_getBlockByNumber": "how far the chain is",
    "eth_getLogs": "what was logged since",
    "eth_getProof": "a proof",
    "eth_getTransactionByHash": "what became of a transaction",
}
"""What a node is asked for, in words."""


def connect(
    url: str | Sequence[str],
    chain_id: int | None = None,
    timeout: float = 30.0,
    within: float | None = None,
) -> Node:
    """A connection to the node at `url`.

    Args:
        url: of its JSON-RPC over HTTP; several, as a sequence or with commas between, are nodes to
            fall back on, which must be on the same chain.
        chain_id: the chain it must be on, when that is known.
        timeout: seconds for one request.
        within: seconds after which the first question is not asked again; half of them for one
            request. As for any other question, if left out.

    Raises:
        InvalidInput: not an http(s) URL, or one without a host or with a port that is none.
        NodeUnreachable: nothing answers there; NodeAway, if it may later.
        WrongChain: it is on another chain.
    """
    import requests

    node = Node(url, timeout)
    try:
        node.settle(chain_id, within)
    except KisekiError:
        raise
    except Refusal as error:
        raise ChainError(
            f"the node at {node.place} does not say on which chain it is "
            f"({one_line(error.message)}); name another node"
        ) from None
    except (requests.RequestException, *NONSENSE) as error:
        # Without the cause: it would hold the URL, and with it perhaps a key.
        said = answered_with(error)
        if not isinstance(error, requests.RequestException):
            raise NodeUnreachable(
                f"no node answers at {node.place}: what is there says what no node says "
                f"({type(error).__name__}); check the URL and its key"
            ) from None
        kind = NodeAway if is_away(error) else NodeUnreachable
        raise kind(
            f"what answers at {node.place} is no node for us: {said}; check the URL and its key"
            if said
            else f"no node answers at {node.place} ({type(error).__name__}); `kiseki "
            "node` runs a local one; for another check the URL"
        ) from None
    return node


def absent(url: str | Sequence[str], chain_id: int, why: ChainError) -> Node:
    """A node that is known not to answer, for whoever can do without: see `Node.give_up`."""
    node = Node(url, 0)
    node.give_up(why, chain_id)
    return node


@cache
def _provider() -> Any:
    """What web3 asks. Made when somebody wants it: importing web3 takes a second."""
    from web3.providers.base import JSONBaseProvider

    class Provider(JSONBaseProvider):
        def __init__(self, node: Node) -> None:
            super().__init__()
            self.node = node

        def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
            return self.node.answer(method, params)  # type: ignore[no-any-return]

        def make_batch_request(
            self, requests: list[tuple[RPCEndpoint, Any]]
        ) -> list[RPCResponse] | RPCResponse:
            return self.node.answers(requests)  # type: ignore[no-any-return]

    return Provider


class Node:
    """One node or several on one chain, of which one is asked until it fails.

    What may be asked twice is asked again after a pause, of the next node: when nobody answers, on
    429 and 5xx, and when the answer is cut off.

    Attributes:
        place: where they are, without what may be a key.
        step: how many blocks at a time the node answered last about logs, to begin with the next
            time; see `chain.history`.
        away: why no question is asked any more; see `give_up`.
    """

    def __init__(self, urls: str | Sequence[str], timeout: float) -> None:
        listed = urls.split(",") if isinstance(urls, str) else list(urls)
        self._urls = [each.strip() for each in listed]
        self.place = ", ".join(map(place, self._urls))
        self.step: int | None = None
        self.away: ChainError | None = None
        self._timeout = timeout
        self._chain_id: int | None = None
        self._checked: set[str] = set()
        self._sessions = threading.local()
        self._numbers = itertools.count(1)
        self._wrong: WrongChain | None = None
        self._batches = Batches(self)

    def __repr__(self) -> str:
        return f"Node({self.place})"

    @property
    def urls(self) -> tuple[str, ...]:
        """Of the nodes, the one that is asked now first. They may hold keys: never show them."""
        return tuple(self._urls)

    def settle(self, chain_id: int | None, within: float | None = None) -> int:
        """Finds out the chain, which every node must be on.

        Args:
            within: seconds after which it is not asked again.

        Raises:
            WrongChain: it is another than `chain_id`.
        """
        found = self._with_patience(True, lambda url: self._chain(url, within), within)
        if chain_id is not None and found != chain_id:
            raise WrongChain(
                f"the node at {place(self._urls[0])} is on chain {found}, not {chain_id}; "
                "nothing was sent"
            )
        self._chain_id = int(found)
        self._checked = {self._urls[0]}
        return self._chain_id

    @cached_property
    def w3(self) -> Web3:
        """The same connection for web3, which is imported now. Kiseki itself does not use it."""
        from web3 import Web3

        w3 = Web3(_provider()(self))
        # It asks for the chain's ID before every call. Ours is signed into every transaction.
        w3.middleware_onion.remove("validation")
        return w3

    @property
    def chain_id(self) -> int:
        """The chain that every node is on, from the time of the connection."""
        return self._chain_id or self.settle(None)

    def give_up(self, why: ChainError, chain_id: int | None = None) -> None:
        """Asks nothing any more: from now on every question fails at once, and says why.

        Args:
            chain_id: the chain that the node would be on.
        """
        self.away = why
        self._chain_id = chain_id or self._chain_id

    def _must_answer(self, method: str) -> None:
        if self.away is not None:
            told = _TOLD.get(method, f"what is asked by {method}")
            raise NodeAway(f"only a node tells {told}, and {self.away}") from None

    def one(self, method: str, *params: Any) -> Any:
        """The result of one question.

        Raises:
            Refusal: the node refuses it.
            requests.RequestException, ValueError, …: see `contracts.node_errors`.
        """
        result = _result(self.answer(method, params))
        if isinstance(result, Refusal):
            raise result
        return result

    def ask(self, questions: Sequence[Asked]) -> list[Any | Refusal]:
        """The results of many questions in as few requests as nodes take, refusals among them.

        Raises:
            requests.RequestException, ValueError, …: see `contracts.node_errors`.
        """
        return [_result(each) for each in self._batches.ask(questions)]

    def balance(self, wallet: str) -> int:
        """What a wallet holds now, in wei; raises as `one` does."""
        return quantity(self.one("eth_getBalance", wallet, "latest"), 256)

    def code(self, at: str) -> bytes:
        """The code at an address now; raises as `one` does."""
        return from_hex(self.one("eth_getCode", at, "latest"), None, "the code")

    def answer(self, method: str, params: Sequence[Any]) -> Any:
        """The node's whole answer to one question, as JSON-RPC has it; raises as `one` does."""
        self._must_answer(method)
        again = self.may_repeat(method)

        def ask() -> Any:
            return self._with_patience(
                again, lambda url: self._post(url, self._question(method, params))
            )

        answer = ask()
        for pause in _PAUSES if again else ():
            if not _passes(answer, params):
                break
            self._rest(pause)
            answer = ask()
        return answer

    def answers(self, asked: Sequence[Asked]) -> Any:
        """Whole answers to several questions in one request, in their order; one if refused."""
        for method, _ in asked:
            self._must_answer(method)
        questions = [self._question(*each) for each in asked]
        again = all(map(self.may_repeat, (method for method, _ in asked)))

        def post(some: list[dict[str, Any]]) -> Any:
            return self._with_patience(again, lambda url: self._post(url, some))

        answer = post(questions)
        by_number = _by_number(questions, answer)
        if by_number is None:
            one = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
            return one if isinstance(one, dict) else {}  # one error for all, or nonsense
        for pause in _PAUSES:  # some count what is in a batch and leave the rest, some lack a block
            late = [e for e in questions if _passes(by_number[e["id"]], e["params"])]
            if not late:
                break
            self._rest(pause)
            again_answered = _by_number(late, post(late))
            if again_answered is None:
                break
            by_number |= again_answered
        return [by_number[each["id"]] for each in questions]

    def pass_over(self) -> None:
        """Asks the next node from now on, where there is one: this one is behind, say."""
        self._turn(self._urls[0])

    def may_repeat(self, method: str) -> bool:
        """Whether a question does nothing, so that it can be asked again."""
        return not method.startswith(_NEVER_TWICE)

    def _question(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        number = next(self._numbers)
        return {"jsonrpc": "2.0", "method": method, "params": list(params or ()), "id": number}

    def _post(self, url: str, content: Any, timeout: float | None = None) -> Any:
        import requests

        if not hasattr(self._sessions, "one"):  # a session is not made for several threads
            self._sessions.one = session()
        encoder = _Encoder()
        answer = self._sessions.one.post(
            url,
            data=encoder.encode(content).encode(),
            headers={"Content-Type": "application/json"},
            timeout=timeout or self._timeout,
        )
        if answer.status_code >= 300 and not _is_understood(answer):
            raise requests.HTTPError(response=answer)
        found = documents.foreign(answer.content)
        if isinstance(found, dict) and _kind(found) is Kind.RATE:
            raise TooMuchError(one_line(Refusal(found["error"]).message))
        if not isinstance(found, dict | list):
            raise ValueError("no JSON-RPC answer")
        return found

    def _chain(self, url: str, within: float | None = None) -> int:
        answer = self._post(url, self._question("eth_chainId", []), within and within / 2)
        if "error" in answer:
            raise Refusal(answer["error"])
        return quantity(answer["result"], 64, 1)

    def _with_patience(
        self, again: bool, ask: Callable[[str], Any], within: float | None = None
    ) -> Any:
        """Asks until there is an answer, of one node after the other."""
        import requests

        began = time.monotonic()
        for number, pause in enumerate((*_PAUSES, None)):
            url = self._urls[0]
            asked = False
            try:
                self._check(url)
                asked = True
                return ask(url)
            except (requests.RequestException, Refusal, *NONSENSE) as error:
                # A node that cannot even say on which chain it is, is passed over.
                others = len(self._urls) > 1
                passes = will_pass(error, number, others) and (again or not asked)
                self._turn(url)
                is_late = within is not None and time.monotonic() - began >= within
                last = pause is None or not passes or is_late
                if last and isinstance(error, TooMuchError):
                    raise NodeBusy(
                        f"the node says that it is asked too much ({error}); run this again later, "
                        "or name another node"
                    ) from None
                if last:
                    if self._wrong is not None:
                        raise self._wrong from None
                    raise
                if number or len(self._urls) == 1:  # the first other node is asked at once
                    time.sleep(max(asked_pause(error), pause or 0) * random.uniform(0.5, 1))  # noqa: S311
        raise AssertionError("unreachable: the last try returns or raises")

    def _rest(self, pause: float) -> None:
        """Lets a while pass, and asks another node then."""
        self.pass_over()
        time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311

    def _turn(self, url: str) -> None:
        """The next node is asked from now on, unless another thread has turned already."""
        if url == self._urls[0]:
            self._urls = [*self._urls[1:], url]

    def _check(self, url: str) -> None:
        """A node that is asked for the first time must be on the chain of the others."""
        if self._chain_id is None or url in self._checked:
            return
        found = self._chain(url)
        if found != self._chain_id:
            self._wrong = WrongChain(
                f"the node at {place(url)} is on chain {found}, not {self._chain_id}; "
                "take it off the list; nothing was sent to it"
            )
            if len(self._urls) == 1:
                raise self._wrong
            self._urls = [each for each in self._urls if each != url]
            raise WrongNodeError
        self._checked.add(url)


def answered_with(error: Exception) -> str:
    """What a server said that answered with an HTTP error; empty where there was no answer."""
    import requests

    answer = error.response if isinstance(error, requests.RequestException) else None
    if answer is None:
        return ""
    said = f"HTTP {answer.status_code}"
    if 300 <= answer.status_code < 400:
        with contextlib.suppress(InvalidInput, ValueError):  # it says nowhere
            moved = place(urljoin(answer.url, answer.headers["Location"]))
            return f"{said} (it has moved to {moved}; name its URL there)"
    try:
        told = documents.foreign(answer.content)["error"]
        return f"{said} ({one_line(told if isinstance(told, str) else str(told['message']))})"
    except NONSENSE:  # a page, mostly
        return said


def _by_number(questions: Sequence[dict[str, Any]], answer: Any) -> dict[int, Any] | None:
    """The answer to each question, by its number, which some nodes write as text; none where not
    each has exactly one, because then nobody knows what is an answer to what."""
    if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
        return None
    known = {str(each.get("id")): each for each in answer}
    if len(known) != len(answer) or not all(str(each["id"]) in known for each in questions):
        return None
    return {each["id"]: known[str(each["id"])] for each in questions}


def _result(answer: Any) -> Any | Refusal:
    if answer.get("error") is not None:
        return Refusal(answer["error"])
    return answer["result"]


class _Encoder(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        return "0x" + bytes(o).hex() if isinstance(o, bytes | bytearray) else super().default(o)


def _kind(answer: Any) -> Kind | None:
    """What an answer to one question is about, where it is a refusal."""
    error = answer.get("error") if isinstance(answer, dict) else None
    return Refusal(error).kind if isinstance(error, dict | str) else None


def _passes(answer: Any, params: Sequence[Any]) -> bool:
    """Whether a refusal may pass: it was too much at once, or the node lacks a block by now."""
    tags = {"safe", "finalized"} & {each for each in params if isinstance(each, str)}
    kind = _kind(answer)
    return kind is Kind.RATE or (kind is Kind.LAG and not tags)


def _is_understood(answer: requests.Response) -> bool:
    """Whether what came with an HTTP error is a refusal of the question all the same."""
    try:
        kind = _kind(documents.foreign(answer.content))
    except NONSENSE:
        return False
    return kind not in (None, Kind.RATE, Kind.OTHER)


def place(url: str) -> str:
    """A node's URL without what may be a key: scheme, host and port.

    Raises:
        InvalidInput: not an http(s) URL, or one without a host or with a port that is none.
    """
    if not url.isprintable():
        raise InvalidInput("the node's URL holds characters that no URL has; type it again")
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        # Without the cause: it would hold part of the URL, and with it perhaps a key.
        raise InvalidInput(
            "the host or the port in the node's URL cannot be right; "
            "give one like http://127.0.0.1:8545"
        ) from None
    if scheme not in ("http", "https"):
        raise InvalidInput("a node's URL begins with http:// or https://")
    if not host:
        raise InvalidInput("the node's URL names no host; give one like http://127.0.0.1:8545")
    return f"{scheme}://{host}" + (f":{port}" if port else "")
