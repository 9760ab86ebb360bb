"""The articles that are named, with their sources, and what cannot be erased and why.

Sources: GDPR is Regulation (EU) 2016/679 (eur-lex.europa.eu/eli/reg/2016/679/oj). APPI is Japan's
Act on the Protection of Personal Information, Act No. 57 of 2003, as in force from April 2024
(laws.e-gov.go.jp/law/415AC0000000057); its rules are Rules of the Personal Information Protection
Commission No. 3 of 2016; the Commission explains its articles 29 and 30 in the guidelines on
confirming and recording (ppc.go.jp/personalinfo/legal/guidelines_thirdparty). EDPB is the European
Data Protection Board.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.language.catalogue import mark

__all__ = [
    "ACCESS", "CORRECTION", "ERASURE", "PROCESSING", "PROVISION", "STAYS", "Stays",
]  # fmt: skip

ACCESS = "GDPR Art. 15; APPI Art. 33"
CORRECTION = "GDPR Art. 16; APPI Art. 34"
ERASURE = "GDPR Art. 17; APPI Art. 35"
PROCESSING = "GDPR Art. 30"
PROVISION = "APPI Art. 29"


@dataclass(frozen=True, slots=True)
class Stays:
    """Something that erasing leaves.

    Attributes:
        what: it is, with what of it is about a person.
        why: it stays.
        law: articles that speak of it; whether they carry it, a person must say.
    """

    what: str
    why: str
    law: str


STAYS = (
    Stays(
        mark(
            "On the chain: data IDs, commitments, the wallet that registered them, terms, payees, "
            "and revocations. The wallet is about a person where somebody knows whose it is."
        ),
        mark(
            "Nobody can take anything off the chain, and everybody has it. Once the salt is gone, "
            "a commitment tells nothing of the content, even to who has the content. The wallet "
            "stays in the open. That it cannot be done is no answer to the law by itself: the "
            "European board says so in its Guidelines 02/2025 on blockchains (version for "
            "consultation). Who registers must know this beforehand."
        ),
        "GDPR Art. 17, Art. 25",
    ),
    Stays(
        mark(
            "Receipts of hand-outs: the wallets of receiver and provider, the data ID, use, "
            "licence, size and time. No content, no name, no salt of the content."
        ),
        mark(
            "They are the evidence of who was given what. Without them nobody could tell "
            "receivers that something was erased, and a claim against a receiver would have no "
            "proof. Each is bound into a log that providers and receivers have seen; one that is "
            "taken out would look as if the vault hid it. In Japan a record of provision must be "
            "kept, as a rule for three years."
        ),
        "GDPR Art. 17(3)(e), Art. 19, Art. 5(2); APPI Art. 29(2)",
    ),
    Stays(
        mark("The record of the erasure: who asked, when, on what ground, and the data IDs."),
        mark(
            "It shows that the request was met, and keeps a restored backup from bringing back "
            "what was erased. The words are sealed; only the vault's key opens them."
        ),
        "GDPR Art. 5(2), Art. 17(3)(b)",
    ),
    Stays(
        mark("Collections: terms, root, number of items, payee, and shares of a joint payee."),
        mark(
            "They are what was registered. Other items of the collection, models that rest on it "
            "and people who are paid by it need them."
        ),
        "GDPR Art. 17(1)(a), Art. 17(3)(e)",
    ),
    Stays(
        mark("Backups and copies from before, until the keys that open them are destroyed."),
        mark(
            "The vault cannot reach them. What they hold is sealed, so destroying the keys of "
            "that time makes it unreadable; that is the second date of an erasure. Sizes, times "
            "and the provider's wallet can be read in them without keys."
        ),
        "GDPR Art. 17(1), Art. 32(1)(a)",
    ),
    Stays(
        mark("What others have: copies of receivers, models that learned from the content."),
        mark(
            "The vault handed it out, and has no say there. The receipts tell whom to ask. What "
            "a model learned is not taken out of it by anything here."
        ),
        "GDPR Art. 17(2), Art. 19; APPI Art. 35",
    ),
    Stays(
        mark(
            "What is not in the vault: the address book, invitations, receipts of data, backups "
            "of keys (kiseki keys backup), exports (kiseki vault person)."
        ),
        mark("They are files of whoever runs the vault, who must look for them and delete them."),
        "GDPR Art. 17(1); APPI Art. 35",
    ),
)
"""All that erasing leaves."""
