"""What words of the pages mean, in a sentence each, for whoever meets them there first.

The glossary (`docs/glossary.md`) has them for developers; these are for people who read one page.
"""

from __future__ import annotations

from kiseki.language import mark

__all__ = ["MEANINGS"]

MEANINGS = {
    "batch": (mark("Batch"), mark("Pictures or other outputs that were registered together.")),
    "collection": (
        mark("Collection"),
        mark("Works of one artist, or of several together, registered at once under one set of "
             "terms."),
    ),
    "floor": (
        mark("Floor"),
        mark("The least share of the money, however much other data a model rests on."),
    ),
    "gross": (mark("Gross"), mark("All the money that is paid in for something, before it is "
                                  "divided.")),
    "item": (
        mark("Data ID"),
        mark("The number of one work. It is made so that it tells nothing about the work."),
    ),
    "manifest": (
        mark("Manifest"),
        mark("The list of all works that a model was trained on, as its developer says; the chain"
             " has its hash."),
    ),
    "model": (
        mark("Model"),
        mark("What was trained on data and makes pictures or other outputs. Its developer says on "
             "which data, and nobody can prove that nothing is missing."),
    ),
    "notice": (
        mark("Notice"),
        mark("How long consent still holds after it was revoked; the terms say it."),
    ),
    "provider": (
        mark("Provider"),
        mark("Who registered the works and consented to their use: the artist, or who acts for "
             "them."),
    ),
    "royalty": (mark("Royalty"), mark("The share of the money that the terms ask.")),
    "split": (
        mark("Split"),
        mark("The list of all among whom money is divided, with the share of each."),
    ),
    "terms": (
        mark("Terms"),
        mark("What may be done with works, for which share of the money, and how long."),
    ),
    "token": (
        mark("Rights token"),
        mark("Whoever holds it has the rights in what it stands for, and gets what is paid for "
             "them."),
    ),
}  # fmt: skip
"""The word as it stands on pages, and what it means."""
