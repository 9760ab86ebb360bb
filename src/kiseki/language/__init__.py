"""What people read, in their language: sentences, lists, times, parts and amounts.

    catalogue   sentences: English is the key, and every other language is a translation of it
    forms       lists, times, spans, parts of a whole and amounts, as people write them
    reasons     why something was refused, of the English message of an error
    choosing    which language somebody reads
    breaks      where a line of Japanese may end

English needs no catalogue: it is what stands in the code. So nothing is read or imported before
somebody asks for another language. ::

    say("{who} is paid.", "ja", who="0x7099…")
    plural("{number} item", "{number} items", 2_000, "ja")
"""

from kiseki.language.breaks import breakable
from kiseki.language.catalogue import LANGUAGES, known, mark, plural, say
from kiseki.language.choosing import accepted, of_locale
from kiseki.language.forms import (
    amount,
    day,
    joined,
    listed,
    moment,
    percent,
    portion,
    sentences,
    size,
    span,
    yen,
)
from kiseki.language.reasons import reason

__all__ = [
    "LANGUAGES",
    "accepted",
    "amount",
    "breakable",
    "day",
    "joined",
    "known",
    "listed",
    "mark",
    "moment",
    "of_locale",
    "percent",
    "plural",
    "portion",
    "reason",
    "say",
    "sentences",
    "size",
    "span",
    "yen",
]
