"""Any file with a signed message, whatever it says: whose it is, and whether it still counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiseki.client import cancellations, consentfiles, identities, statements
from kiseki.client.accounts import recoveries
from kiseki.client.accounts.undeployed import notes
from kiseki.client.data import payees, revocations, waivers
from kiseki.client.data.consents import Consent
from kiseki.client.data.standing import StandingConsent
from kiseki.client.letters import Letter
from kiseki.client.models import prepared as models
from kiseki.client.outputs import prepared as outputs
from kiseki.client.revenue import redirects
from kiseki.client.rights import agreements, mints
from kiseki.core import documents
from kiseki.core.checksum import checksummed
from kiseki.errors import InvalidInput

__all__ = ["LETTERS", "SignedFile", "read"]

LETTERS: tuple[Letter, ...] = (
    agreements.APPROVAL, agreements.CANCEL, cancellations.LETTER, identities.LETTER, mints.LETTER,
    models.LETTER, outputs.LETTER, payees.CHANGE, recoveries.LETTER, redirects.LETTER,
    revocations.COLLECTION, revocations.ITEM, statements.LETTER, waivers.LETTER,
)  # fmt: skip
"""Every kind of letter."""
_ASKED = (Consent, StandingConsent)
"""What somebody is asked to sign in a file that another prepared."""


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A file with a signed message.

    Attributes:
        form: its format.
        words: what it says, in sentences.
        signer: whose signature it is, or whose is asked for; checksummed.
        chain_id, contract: what it is for.
        nonce: its number, by which it is cancelled.
        deadline: last second at which it counts.
        is_signed: whether the signature is there.
        message: the typed data itself.
        notes: what is to be known of a signature that is no wallet's, in sentences.
    """

    form: str
    words: tuple[str, ...]
    signer: str
    chain_id: int
    contract: str
    nonce: int
    deadline: int
    is_signed: bool
    message: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def read(path: str | Path, language: str = "en") -> SignedFile:
    """What is in a file; everything is computed again, as for whoever brings it.

    Args:
        language: of its words.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is no such file, or says other things than are signed.
        SigningError: the signature is another's.
    """
    form = _form(Path(path))
    for letter in LETTERS:
        if letter.form == form:
            signed = letter.read(path)
            chain_id, contract = consentfiles.place(signed.message)
            return SignedFile(
                form, (letter.words(signed, language),), signed.signer, chain_id,
                checksummed(contract), signed.nonce, signed.deadline, True, signed.message,
                tuple(notes(signed.signature, signed.signer, language)),
            )  # fmt: skip
    for kind in _ASKED:
        if form == kind.FORM:
            asked = kind.read(path)
            return SignedFile(
                form, tuple(asked.words(language)), checksummed(asked.asked), asked.chain_id,
                checksummed(asked.contract), asked.nonce, asked.ends, asked.signature is not None,
                asked.message, tuple(notes(asked.signature, asked.asked, language)),
            )  # fmt: skip
    if not form:
        raise InvalidInput(f"{path} is no signed message; name a file that `--sign` wrote")
    raise InvalidInput(
        f"{path} is no signed message that Kiseki knows (its format is {form!r:.80}); an "
        "endorsement cannot be cancelled, and a document of origin is taken back with `kiseki "
        "data origin take-back`"
    )


def _form(path: Path) -> str:
    try:
        ours, _ = consentfiles.document(consentfiles.read(path))
        return str(ours["format"])
    except (InvalidInput, KeyError, TypeError):
        try:
            return str(documents.parse(consentfiles.read(path))["format"])
        except (InvalidInput, KeyError):
            return ""
