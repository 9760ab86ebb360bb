"""The record of processing, and the record of what was provided to whom, from what a vault knows.

The first is for GDPR Art. 30(1), the second for APPI Art. 29(1) (第三者提供記録). Both are drafts:
names, purposes and legal grounds are no knowledge of a vault, and are marked as what a person must
say. Whether a work is personal data at all, a person must say, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from kiseki.core.terms import Use
from kiseki.core.values import address, address_text, to_hex
from kiseki.language.catalogue import plural, say
from kiseki.language.forms import joined, moment
from kiseki.vault.handing.receipts import Basis
from kiseki.vault.keys.epochs import RECOVERY, SECOND
from kiseki.vault.personal.words import use_named
from kiseki.vault.store import tables
from kiseki.vault.vault import Vault

__all__ = ["Provision", "Said", "processing", "provisions"]


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the record of processing.

    Attributes:
        what: is asked.
        law: the article that asks it.
        vault: what the vault knows of it; none where it knows nothing.
        person: whether a person must say something, or something more.
    """

    what: str
    law: str
    vault: str | None
    person: bool

    def to_json(self) -> dict[str, Any]:
        """As an object; what a person must say is empty (null)."""
        return {
            "what": self.what, "law": self.law, "vault": self.vault,
            "person": None if self.person else "",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provision:
    """That something was provided to somebody.

    Attributes:
        at: when, Unix seconds.
        receiver: to whom: a wallet. Who that is, a person must say.
        provider: whose: a wallet. Likewise.
        item: what: a data ID.
        size: bytes.
        use: what for.
        basis: why the vault gave it. Whether that is the consent that a law asks for, a person must
            say.
        subject: what the licence is of; none without one.
        until: last second of licence or consent, Unix seconds; none for the provider.
    """

    at: int
    receiver: str
    provider: str
    item: bytes
    size: int
    use: Use
    basis: Basis
    subject: bytes | None
    until: int | None

    def to_json(self) -> dict[str, Any]:
        """As an object; what a person must say is empty (null)."""
        return {
            "at": self.at, "receiver": self.receiver, "provider": self.provider,
            "id": to_hex(self.item), "size": self.size, "use": str(self.use.name).lower(),
            "because": self.basis.value,
            "subject": None if self.subject is None else to_hex(self.subject),
            "until": self.until, "receiver_name": None, "person_name": None, "consent": None,
        }  # fmt: skip


def provisions(
    vault: Vault, provider: str | None = None, begin: int | None = None, end: int | None = None
) -> Iterator[Provision]:
    """Every hand-out to somebody who is not the provider, by provider and in the order of the logs.

    Args:
        provider: of their content only.
        begin: the first second of the time that is asked for, Unix seconds; none: from the start.
        end: the first second after it; none: until now.
    """
    c = tables.entry.c
    which = [c.caller != c.provider]
    if provider is not None:
        which.append(c.provider == address(provider, "the provider"))
    for each in vault.ledger.entries(*which):
        said = each.receipt
        if (begin is not None and said.at < begin) or (end is not None and said.at >= end):
            continue
        yield Provision(
            said.at, said.caller, said.provider, said.item, said.size,
            said.use, said.basis, said.subject, said.until,
        )  # fmt: skip


def processing(vault: Vault, language: str = "en") -> list[Said]:
    """The lines of a record of processing, in the order of GDPR Art. 30(1).

    Raises:
        InvalidInput: there is no such language.
        SecretsError: the store cannot be used.
    """

    def line(what: str, law: str, known: str | None = None, *, person: bool = True) -> Said:
        return Said(what, f"GDPR Art. 30(1)({law})", known, person)

    return [
        line(say("Name and contact of the controller, and of its officer", language), "a"),
        line(say("Purposes", language), "b", _uses(vault, language)),
        line(say("Whose data, and of which kind", language), "c", _kinds(vault, language)),
        line(say("To whom it was disclosed", language), "d", _receivers(vault, language)),
        line(say("Transfers to other countries", language), "e"),
        line(say("When it is erased", language), "f", _erased(vault, language)),
        line(say("How it is protected", language), "g", _protected(vault, language)),
    ]


def _uses(vault: Vault, language: str) -> str | None:
    uses = sorted({each.use for each in provisions(vault)})
    if not uses:
        return None
    named = joined([use_named(each, language) for each in uses], language)
    return say("Receivers stated these uses: {uses}.", language, uses=named)


def _kinds(vault: Vault, language: str) -> str:
    c = tables.salt.c
    ((people, works),) = vault.keys.database.rows(
        select(func.count(c.provider.distinct()), func.count()).where(c.number == 0)
    )
    return "".join(
        (
            plural("{number} provider; ", "{number} providers; ", people, language),
            plural("{number} work, ", "{number} works, ", works, language),
            say(
                "with names and captions; wallets, times of sign-ins and hand-outs. What the works "
                "show, the vault does not know.",
                language,
            ),
        )
    )


def _receivers(vault: Vault, language: str) -> str:
    c = tables.entry.c
    rows = vault.keys.database.rows(
        select(c.caller, func.count()).where(c.caller != c.provider).group_by(c.caller)
    )
    people = plural("{number} receiver: ", "{number} receivers: ", len(rows), language)
    told = [f"{address_text(who)} ({count:,})" for who, count in sorted(rows)]
    return people + ", ".join(told) if rows else say("Nothing was handed out.", language)


def _erased(vault: Vault, language: str) -> str:
    e = tables.erasure.c
    done = vault.keys.database.rows(select(e.gone).order_by(e.number))
    last = [gone for (gone,) in done if gone is not None]
    count = plural("{number} erasure", "{number} erasures", len(done), language)
    if not last:
        return count
    return say("{count}, the last of them on {when}", language, count=count,
               when=moment(max(last), language))  # fmt: skip


def _protected(vault: Vault, language: str) -> str:
    epoch = vault.epochs[-1]
    roles = [each.role for each in epoch.holders]
    return say(
        "Content is encrypted (age), names and salts are sealed (AES-256-GCM). Epoch {number}, "
        "since {since}, is opened by {keys} keys: {second} of other people, {offline} offline. "
        "Each hand-out is written to a signed log.",
        language, number=epoch.number, since=moment(epoch.began, language), keys=len(roles),
        second=roles.count(SECOND), offline=roles.count(RECOVERY),
    )  # fmt: skip
