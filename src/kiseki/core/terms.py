"""Terms: what a provider (or developer) allows, until when, and the royalty it asks.

The ID of terms **is** their EIP-712 struct hash, so what a wallet shows when somebody consents is
what is stored (DESIGN, "The contracts").
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import IntFlag
from functools import reduce
from operator import or_
from typing import Any

from kiseki import licences
from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.values import (
    ZERO32,
    ZERO_ADDRESS,
    address,
    address_text,
    bytes32,
    from_hex,
    to_hex,
    uint,
)
from kiseki.errors import InvalidInput
from kiseki.language import listed, mark, moment, percent, say, sentences, span

__all__ = [
    "IRREVOCABLE",
    "ITEM_NOTICE",
    "NOTICE",
    "PRESETS",
    "TERMS_TYPE",
    "USE_NAMES",
    "Terms",
    "Use",
]

TERMS_TYPE = (
    "Terms(bool dataMining,bool aiInference,bool aiTraining,bool aiGenerativeTraining,"
    "bool commercialOutput,bool redistribution,uint16 royaltyBps,uint16 floorBps,"
    "uint64 validUntil,uint32 noticeSeconds,address gate,bytes32 document)"
)
"""The EIP-712 type of :class:`Terms`."""

_TYPE_HASH = keccak256(TERMS_TYPE.encode())
_FORMAT = "kiseki-terms-v1"


NOTICE = timedelta(days=30)
"""How long consent holds after it was revoked, where nothing else is said: who is training has the
time to register what is nearly done."""

IRREVOCABLE = timedelta(seconds=2**32 - 1)
"""The largest notice: such consent is never revoked, the contract refuses."""

ITEM_NOTICE = 7 * 86_400
"""Seconds that the notice of a single item lasts at least, as `Challenges` judges manifests."""


class Use(IntFlag):
    """Uses, named as the Creator Assertions Working Group names them, in the order of `Terms`.

    ``GENERATION`` is no field of `Terms`: it is what a model's gate is asked for when outputs
    are registered.
    """

    DATA_MINING = 1
    AI_INFERENCE = 2
    AI_TRAINING = 4
    AI_GENERATIVE_TRAINING = 8
    COMMERCIAL_OUTPUT = 16
    REDISTRIBUTION = 32
    GENERATION = 64


PRESETS = {
    "train": Use.AI_TRAINING | Use.AI_GENERATIVE_TRAINING | Use.COMMERCIAL_OUTPUT,
    "reserved": Use(0),
    "none": Use(0),
}
"""Short names for what people mean. ``train`` is training of every kind with outputs that may
be sold, since a royalty is a share of what they earn; it is not reading the files themselves
while generating (``ai_inference``), data mining or passing them on. ``reserved`` and ``none``
allow nothing: data that is collected and not authorised."""

_FIELDS = list(Use)[:6]
_ALLOWED = reduce(or_, _FIELDS)
USE_NAMES = {
    Use.DATA_MINING: mark("data mining"),
    Use.AI_INFERENCE: mark("AI inference"),
    Use.AI_TRAINING: mark("AI training"),
    Use.AI_GENERATIVE_TRAINING: mark("generative AI training"),
    Use.COMMERCIAL_OUTPUT: mark("commercial use of outputs"),
    Use.REDISTRIBUTION: mark("redistribution"),
}
"""What each use is called, as `kiseki.language.say` takes it."""


_TEXTS = {"en": mark("English text"), "ja": mark("Japanese text")}


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms, field by field as the contracts have them; :meth:`of` is easier to write.

    Attributes:
        data_mining, ai_inference, ai_training, ai_generative_training, commercial_output,
            redistribution: which uses are allowed.
        royalty_bps: the share of gross asked, in basis points, at most 10,000.
        floor_bps: the share no other source's weight can dilute, in basis points.
        valid_until: Unix time in seconds up to and including which consent holds; 0 for ever.
        notice_seconds: how long after a revocation consent still holds, and so the longest licence
            that can be sold; 2**32 - 1 makes it irrevocable.
        gate: the contract that says who may use it; the zero address when open to all.
        document: the hash of the human-readable licence; zero when there is none.

    Raises:
        InvalidInput: a field of another type or out of range.
    """

    data_mining: bool = False
    ai_inference: bool = False
    ai_training: bool = False
    ai_generative_training: bool = False
    commercial_output: bool = False
    redistribution: bool = False
    royalty_bps: int = 0
    floor_bps: int = 0
    valid_until: int = 0
    notice_seconds: int = 0
    gate: str = ZERO_ADDRESS
    document: bytes = ZERO32

    def __post_init__(self) -> None:
        for use in _FIELDS:
            if not isinstance(getattr(self, _name(use)), bool):
                raise InvalidInput(f"{_name(use)} must be True or False")
        for name in ("royalty_bps", "floor_bps"):
            if uint(getattr(self, name), 16, name) > 10_000:
                raise InvalidInput(f"{name} must be at most 10,000, which is 100%")
        uint(self.valid_until, 64, "valid_until")
        uint(self.notice_seconds, 32, "notice_seconds")
        object.__setattr__(self, "gate", address_text(address(self.gate, "the gate")))
        bytes32(self.document, "the document's hash")

    @classmethod
    def of(
        cls,
        uses: str | Use | Iterable[str | Use],
        royalty: str | Decimal | int,
        floor: str | Decimal | int = 0,
        valid_until: datetime | None = None,
        notice: timedelta = NOTICE,
        gate: str | None = None,
        document: bytes | str | None = None,
    ) -> "Terms":
        """Terms as people say them: ``Terms.of("train", royalty="20%")``.

        Args:
            uses: a preset (``train``, ``reserved``, ``none``), a use's name, a :class:`Use`, or
                several of them.
            royalty: ``"20%"`` or the fraction ``Decimal("0.2")``, in whole basis points.
            floor: likewise.
            valid_until: a time with its zone, rounded down to the second; ``None`` for ever.
            notice: how long consent holds after it was revoked, in whole seconds; 30 days if it is
                left out, ``timedelta(0)`` for none, `IRREVOCABLE` for consent that never ends.
            gate: the address of a gate; ``None`` when open to all.
            document: the hash of the licence, 32 bytes or 0x text.

        Raises:
            InvalidInput: something cannot be said exactly or is out of range.
        """
        allowed = _uses(uses)
        if isinstance(document, str):
            document = from_hex(document, 32, "the document's hash")
        return cls(
            data_mining=Use.DATA_MINING in allowed,
            ai_inference=Use.AI_INFERENCE in allowed,
            ai_training=Use.AI_TRAINING in allowed,
            ai_generative_training=Use.AI_GENERATIVE_TRAINING in allowed,
            commercial_output=Use.COMMERCIAL_OUTPUT in allowed,
            redistribution=Use.REDISTRIBUTION in allowed,
            royalty_bps=_bps(royalty, "the royalty"),
            floor_bps=_bps(floor, "the floor"),
            valid_until=_moment(valid_until),
            notice_seconds=_seconds(notice),
            gate=gate or ZERO_ADDRESS,
            document=document or ZERO32,
        )

    @property
    def uses(self) -> Use:
        """The uses allowed."""
        return reduce(or_, (use for use in _FIELDS if _allows(self, use)), Use(0))

    @property
    def id(self) -> bytes:
        """The ID of these terms: their EIP-712 struct hash, 32 bytes."""
        numbers = (
            *(_allows(self, use) for use in _FIELDS),
            self.royalty_bps,
            self.floor_bps,
            self.valid_until,
            self.notice_seconds,
            int(self.gate, 16),
        )
        words = b"".join(int(number).to_bytes(32, "big") for number in numbers)
        return keccak256(_TYPE_HASH + words + self.document)

    def under(self, licence: licences.Licence) -> "Terms":
        """These terms under a licence of Kiseki's: its text, made from them, is their document.

        Raises:
            InvalidInput: they do not fit that licence.
        """
        return replace(self, document=licences.document(self, licence))

    @property
    def irrevocable(self) -> bool:
        """Whether consent under these terms is never revoked."""
        return timedelta(seconds=self.notice_seconds) == IRREVOCABLE

    def ends_at(self, revoked_at: int | None) -> int | None:
        """First second at which they refuse new uses, as `DataRegistry.status` computes it.

        Args:
            revoked_at: when consent was revoked, in Unix seconds; ``None`` when it was not.
        """
        ends = []
        if 0 < self.valid_until < 2**64 - 1:
            ends.append(self.valid_until + 1)
        if revoked_at is not None and not self.irrevocable:
            ends.append(revoked_at + self.notice_seconds)
        return min(ends, default=None)

    def item_ended(self, revoked_at: int, when: int) -> bool:
        """Whether an item that was revoked then is false in a manifest judged at `when`.

        This is `Challenges`' rule: an item has 7 days where the notice is shorter, so whoever
        looked less than that before registering is never proved false.
        """
        return not self.irrevocable and revoked_at + max(self.notice_seconds, ITEM_NOTICE) <= when

    def longest_licence(self, language: str = "en", *, revocable: bool = True) -> str:
        """The longest licence that can be sold of what is under these terms, as a sentence.

        Args:
            revocable: whether what is under them can be revoked at all; models cannot.
        """
        until = ""
        if self.valid_until:
            until = say(", and none goes past {time}", language, time=self._end(language))
        if not revocable:
            return say("A licence of it can be of any length{until}.", language, until=until)
        if not self.notice_seconds:
            return say(
                "Without a notice no licence of it can be sold, because consent could end at once: "
                "register it under terms with a notice.",
                language,
            )
        if self.irrevocable:
            return say(
                "Consent is irrevocable, so a licence of it can be of any length{until}.",
                language,
                until=until,
            )
        return say(
            "The notice of {notice} is the longest licence of it that can be sold, renewals "
            "included, because consent holds that long after it is revoked{until}.",
            language,
            notice=self._notice(language),
            until=until,
        )

    def words(self, language: str = "en", *, revocable: bool = True) -> str:
        """These terms in a few plain sentences. Every field says something in them, so different
        terms have different words.

        Args:
            revocable: whether what is under them can be revoked at all; models cannot, and their
                notice says nothing.
        """
        names = [say(USE_NAMES[use], language) for use in _FIELDS if _allows(self, use)]
        first = say("Reserves every use: nothing is allowed", language)
        if names:
            first = say("Allows {uses}", language, uses=listed(names, language))
        if self.royalty_bps or self.floor_bps:
            share = percent(self.royalty_bps, language)
            first += say(", for a royalty of {share} of gross", language, share=share)
            if self.floor_bps:
                least = percent(self.floor_bps, language)
                first += say(
                    ", at least {share} however little of it is used", language, share=least
                )
        elif names:
            first += say(", for no royalty", language)
        if self.valid_until:
            first += say(", until {time}", language, time=self._end(language))
        said = [say("{sentence}.", language, sentence=first)]
        if self.gate != ZERO_ADDRESS:
            said.append(
                say("Only whom the gate {gate} lets through may use it.", language, gate=self.gate)
            )
        if revocable and self.irrevocable:
            said.append(say("Consent is never revoked.", language))
        elif revocable and self.notice_seconds:
            said.append(
                say("Consent ends {notice} after it is revoked.", language,
                    notice=self._notice(language))
            )  # fmt: skip
        if self.document != ZERO32:
            said.append(self._licence(language))
        return sentences(said, language)

    def _licence(self, language: str) -> str:
        document, known = to_hex(self.document), licences.matches(self)
        if known is None:
            return say("The licence is the document {document}.", language, document=document)
        return say(
            "All this is under Kiseki's licence “{title}”, version {version}, {text}: the document "
            "{document}.",
            language,
            title=known.title(language),
            version=known.version,
            text=say(_TEXTS[known.language], language),
            document=document,
        )

    def _end(self, language: str) -> str:
        return moment(self.valid_until, language, exact=True)

    def _notice(self, language: str) -> str:
        return span(timedelta(seconds=self.notice_seconds), language)

    def to_json(self) -> str:
        """The one text of these terms."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values |= {"valid_until": str(self.valid_until), "document": to_hex(self.document)}
        return documents.write({"format": _FORMAT, **values, "id": to_hex(self.id)})

    @classmethod
    def from_json(cls, text: str | bytes) -> "Terms":
        """The terms in a text that :meth:`to_json` gave; the ID is recomputed.

        Raises:
            InvalidInput: another format, a value out of range, or an ID the fields do not give.
        """
        names = [field.name for field in fields(cls)]
        document = documents.read(text, _FORMAT)
        _, given_id, *given = documents.members(document, ["format", "id", *names], "terms")
        values: dict[str, Any] = dict(zip(names, given, strict=True))
        values["valid_until"] = documents.decimal(values["valid_until"], "valid_until")
        values["document"] = from_hex(values["document"], 32, "the document's hash")
        terms = cls(**values)
        if from_hex(given_id, 32, "the ID of the terms") != terms.id:
            raise InvalidInput("the fields do not give this ID; the terms were changed")
        return terms


def _name(use: Use) -> str:
    return str(use.name).lower()


def _allows(terms: Terms, use: Use) -> bool:
    return bool(getattr(terms, _name(use)))


def _uses(given: str | Use | Iterable[str | Use]) -> Use:
    if isinstance(given, Use):
        if given & ~_ALLOWED:
            raise InvalidInput("terms cannot name GENERATION or an unknown use; leave it out")
        return given
    if isinstance(given, str):
        known = PRESETS | {_name(use): use for use in _FIELDS}
        if given not in known:
            raise InvalidInput(f"{given!r:.80} is no use; write one of {', '.join(known)}")
        return known[given]
    return reduce(or_, map(_uses, given), Use(0))


def _bps(share: str | Decimal | int, what: str) -> int:
    how = f"{what} must be written in percent, like '20%'"
    if isinstance(share, str) and share.endswith("%"):
        try:
            given, whole = Decimal(share[:-1].strip()), 100
        except InvalidOperation as error:
            raise InvalidInput(f"{how}, not {share!r:.80}") from error
    elif isinstance(share, Decimal) or (type(share) is int and share == 0):
        given, whole = Decimal(share), 1
    else:
        raise InvalidInput(f"{how}, not {share!r:.80}")
    if not given.is_finite() or not 0 <= given <= whole:
        raise InvalidInput(f"{what} must be from 0% to 100%, not {share!s:.80}")
    bps = int(given * 10_000 / whole)
    if given != Decimal(bps) * whole / 10_000:
        raise InvalidInput(f"{what} must be in steps of 0.01%, not {share!s:.80}")
    return bps


def _moment(time: datetime | None) -> int:
    if time is None:
        return 0
    if time.utcoffset() is None:
        raise InvalidInput("valid_until needs a time zone; write datetime(..., tzinfo=UTC)")
    seconds = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    if seconds <= 0:
        raise InvalidInput("valid_until lies before 1970; leave it out for terms without end")
    return seconds


def _seconds(span: timedelta) -> int:
    seconds, rest = divmod(span, timedelta(seconds=1))
    if rest:
        raise InvalidInput("notice must be whole seconds")
    return uint(seconds, 32, "notice in seconds")
