"""Test ether, test tokens and time, for tutorials: on a local chain only."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_bytes

from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.contracts import Call, erc20, node_errors
from kiseki.chain.release.proxy import PROXY
from kiseki.client.payable import receiver
from kiseki.client.wallet import Wallet
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.errors import InvalidInput

__all__ = ["TestMoney"]


@dataclass(frozen=True, slots=True)
class TestMoney:
    """What only a local chain gives; `Kiseki.test_money`.

    Every method raises `InvalidInput` on a public network, where nothing is sent.

    Attributes:
        is_own: the chain is one that this process started, whatever its ID.
    """

    __test__ = False  # pytest takes it for tests

    wallet: Wallet
    is_own: bool = False

    def ether(self, to: str, amount: int) -> int:
        """Gives an address test ether out of nothing; what it holds now, in wei.

        Args:
            amount: wei.

        Raises:
            ChainError: the node is not Anvil, and refuses.
        """
        self.must_be_local()
        who, node = checksummed(receiver(to, "the address")), self.wallet.session.node
        with node_errors():
            held = node.balance(who) + amount
            node.one("anvil_setBalance", who, hex(held))
        return int(held)

    def token(self) -> str:
        """Deploys a new ERC-20 with 6 decimals that anybody may mint; its address."""
        self.must_be_local()
        salt = token_bytes(32)
        code = artifact("TestToken").creation_code
        self.wallet.send(Call(PROXY, salt + code, 0, "deploy TestToken"))
        made = b"\xff" + bytes.fromhex(PROXY[2:]) + salt + keccak256(code)
        return checksummed(keccak256(made)[12:])

    def mint(self, token: str, to: str, amount: int) -> None:
        """Mints test tokens.

        Args:
            amount: base units.
        """
        self.must_be_local()
        who = receiver(to, "the address")
        self.wallet.send(erc20(self.wallet.session.node, token).call("mint", who, amount))

    def wait(self, seconds: int) -> int:
        """Lets time pass on the chain; its time now, in Unix seconds.

        Raises:
            ChainError: the node is not Anvil, and refuses.
        """
        self.must_be_local()
        node = self.wallet.session.node
        with node_errors():
            node.one("evm_increaseTime", seconds)
            node.one("evm_mine")
        return self.wallet.session.now()

    def must_be_local(self) -> None:
        """Refuses a public network.

        Raises:
            InvalidInput: it is one.
        """
        known = self.wallet.session.network
        if known.is_public and not self.is_own:
            raise InvalidInput(
                f"{known.name} is a public network, which has no test money and no time of your "
                "own; start a local chain with `kiseki node`, or ask a faucet of that network"
            )
