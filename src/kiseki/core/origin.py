"""Where data comes from: a document that says on which basis, from whom, when and how.

Only its hash is on the chain, as the origin of a collection. The document holds names, so it has a
salt: nobody can find out by guessing whose names they are. Whoever has the document can compare it
with the chain. That shows who said it and when, and never that it is true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from kiseki.core import documents
from kiseki.core.counts import counted
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, bytes32, from_hex, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = [
    "BASES", "KIND", "WORLD", "Evidence", "Origin", "OriginFile", "Owner", "Person", "Signature",
    "day", "read",
]  # fmt: skip

KIND = keccak256(b"origin")
"""The kind of a statement about where data comes from."""
BASES = ("own", "hire", "assigned", "licensed", "joint", "unknown", "public-domain")
"""On which basis works are used."""
WORLD = "world"
_FORM, _FILE = "kiseki-origin-v1", "kiseki-origin-file-v1"
_MARK = b"kiseki-origin"
_LONGEST, _MANY, _NAME, _TEXT, _SIGNATURE = 1 << 20, 100, 200, 4_000, 10_000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SHARE = re.compile(r"([1-9][0-9]{0,14})/([1-9][0-9]{0,14})|1", re.ASCII)
_ALSO = "\u3000\u200c\u200d"
"""What names hold beside what prints: the wide blank of Japanese, and two joiners."""
# Source: ISO 3166-1, as in iso3166.tab of the tz database; a test compares where that is installed.
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)
_TERRITORIES = frozenset(_CODES.split())


class Person(NamedTuple):
    """Somebody with a name, and with a wallet where one is known (empty otherwise)."""

    name: str
    wallet: str = ""


class Owner(NamedTuple):
    """Who owns a part of the works.

    Attributes:
        name: as the document's author writes it.
        who: a wallet, or ``0xISSUER:0xPERSON`` for somebody whom an issuer knows.
        share: of the whole.
        consents: whether nothing may be registered without this owner's signature.
    """

    name: str
    who: str
    share: Fraction
    consents: bool


class Evidence(NamedTuple):
    """A document that shows it, by keccak256, and what it is."""

    hash: bytes
    words: str


class Signature(NamedTuple):
    """An owner's consent: a signed `Statement` of the kind `KIND` about the document's hash.

    Attributes:
        owner: whose it is, in lower case.
        chain_id, contract: where it counts.
        nonce, deadline: of the signature; the last in Unix seconds.
        signature: 65 bytes, or what a contract wallet takes.
    """

    owner: str
    chain_id: int
    contract: str
    nonce: int
    deadline: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the works of a collection come from, as their provider says.

    Attributes:
        provider: who says it: the wallet whose collections it is for, in lower case.
        basis: one of `BASES`.
        collector: who collected them.
        first, last: the first and last day of that.
        how: they were collected.
        source: from whom, or from where; empty where the collector made them.
        evidence: documents that show it.
        territories: for which the basis holds, as ISO 3166-1 has them, or `WORLD` alone.
        owners: whose they are, with shares that add up to one; nobody where it is left open.
        search: how the authors were searched for who are not known.
        terms: the ID of the terms to which the owners agree; none where the provider sets them.
        salt: 32 random bytes.
    """

    provider: str
    basis: str
    collector: Person
    first: date
    last: date
    how: str
    salt: bytes = field(repr=False)
    source: str = ""
    evidence: tuple[Evidence, ...] = ()
    territories: tuple[str, ...] = (WORLD,)
    owners: tuple[Owner, ...] = ()
    search: str = ""
    terms: bytes | None = None

    def __post_init__(self) -> None:
        _wallet(self.provider, "the provider")
        if self.basis not in BASES:
            raise InvalidInput(
                f"the basis must be one of {', '.join(BASES)}, not {self.basis!r:.40}"
            )
        _text(self.collector.name, "the collector", _NAME)
        if self.collector.wallet != "":
            _wallet(self.collector.wallet, "the collector's wallet")
        if self.first > self.last:
            raise InvalidInput(f"collecting ends on {self.last}, before it begins on {self.first}")
        _text(self.how, "how it was collected")
        _text(self.source, "the source", least=0)
        _text(self.search, "the search", least=0)
        bytes32(self.salt, "the salt")
        if self.terms is not None:
            bytes32(self.terms, "the ID of the terms")
        for each in _few(self.evidence, "documents of evidence"):
            bytes32(each.hash, "the hash of the evidence")
            _text(each.words, "what the evidence is", _NAME)
        _check_territories(self.territories)
        _check_owners(_few(self.owners, "owners"))
        self._check_basis()

    def _check_basis(self) -> None:
        """What each basis needs, so that no document leaves out what its basis rests on."""
        known = [each for each in self.owners if ":" not in each.who]
        if self.basis == "joint" and len(self.owners) < 2:
            raise InvalidInput("a joint work has at least two owners; name them with their shares")
        if self.basis in ("assigned", "licensed") and not self.source:
            raise InvalidInput(f"say from whom the works are {self.basis}: the source is missing")
        if self.basis == "unknown" and (not self.search or not self.owners or known):
            raise InvalidInput(
                "for works of an unknown author say how the author was searched for, and name as "
                "owner the identity (0xISSUER:0xPERSON) that waits for them; a wallet is somebody"
            )
        if self.basis == "unknown" and self.required:
            raise InvalidInput("nobody can sign for an unknown author; require no consent of them")
        if self.basis == "public-domain" and self.owners:
            raise InvalidInput("nobody owns what is in the public domain; name no owners")

    @property
    def hash(self) -> bytes:
        """What is on the chain: keccak256 of `to_json`."""
        return keccak256(self.to_json().encode())

    @property
    def required(self) -> tuple[Owner, ...]:
        """The owners without whose signature nothing may be registered. The provider needs none:
        the registration is the provider's word."""
        return tuple(e for e in self.owners if e.consents and e.who != self.provider)

    def to_json(self) -> str:
        """The one text of it, of which the hash is taken."""
        return documents.write(self._plain())

    def _plain(self) -> dict[str, Any]:
        return {
            "format": _FORM,
            "provider": self.provider,
            "basis": self.basis,
            "collector": list(self.collector),
            "collected": [self.first.isoformat(), self.last.isoformat()],
            "how": self.how,
            "source": self.source,
            "evidence": [[to_hex(each.hash), each.words] for each in self.evidence],
            "territories": list(self.territories),
            "owners": [
                [each.name, each.who, str(each.share), each.consents] for each in self.owners
            ],
            "search": self.search,
            "terms": None if self.terms is None else to_hex(self.terms),
            "salt": to_hex(self.salt),
        }

    @classmethod
    def from_json(cls, text: str | bytes) -> Origin:
        """The document in a text that `to_json` gave.

        Raises:
            InvalidInput: it is none, or says what cannot be.
        """
        return cls._of(documents.read(_bounded(text), _FORM))

    @classmethod
    def _of(cls, document: dict[str, Any]) -> Origin:
        names = (
            "format", "provider", "basis", "collector", "collected", "how", "source", "evidence",
            "territories", "owners", "search", "terms", "salt",
        )  # fmt: skip
        (
            _, provider, basis, collector, days, how, source, evidence, territories, owners, search,
            terms, salt,
        ) = documents.members(document, names, "an origin")  # fmt: skip
        (who,) = documents.rows([collector], 2, "the collectors")
        ((first, last),) = documents.rows([days], 2, "the days")
        made = cls(
            provider=provider,
            basis=basis,
            collector=Person(*who),
            first=day(first, "the first day"),
            last=day(last, "the last day"),
            how=how,
            source=source,
            evidence=tuple(
                Evidence(from_hex(each, 32, "the hash of the evidence"), words)
                for each, words in documents.rows(evidence, 2, "the evidence")
            ),
            territories=tuple(territories) if isinstance(territories, list) else (),
            owners=tuple(
                Owner(name, owner, _share(share), consents)
                for name, owner, share, consents in documents.rows(owners, 4, "the owners")
            ),
            search=search,
            terms=None if terms is None else from_hex(terms, 32, "the ID of the terms"),
            salt=from_hex(salt, 32, "the salt"),
        )
        if made._plain() != document:
            raise InvalidInput("the origin is not written in its one form; make it anew")
        return made


