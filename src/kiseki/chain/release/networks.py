"""Networks by name: the test networks that a studio deploys to first, and a chain of one's own.

Chain IDs and explorers as in ethereum-lists/chains. The public nodes are those that the networks'
operators document (Base, Arbitrum, Optimism, Polygon) and, where nobody does (Sepolia, Hoodi),
PublicNode's: good for a first try, with limits; for more name a node of your own.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.errors import InvalidInput

__all__ = ["NETWORKS", "Network", "network"]


@dataclass(frozen=True, slots=True)
class Network:
    """A network.

    Attributes:
        name: by which people call it.
        chain_id: by which transactions do.
        nodes: public ones, the first to be asked first.
        explorer: where people look at it; empty if nowhere.
        currency: what its gas is paid in.
        is_public: others see what is sent and it costs something, if only test ether.
    """

    name: str
    chain_id: int
    nodes: tuple[str, ...]
    explorer: str
    currency: str = "ETH"
    is_public: bool = True

    def transaction(self, sent: bytes) -> str:
        """Where people look a transaction up; empty if nowhere."""
        return f"{self.explorer}/tx/0x{sent.hex()}" if self.explorer else ""


NETWORKS = {
    each.name: each
    for each in (
        Network(
            "sepolia",
            11_155_111,
            ("https://ethereum-sepolia-rpc.publicnode.com",),
            "https://sepolia.etherscan.io",
        ),
        Network(
            "hoodi",
            560_048,
            ("https://ethereum-hoodi-rpc.publicnode.com",),
            "https://hoodi.etherscan.io",
        ),
        Network(
            "base-sepolia",
            84_532,
            ("https://sepolia.base.org",),
            "https://sepolia.basescan.org",
        ),
        Network(
            "arbitrum-sepolia",
            421_614,
            ("https://sepolia-rollup.arbitrum.io/rpc",),
            "https://sepolia.arbiscan.io",
        ),
        Network(
            "optimism-sepolia",
            11_155_420,
            ("https://sepolia.optimism.io",),
            "https://sepolia-optimism.etherscan.io",
        ),
        Network(
            "polygon-amoy",
            80_002,
            ("https://rpc-amoy.polygon.technology",),
            "https://amoy.polygonscan.com",
            "POL",
        ),
        Network("local", 31_337, ("http://127.0.0.1:8545",), "", is_public=False),
    )
}
"""By name."""


def network(known: str | int) -> Network:
    """A network by its name or chain ID; one that has no name here is public all the same.

    Raises:
        InvalidInput: nobody here calls anything so.
    """
    if isinstance(known, int):
        found = next((each for each in NETWORKS.values() if each.chain_id == known), None)
        return found or Network(f"chain {known}", known, (), "", is_public=known != 1337)
    if known not in NETWORKS:
        raise InvalidInput(
            f"there is no network {known!r:.40} here; there is {', '.join(NETWORKS)}, and any "
            "other by the URL of its node"
        )
    return NETWORKS[known]
