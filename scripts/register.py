"""Register files as collections of the wallet that acts.

    KISEKI_FOLDER=artwork KISEKI_ROYALTY=20% python scripts/register.py
    KISEKI_FOLDER=MANIFEST.csv python scripts/register.py       a list, with artists who are paid
    ape run register                          the same on Ape's network, from Ape's account
    brownie run register                      on Brownie's, from Brownie's (docs/frameworks.md)

KISEKI_USES says what is allowed (`train` if unset; several with commas), KISEKI_LICENCE names the
licence document. Salts are kept in KISEKI_SECRETS before anything is sent: back that file up. Run
again it sends only what is not there yet.
"""

import os
import sys
from pathlib import Path

from kiseki import Kiseki, KisekiError, Terms, settings
from kiseki.chain.signing import frameworks
from kiseki.client.settings import load_env
from kiseki.client.wallet import document_hash


def main() -> None:
    try:
        load_env(Path.cwd() / ".env")
        if lent := frameworks.lent():
            print(lent, file=sys.stderr)
        k = Kiseki.connect(**settings())
        terms = Terms.of(
            [use.strip() for use in os.environ.get("KISEKI_USES", "train").split(",")],
            royalty=os.environ.get("KISEKI_ROYALTY", "0%"),
            document=document_hash(os.environ.get("KISEKI_LICENCE")),
        )
        kept = k.data.prepare_all(os.environ.get("KISEKI_FOLDER", "artwork"), terms)
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