@dataclass(frozen=True, slots=True)
class OriginFile:
    """A document of origin, with the signatures of owners that were gathered so far."""

    origin: Origin
    signatures: tuple[Signature, ...] = ()

    def with_signatures(self, more: Iterable[Signature]) -> OriginFile:
        """The same with these too. Which of them count only the contract says, so none takes the
        place of another; of more than a file can have the last ones are kept."""
        new = tuple(dict.fromkeys(more))
        before = (each for each in self.signatures if each not in new)
        return OriginFile(self.origin, (*before, *new)[-_MANY:])

    def to_json(self) -> str:
        """The text of the file, for people to read too."""
        rows = [
            [e.owner, e.chain_id, e.contract, str(e.nonce), str(e.deadline), to_hex(e.signature)]
            for e in self.signatures
        ]
        document = {"format": _FILE, "origin": self.origin._plain(), "signatures": rows}
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read(content: bytes) -> OriginFile | None:
    """What a file holds: a document of origin with or without signatures; none where it is a
    document of another kind, of which Kiseki knows only the hash.

    A file that begins to be an origin must be one, so that a slip in it does not make it free text.

    Raises:
        InvalidInput: it is an origin, and damaged or not one that can be.
    """
    if _MARK not in content:
        return None
    document = documents.parse(_bounded(content))
    if document.get("format") == _FORM:
        return OriginFile(Origin._of(document))
    if document.get("format") != _FILE:
        raise InvalidInput(f"format must be {_FILE!r}, not {document.get('format')!r:.80}")
    _, origin, signatures = documents.members(
        document, ("format", "origin", "signatures"), "a file of an origin"
    )
    if not isinstance(origin, dict) or origin.get("format") != _FORM:
        raise InvalidInput(f"the origin in the file must have the format {_FORM!r}")
    rows = _few(documents.rows(signatures, 6, "the signatures"), "signatures")
    return OriginFile(Origin._of(origin), tuple(_signature(*row) for row in rows))


