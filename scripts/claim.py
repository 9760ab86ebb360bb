"""Claim everything that is owed to the wallet of KISEKI_PRIVATE_KEY, or to KISEKI_WALLET.

    python scripts/claim.py
    ape run claim                   the same under Ape

Anybody can claim for anybody: money only goes to whom it belongs.
"""

import os
import sys
from pathlib import Path

from dotenv import load_dotenv

from kiseki import Kiseki, KisekiError, settings


def main() -> None:
    load_dotenv(Path.cwd() / ".env")
    try:
        k = Kiseki.connect(**settings())
        claimed = k.revenue.claim(os.environ.get("KISEKI_WALLET") or None)
    except KisekiError as error:
        sys.exit(str(error))
    if not claimed.amounts:
        print("Nothing is owed.")
    for wallet, tokens in claimed.amounts.items():
        for token, amount in tokens.items():
            print(f"{wallet}: {amount:,} base units of {token}")
    for step, reason in claimed.failures:
        print(f"refused, and still there: {step.token}: {reason}")


if __name__ == "__main__":
    main()
