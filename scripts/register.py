"""Register a folder's files as a collection of the wallet of KISEKI_PRIVATE_KEY.

    KISEKI_FOLDER=artwork KISEKI_ROYALTY=20% python scripts/register.py
    ape run register                the same under Ape

KISEKI_USES says what is allowed (`train` if unset; several with commas), KISEKI_LICENCE names the
licence document. Salts are kept in KISEKI_SECRETS before anything is sent: back that file up. Run
again it sends only what is not there yet.
"""

import os
import sys
from pathlib import Path

from kiseki import Kiseki, KisekiError, Terms, settings
from kiseki.client.kiseki import load_env
from kiseki.client.wallet import document_hash


def main() -> None:
    try:
        load_env(Path.cwd() / ".env")
        k = Kiseki.connect(**settings())
        terms = Terms.of(
            [use.strip() for use in os.environ.get("KISEKI_USES", "train").split(",")],
            royalty=os.environ.get("KISEKI_ROYALTY", "0%"),
            document=document_hash(os.environ.get("KISEKI_LICENCE")),
        )
        done = k.data.register(os.environ.get("KISEKI_FOLDER", "artwork"), terms)
    except KisekiError as error:
        sys.exit(str(error))
    print(terms.words())
    print(f"collection 0x{done.id.hex()}: {len(done.receipts)} transactions, {done.gas:,} gas")


if __name__ == "__main__":
    main()