def day(text: object, what: str) -> date:
    """A day as 2026-04-01.

    Raises:
        InvalidInput: it is none.
    """
    if isinstance(text, str) and _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InvalidInput(f"{what} must be a day, as 2026-04-01, not {text!r:.40}")


def _share(text: object) -> Fraction:
    if not isinstance(text, str) or not _SHARE.fullmatch(text):
        raise InvalidInput(f"a share must be a fraction, as 3/5, not {text!r:.40}")
    return Fraction(text)


def _signature(
    owner: object, chain: object, contract: object, nonce: object, deadline: object, given: object
) -> Signature:
    signature = from_hex(given, None, "a signature")
    if not 0 < len(signature) <= _SIGNATURE:
        raise InvalidInput("a signature is empty or too long")
    return Signature(
        _wallet(owner, "who signs"),
        uint(chain, 64, "the chain ID", 1),
        _wallet(contract, "the contract"),
        uint(documents.decimal(nonce, "the nonce"), 256, "the nonce"),
        uint(documents.decimal(deadline, "the deadline"), 256, "the deadline"),
        signature,
    )


def _wallet(text: object, what: str) -> str:
    found = address_text(address(text, what))
    if found != text:
        raise InvalidInput(f"{what} must be written in lower case here")
    return found


def _bounded(text: str | bytes) -> str | bytes:
    if len(text) > _LONGEST:
        raise InvalidInput("this is too long for a document of origin")
    return text


def _few(rows: Any, what: str) -> Any:
    if len(rows) > _MANY:
        raise InvalidInput(f"{len(rows):,} {what} are too many; {_MANY} are the most")
    return rows


def _text(text: object, what: str, most: int = _TEXT, least: int = 1) -> None:
    """A text of one line that shows as it is: nothing in it turns the order of what follows, moves
    the cursor or looks like nothing."""
    if not isinstance(text, str) or not least <= len(text) <= most:
        raise InvalidInput(f"{what} must be a text of {least} to {counted(most, 'character')}")
    if text != text.strip():
        raise InvalidInput(f"{what} has blanks around it; take them away")
    for each in text:
        if not each.isprintable() and each not in _ALSO:
            raise InvalidInput(
                f"{what} holds the character U+{ord(each):04X}, which cannot be seen; write it in "
                "one line of plain text"
            )


def _check_territories(given: tuple[object, ...]) -> None:
    if given == (WORLD,):
        return
    for each in given:
        if not isinstance(each, str) or each not in _TERRITORIES:
            raise InvalidInput(
                f"{each!r:.40} is no territory; write codes of two letters (ISO 3166-1), as JP or "
                f"GB, or {WORLD} alone"
            )
    if not given or list(given) != sorted(set(map(str, given))):
        raise InvalidInput("the territories must be sorted, each once, and at least one")


def _check_owners(owners: tuple[Owner, ...]) -> None:
    for each in owners:
        _text(each.name, "an owner's name", _NAME)
        wallet, colon, person = str(each.who).partition(":")
        _wallet(wallet, f"who {each.name} is")
        if colon and person != to_hex(from_hex(person, 32, f"the person {each.name}")):
            raise InvalidInput("a person must be written in lower case here")
        if not isinstance(each.consents, bool):
            raise InvalidInput("whether an owner's consent is required must be true or false")
        if each.share <= 0 or each.share.denominator >= 10**15:
            raise InvalidInput(f"the share of {each.name} must be above 0 and no finer than 1e-15")
    if len({each.who for each in owners}) < len(owners):
        raise InvalidInput("an owner is named twice; name each once, with the whole share")
    total = sum((each.share for each in owners), Fraction(0))
    if owners and total != 1:
        parts = " + ".join(str(each.share) for each in owners[:10])
        raise InvalidInput(f"the shares of the owners must add up to 1: {parts} is {total!s:.40}")
