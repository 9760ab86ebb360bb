"""Claim everything that is owed to the wallet that acts, or to KISEKI_WALLET.

    python scripts/claim.py
    ape run claim                   the same on Ape's network, from Ape's account
    brownie run claim               on Brownie's, from Brownie's (docs/frameworks.md)

Anybody can claim for anybody: money only goes to whom it belongs.
"""

import sys

from kiseki import Kiseki, KisekiError, settings
from kiseki.chain.signing import frameworks
from kiseki.client.revenue.revenue import ETHER
from kiseki.client.settings import text, variables


def main() -> None:
    try:
        if lent := frameworks.lent():
            print(lent, file=sys.stderr)
        given = variables()
        k = Kiseki.connect(**settings())
        claimed = k.revenue.claim(text("KISEKI_WALLET", given) or None)
    except KisekiError as error:
        sys.exit(str(error))
    if not claimed.amounts and not claimed.failures:
        print("Nothing is owed.")
    for wallet, tokens in claimed.amounts.items():
        for token, amount in tokens.items():
            what = "wei" if token == ETHER else f"base units of {token}"
            print(f"{wallet}: {amount:,} {what}")
    for _, reason in claimed.failures:
        print(f"refused; the money is still in the splitter: {reason}", file=sys.stderr)
    sys.exit(1 if claimed.failures else 0)


if __name__ == "__main__":
    main()
