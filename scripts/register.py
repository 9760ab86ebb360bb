"""Register files as collections of the wallet that acts.

    KISEKI_FOLDER=artwork KISEKI_USES=train KISEKI_ROYALTY=20% python scripts/register.py
    KISEKI_FOLDER=MANIFEST.csv …              the same with a list, with artists who are paid
    ape run register                          the same on Ape's network, from Ape's account
    brownie run register                      on Brownie's, from Brownie's (docs/frameworks.md)

KISEKI_USES says what is allowed (`train`, `reserved`, or several with commas) and KISEKI_ROYALTY
for which share of gross; both must be set. KISEKI_LICENCE names the licence document. The script
shows first what it will register, and asks where there is a terminal. Salts are kept in
KISEKI_SECRETS before anything is sent: back that file up. Run again it sends only what is not there
yet.
"""

import sys
from collections.abc import Mapping

from kiseki import Kiseki, KisekiError, Terms, settings
from kiseki.chain.signing import frameworks
from kiseki.client.settings import SETTINGS, text, variables
from kiseki.client.wallet import document_hash
from kiseki.errors import InvalidInput


def said(name: str, given: Mapping[str, str]) -> str:
    """A setting that has no default, because it is what the wallet consents to."""
    value = text(name, given)
    if not value:
        raise InvalidInput(f"{name} must be set to {SETTINGS[name].takes}; nothing was registered")
    return value


def main() -> None:
    try:
        if lent := frameworks.lent():
            print(lent, file=sys.stderr)
        given = variables()
        k = Kiseki.connect(**settings())
        terms = Terms.of(
            [use.strip() for use in said("KISEKI_USES", given).split(",")],
            royalty=said("KISEKI_ROYALTY", given),
            document=document_hash(text("KISEKI_LICENCE", given) or None),
        )
        kept = k.data.prepare_all(text("KISEKI_FOLDER", given), terms)
        items = sum(each.count for each in kept)
        print(f"Collections: {len(kept):,}, items: {items:,}, provider: {k.address}.")
        print(terms.words())
        if sys.stdin.isatty() and input("Go on? [y/N] ").lower() not in ("y", "yes"):
            sys.exit("Nothing was sent.")
        for done in k.data.register_all(kept):
            if done.error is not None:
                raise done.error
            sent = f"transactions: {len(done.receipts)}, gas: {done.gas:,}"
            print(f"collection 0x{done.id.hex()}: {sent}")
    except KisekiError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
