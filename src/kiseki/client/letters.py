"""Letters: one signed message as a file, for somebody else to bring.

Whoever has a letter can only do what it says. It is shown in words before it is signed; what it
says is made again from the message when it is read, and a file that says otherwise is refused. ::

    made = k.revenue.redirect.prepare(to)            # nothing is signed yet
    print(redirects.LETTER.words(made))
    redirects.LETTER.write("alice.json", k.revenue.redirect.sign(made))
    ...
    k.revenue.claim(redirections=[redirects.LETTER.read("alice.json")])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from kiseki.chain.release.releases import names
from kiseki.chain.signing.remote import checked_signature
from kiseki.client import consentfiles as files
from kiseki.client.session import Session
from kiseki.client.wallet import Signed
from kiseki.core import accounts, documents
from kiseki.core.checksum import checksummed
from kiseki.core.values import address, from_hex, to_hex
from kiseki.errors import FilesError, InvalidInput

__all__ = ["Letter", "Remake", "Words", "contract_here", "must_be_for"]


class Words(Protocol):
    """Says what a letter says, in a language."""

    def __call__(self, signed: Signed, language: str = "en") -> str: ...


Remake = Callable[[int, str, Mapping[str, Any], int, int], dict[str, Any]]
"""(chain, contract, message, nonce, deadline) -> the typed data that these give."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One kind of letter.

    Attributes:
        form: its format, with its version.
        signer: which member of the message names who signs; or of `more`, where the message names
            nobody.
        remake: makes the typed data again, so that nothing else is in it.
        words: what a letter says, for people, signed or not.
        otherwise: what to say of a file that is no such letter.
        more: members of the file that hold what the message binds only by its hash
            (`Signed.more`).
        fits: refuses them where they are not what the message binds.
        number: which member of the message is its number.
    """

    form: str
    signer: str
    remake: Remake
    words: Words
    otherwise: str
    more: tuple[str, ...] = ()
    fits: Callable[[Signed], None] = lambda _: None
    number: str = "nonce"

    def write(self, path: str | Path, signed: Signed) -> None:
        """Writes it to a new file.

        Raises:
            FilesError: it cannot be written, or there is a file already.
        """
        if Path(path).exists():
            raise FilesError(f"there is a file {path} already; name another")
        files.write(Path(path), self.to_json(signed))

    def read(self, path: str | Path) -> Signed:
        """A letter, once its signature was found to be its signer's. Of an account's signature only
        the chain can tell that, when somebody brings it.

        Raises:
            FilesError: it cannot be read.
            InvalidInput: it is none, or says other things than are signed.
            SigningError: the signature is another's.
        """
        return self.from_json(files.read(Path(path)), str(path))

    def to_json(self, signed: Signed) -> str:
        """The text of its file."""
        signature = to_hex(signed.signature)
        more = {name: signed.more[name] for name in self.more}
        said = files.told(lambda language: self.words(signed, language))
        ours = {"format": self.form, **said, **more, "signature": signature}
        return files.text(ours, signed.message)

    def from_json(self, given: str | bytes, path: str = "this") -> Signed:
        """A letter from the text of its file; see `read`.

        Args:
            path: what it is called in errors.

        Raises:
            InvalidInput, SigningError: as `read`.
        """
        try:
            ours, typed_data = files.document(given)
            says = tuple(files.told(str))
            names = ("format", "signature", *says, *self.more)
            form, raw, *rest = documents.members(ours, names, "kiseki")
            said, more = rest[: len(says)], rest[len(says) :]
            if form != self.form:
                raise InvalidInput(f"its format is {form!r:.80}")
            beside = dict(zip(self.more, more, strict=True))
            signed = replace(self._made_again(typed_data, raw, beside), more=beside)
            self.fits(signed)
        except (InvalidInput, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"{path} {self.otherwise}") from error
        right = signed.signature
        if accounts.key_in(right, signed.message) is None:
            right = checked_signature(right, signed.message, signed.signer)
        if said != list(files.told(lambda language: self.words(signed, language)).values()):
            raise InvalidInput(f"{path} does not say what was signed; ask whoever made it why")
        return replace(signed, signature=right)

    def _made_again(self, given: dict[str, Any], raw: object, beside: Mapping[str, Any]) -> Signed:
        chain_id, contract = files.place(given)
        told = given["message"]
        nonce = documents.decimal(told[self.number], f"the {self.number}")
        deadline = documents.decimal(told["deadline"], "the deadline")
        message = self.remake(chain_id, contract, told, nonce, deadline)
        if message != given:
            raise InvalidInput("it holds something else")
        named = told[self.signer] if self.signer in told else beside[self.signer]
        who = checksummed(address(named, "who signs"))
        signature = files.signature(from_hex(raw, None, "the signature"))
        return Signed(who, message, nonce, deadline, signature)


def must_be_for(session: Session, signed: Signed) -> str:
    """The name of the contract of this suite that a signed message is for.

    Raises:
        InvalidInput: it is for another chain or contract.
    """
    return contract_here(session, *files.place(signed.message))


def contract_here(session: Session, chain_id: int, contract: str) -> str:
    """The name of a contract of this suite, by its chain and address.

    Raises:
        InvalidInput: it is another chain's, or none of this suite.
    """
    at = contract.lower()
    if chain_id != session.chain_id or at not in names():
        raise InvalidInput(
            f"it is for chain {chain_id} and the contract {at}, and this is chain "
            f"{session.chain_id}, whose suite has no such contract; act on the chain that is named"
        )
    return names()[at]
