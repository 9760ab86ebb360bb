"""Register files as collections of the wallet that acts.

    KISEKI_FOLDER=artwork KISEKI_ROYALTY=20% python scripts/register.py
    KISEKI_FOLDER=MANIFEST.csv python scripts/register.py       a list, with artists who are paid
    ape run register                          the same on Ape's network, from Ape's account
    brownie run register                      on Brownie's, from Brownie's (docs/frameworks.md)

KISEKI_USES says what is allowed (`train` if unset; several with commas), KISEKI_LICENCE names the
licence document. Salts are kept in KISEKI_SECRETS before anything is sent: back that file up. Run
again it sends only what is not there yet.
"""

import sys

from kiseki import Kiseki, KisekiError, Terms, settings
from kiseki.chain.signing import frameworks
from kiseki.client.settings import text, variables
from kiseki.client.wallet import document_hash


def main() -> None:
    try:
        if lent := frameworks.lent():
            print(lent, file=sys.stderr)
        given = variables()
        k = Kiseki.connect(**settings())
        terms = Terms.of(
            [use.strip() for use in text("KISEKI_USES", given).split(",")],
            royalty=text("KISEKI_ROYALTY", given),
            document=document_hash(text("KISEKI_LICENCE", given) or None),
        )
        kept = k.data.prepare_all(text("KISEKI_FOLDER", given), terms)
        print(terms.words())
        for done in k.data.register_all(kept):
            if done.error is not None:
                raise done.error
            sent = f"{len(done.receipts)} transactions, {done.gas:,} gas"
            print(f"collection 0x{done.id.hex()}: {sent}")
    except KisekiError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
