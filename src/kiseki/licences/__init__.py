"""Licence texts that ship with Kiseki: what a court reads is made from the fields of the terms.

    texts   the licences that there are, their texts, and which of them terms name
    first   how version 1 of all three is put together

Terms name a licence by the hash of its text (`Terms.document`). The text is made from all other
fields, so whoever has the terms makes it again and compares. The words of terms name the licence,
so this lies below `kiseki.core` and knows terms by their fields alone. It uses nothing of
`kiseki.language`: what is improved there must not change what somebody signed.
"""

from kiseki.licences.first import Fields
from kiseki.licences.texts import LICENCES, Licence, blank, document, licence, matches, named

__all__ = ["LICENCES", "Fields", "Licence", "blank", "document", "licence", "matches", "named"]
