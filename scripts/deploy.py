"""Deploy the suite to the chain of KISEKI_RPC_URL, and record it in deployments/.

    python scripts/deploy.py        settings from the environment or .env (see .env.example)
    ape run deploy                  the same on Ape's network, from Ape's account
    brownie run deploy              on Brownie's, from Brownie's (docs/frameworks.md)

Addresses are the same on every chain. Run again it sends nothing; interrupted, it goes on.
"""

import sys

from kiseki import KisekiError, settings
from kiseki.chain.signing import frameworks
from kiseki.client.kiseki import deploy


def main() -> None:
    try:
        if lent := frameworks.lent():
            print(lent, file=sys.stderr)
        done = deploy(settings(), lambda name, gas: print(f"{name:16} {gas:>10,} gas"))
    except KisekiError as error:
        sys.exit(str(error))
    for name, address in done.addresses.items():
        print(f"{name:16} {address}")


if __name__ == "__main__":
    main()
