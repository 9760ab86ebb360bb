"""Every error that Kiseki raises on purpose, one tree.

    KisekiError
    ├── InvalidInput (also a ValueError)    a value given to Kiseki cannot be right
    ├── ProofError                          a proof does not show what it claims
    ├── CompositionError                    sources and levies that cannot rest on each other
    ├── SecretsError                        the key file cannot be used as it is
    │   └── SaltsMissing                    it cannot open what is registered
    ├── VaultError                          content cannot be kept or read as it should
    ├── FilesError                          files that cannot be registered as they are
    ├── LogDamaged                      the store of a transparency log is not what it must be
    ├── NotIsolated                         a stranger's command cannot be kept apart here
    ├── SigningError                        a wallet that cannot sign, or did not
    └── ChainError                          something about a node or a chain
        ├── NodeUnreachable                 no answer from the node
        │   └── NodeAway                    it does not answer now, and may later
        ├── NodeBehind                      the node lacks a block that another node has
        ├── NodeBusy                        the node is asked too much, or the plan is used up
        ├── NodeContradicts                 the node's answer cannot be true
        ├── WrongChain                      the node is on another chain than expected
        ├── Unprovable                      the node has no proof, which says nothing of the claim
        ├── NotDeployed                     the suite is not on this chain, or not the whole of it
        ├── FeeTooHigh                      the chain asks more than the cap that the user set
        ├── TransactionFailed               sent, and not carried out
        └── ContractReverted                a contract refused, and says why
            └── DifferentValues             it is there already, and not as asked

A message says what is wrong and what to do about it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = [
    "ChainError",
    "CompositionError",
    "ContractReverted",
    "DifferentValues",
    "FeeTooHigh",
    "FilesError",
    "IndexInconsistent",
    "IndexUnusable",
    "InvalidInput",
    "KisekiError",
    "LogDamaged",
    "NodeAway",
    "NodeBehind",
    "NodeBusy",
    "NodeContradicts",
    "NodeUnreachable",
    "NotDeployed",
    "NotInIndex",
    "NotIsolated",
    "ProofError",
    "SaltsMissing",
    "SecretsError",
    "SigningError",
    "TrainingError",
    "TransactionFailed",
    "Unprovable",
    "VaultError",
    "WrongChain",
]


class KisekiError(Exception):
    """Root of every error that Kiseki raises on purpose."""


class InvalidInput(KisekiError, ValueError):  # noqa: N818 - reads as what happened
    """A value given to Kiseki cannot be right: wrong type, length, range, order or format."""


class ProofError(KisekiError):
    """A proof does not show what it claims: it breaks a rule or leads to another root."""


class CompositionError(KisekiError):
    """What was asked for cannot be composed, for instance levies above everything."""


class SecretsError(KisekiError):
    """The key file cannot be used as it is: others can read it, or it is damaged."""


class SaltsMissing(SecretsError):  # noqa: N818 - reads as what happened
    """The key store cannot open earlier registrations, so no new salts were made.

    Attributes:
        registrations: the IDs of these collections or models.
    """

    def __init__(self, message: str, registrations: Sequence[bytes]) -> None:
        super().__init__(message)
        self.registrations = tuple(registrations)


class VaultError(KisekiError):
    """Content cannot be kept or read as it should: damaged, cut off, of another key, no room."""


class FilesError(KisekiError):
    """Files that cannot be registered as they are: none, unreadable, or changing meanwhile."""


class LogDamaged(KisekiError):  # noqa: N818 - reads as what happened
    """The store of a transparency log lacks a node that its size says is there, holds something
    else in its place, or was added to meanwhile. Nothing was signed."""


class NotIsolated(KisekiError):  # noqa: N818 - reads as what happened
    """A stranger's command cannot be kept apart here, so it was not run."""


class SigningError(KisekiError):
    """A wallet that cannot sign, or did not: a wrong password, a refusal, another answer."""


class TrainingError(KisekiError):
    """What training consumed cannot be written down or read as it is: the ledger is damaged, full,
    in use, of another run, or a library that a hook needs is not there."""


class ChainError(KisekiError):
    """Something about a node or a chain."""


class NodeUnreachable(ChainError):  # noqa: N818 - reads as what happened
    """No answer from the node."""


class NodeAway(NodeUnreachable):
    """The node does not answer now, and may later: refused, too late, or a fault of its own."""


class NodeBehind(ChainError):  # noqa: N818 - reads as what happened
    """The node that answers does not have a block that another node has. It will, soon."""


class NodeBusy(ChainError):  # noqa: N818 - reads as what happened
    """The node says that it is asked too much; also when it was asked again after a while."""


class NodeContradicts(ChainError):  # noqa: N818 - reads as what happened
    """What the node answers contradicts the question or itself; also when it was asked again."""


class WrongChain(ChainError):  # noqa: N818 - reads as what happened
    """The node is on another chain than the one expected; nothing was sent."""


class Unprovable(ChainError):  # noqa: N818 - reads as what happened
    """The node has no proof. Whether what was to be shown is true, that leaves open."""


class NotDeployed(ChainError):  # noqa: N818 - reads as what happened
    """The suite is not on this chain, or not the whole of it."""


class FeeTooHigh(ChainError):  # noqa: N818 - reads as what happened
    """The chain asks more for gas now than the cap that the user set; nothing was sent."""


class TransactionFailed(ChainError):  # noqa: N818 - reads as what happened
    """A transaction was sent and not carried out.

    Attributes:
        fee: what it cost all the same, in wei, where it is in a block.
        transaction, block: its hash, and that block; none where it is in none.
    """

    def __init__(
        self,
        message: str,
        fee: int = 0,
        transaction: bytes | None = None,
        block: int | None = None,
    ) -> None:
        super().__init__(message)
        self.fee, self.transaction, self.block = fee, transaction, block


class ContractReverted(ChainError):  # noqa: N818 - reads as what happened
    """A contract refused.

    Attributes:
        name: Name of its custom error, such as ``DataRegistry_GateClosed``; ``Error`` for a text,
            ``Panic`` for a broken assumption, ``Unknown`` when nothing that Kiseki knows.
        values: The values it carries, by name.
    """

    def __init__(self, name: str, values: Mapping[str, Any], message: str) -> None:
        super().__init__(message)
        self.name = name
        self.values = dict(values)


class Difference(NamedTuple):
    """A value that is not as it was asked for.

    Attributes:
        what: which one.
        asked: what was asked for, in words.
        stands: what is on the chain, in words.
    """

    what: str
    asked: str
    stands: str


class DifferentValues(ContractReverted):
    """It is there already, with other values than were asked for; nothing was sent.

    Attributes:
        differences: each of these values.
    """

    def __init__(
        self,
        name: str,
        values: Mapping[str, Any],
        message: str,
        differences: tuple[Difference, ...],
    ) -> None:
        super().__init__(name, values, f"{name}: {message}")
        self.differences = differences


class IndexInconsistent(KisekiError):  # noqa: N818 - reads as what happened
    """The events contradict each other, the index or the contracts.

    Either events are missing, or the chain was reorganised, or the index composes otherwise than
    the contracts, which would be a fault of Kiseki's. Nothing of the failing call is kept.
    """


class IndexUnusable(KisekiError):  # noqa: N818 - reads as what happened
    """The file or database of the index cannot be used. Nothing is lost with it: it can be read
    again from the chain."""


class NotInIndex(KisekiError, LookupError):  # noqa: N818 - reads as what happened
    """No event up to the index's block speaks of what was asked for."""
