"""`Kiseki`: one wallet on one chain, with everything it can do there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import erc20, node_errors
from kiseki.chain.node import absent, connect
from kiseki.chain.release import deploying as deployment
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import WatchOnly, local_account, signer_of
from kiseki.chain.signing.signer import Signer
from kiseki.client.accounts.accounts import Accounts
from kiseki.client.asof import AWAY
from kiseki.client.cancellations import Cancellations
from kiseki.client.data.data import Data
from kiseki.client.identities import Identities
from kiseki.client.local import TestMoney
from kiseki.client.market.market import Market
from kiseki.client.models.models import Models
from kiseki.client.named import named, places
from kiseki.client.outputs.outputs import Outputs
from kiseki.client.revenue.revenue import Revenue
from kiseki.client.rights.rights import Rights
from kiseki.client.session import Session
from kiseki.client.statements import Statements
from kiseki.client.wallet import Signed, Wallet
from kiseki.client.withdrawals.withdrawals import Withdrawals
from kiseki.core.checksum import checksummed
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO_ADDRESS, address
from kiseki.errors import KisekiError
from kiseki.index import Index
from kiseki.vault.keys.services import Opens
from kiseki.vault.keystore import KeyStore
from kiseki.vault.protocol import Salts

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

__all__ = ["Kiseki", "LocalKiseki", "deploy"]

_PATIENCE = 10.0
"""Seconds in which a node must say on which chain it is, where something else can answer."""


class Kiseki:
    """One wallet on one chain.

    Attributes:
        data: terms, consent, collections, revoking.
        models: registering what was trained.
        outputs: registering and verifying what was generated.
        rights: tokens that stand for rights.
        revenue: paying, what is owed, claiming.
        identities: artists without a wallet.
        accounts: contracts that passkeys sign for, for people without a wallet.
        market: licences, offered and bought.
        cancellations: signatures of this wallet that shall count no longer.
        statements: what anybody says in public about something registered.
        withdrawals: which models a revocation touches, and what their developers answer.
        test_money: test ether, test tokens and time, on a local chain only.
    """

    def __init__(self, session: Session, key: LocalAccount | Signer, salts: Salts) -> None:
        """Use `connect` or `local`."""
        wallet = Wallet(session, signer_of(key), salts)
        self.session = session
        self._wallet = wallet
        self._opened = contextlib.ExitStack()
        self.data = Data(wallet)
        self.models = Models(wallet, self.data)
        self.outputs = Outputs(wallet)
        self.revenue = Revenue(wallet)
        self.rights = Rights(wallet, self.data, self.revenue)
        self.identities = Identities(wallet)
        self.accounts = Accounts(wallet)
        self.market = Market(wallet)
        self.cancellations = Cancellations(wallet)
        self.statements = Statements(wallet)
        self.withdrawals = Withdrawals(wallet, self.statements)
        self.test_money = TestMoney(wallet)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the files that `connect` opened: journal, key store and index.

        What is on its way in the journal may then be taken up by another. What shares the
        connection (`using`) cannot be used afterwards either.
        """
        self._opened.close()

    def __repr__(self) -> str:
        return f"Kiseki(chain {self.session.chain_id}, wallet {self.address})"

    @classmethod
    def connect(
        cls,
        url: str | Sequence[str],
        key: str | LocalAccount | Signer,
        *,
        secrets: str | Path | Salts,
        vault_key: Opens | None = None,
        chain_id: int | None = None,
        deployments: str | Path | None = None,
        journal: str | Path | Journal | None = None,
        index: str | Path | None = None,
        policy: Policy | None = None,
        rehearses: bool = False,
        networks: str | Path | None = None,
        allow_old: bool = False,
    ) -> Kiseki:
        """A wallet on a chain where the suite is deployed. Close it, or use it in a `with` block;
        else its files are closed when the process ends.

        Args:
            url: JSON-RPC of a node; several, to fall back on, as a sequence or with commas between.
            key: the wallet's private key (0x and 64 hex digits), an account of eth-account, or
                whatever signs (`kiseki.chain.signing.accounts`).
            secrets: the key store that keeps salts: a file, made with mode 0600 when first needed,
                or the URL of a PostgreSQL database, as ``postgresql://…``; back it up. Or whatever
                keeps them.
            vault_key: what opens the key store, where it is a vault (`kiseki.vault.keys`).
            chain_id: the chain it must be.
            deployments: folder of deployment records, which say from which block on to look.
            journal: the file that says what is on its way (`~/.kiseki/journal`), which all of a
                user's programs share, so that none takes another's nonce.
            index: the folder of the index (`~/.kiseki/index`), or the URL of a PostgreSQL database,
                as ``postgresql://…``. What was read of a chain stays there and is read once.
            policy: the most that gas may cost, how final is final, how many at once.
            rehearses: send nothing and only try it (`rehearsal`).
            networks: the user's own table of networks (`networks.toml`).
            allow_old: while the node does not answer, what was read of the chain before answers
                instead, if `chain_id` says which that is. `session.as_of` tells how old that is.
                What only a node tells, and all that sends, fails then.

        Raises:
            NodeUnreachable, WrongChain, NotDeployed: as they say.
            IndexUnusable: the node does not answer, and what was read before cannot be used.
            SecretsError: the key store can be read by others, is damaged, or is a vault that
                `vault_key` does not open.
        """
        # First: where there is no such chain, nothing is made.
        if allow_old and chain_id is not None:
            try:
                node = connect(url, chain_id, within=_PATIENCE)
            except AWAY as error:
                node = absent(url, chain_id, error)
        else:
            node = connect(url, chain_id)
        record = Path(deployments) if deployments is not None else None
        table = Path(networks) if networks is not None else None
        with contextlib.ExitStack() as opened:
            if not isinstance(journal, Journal):
                journal = Journal(Path(journal) if journal else Path.home() / ".kiseki" / "journal")
                opened.callback(journal.close)
            session = Session(
                node,
                record,
                journal,
                policy,
                rehearses=rehearses,
                networks=table,
                index=_index_at(index),
                allow_old=allow_old,
            )
            opened.callback(session.close)
            if isinstance(secrets, str | Path):
                secrets = opened.enter_context(KeyStore(_path_or_url(secrets), vault_key))
            made = cls(session, signer_of(key), secrets)
            made._opened = opened.pop_all()
        return made

    @classmethod
    @contextlib.contextmanager
    def local(
        cls,
        accounts: int = 10,
        chain_id: int = 31337,
        *,
        port: int = 0,
        options: tuple[str, ...] = (),
        secrets: Salts | None = None,
    ) -> Iterator[LocalKiseki]:
        """A chain of one's own while the block runs: Anvil, the suite, funded test wallets.

        Nothing of it is left behind.

        Args:
            accounts: how many wallets have test ether.
            port: where it listens; 0 for any that is free.
            options: more of Anvil's own.
            secrets: keeps the salts. Default: memory.
        """
        with anvil(chain_id, accounts, options, port) as url:
            node = connect(url, chain_id)
            first = local_account(0)
            sender = Sender(node, first)
            gas: dict[str, int] = {}
            with tempfile.TemporaryDirectory(prefix="kiseki-") as folder:
                deployment.deploy(sender, Path(folder), gas.__setitem__)
                session = Session(node, Path(folder))
            salts = KeyStore() if secrets is None else secrets
            yield LocalKiseki(session, first, salts, url, gas)

    def using(self, key: str | LocalAccount | Signer) -> Kiseki:
        """The same chain and salts with another wallet."""
        return Kiseki(self.session, signer_of(key), self._wallet.salts)

    def rehearsing(self) -> Kiseki:
        """The same wallet, chain and salts for a dry run in the same thread: nothing is signed or
        sent, and `sender.trials` says what would be. It is not closed."""
        return Kiseki(self.session.rehearsing(), WatchOnly(self.address), self._wallet.salts)

    @contextlib.contextmanager
    def command(self, name: str) -> Iterator[None]:
        """All that is sent inside is one command: interrupted and run again, it pays nothing twice.

        Args:
            name: the same whenever the same is asked for again, as ``"pay the invoice of May"``.
        """
        with self.session.journal.command(f"{self.address} {name}"):
            yield

    @property
    def sender(self) -> Sender:
        """What sends for this wallet: `pending`, `settle` and `cancel` are for what is on its way;
        of a rehearsal, `trials`."""
        return self._wallet.sender

    @property
    def signer(self) -> Signer:
        """What signs for this wallet."""
        return self._wallet.signer

    @property
    def address(self) -> str:
        """This wallet, checksummed."""
        return self._wallet.address

    @property
    def index(self) -> Index:
        """The index, with everything that the chain has logged by now."""
        return self.session.index

    def signed(self, prepared: Signed) -> Signed:
        """A message that was prepared and shown (`rights.prepare_mint`, …), signed by this wallet.

        Raises:
            SigningError: the wallet did not sign.
        """
        return self._wallet.signed(prepared)

    @property
    def salts(self) -> Salts:
        """What keeps the salts of this wallet: the key store."""
        return self._wallet.salts

    def payee(self, given: str) -> Payee:
        """Who is meant by what a person writes, wherever a payee is named: a wallet, an ID, or the
        file of a split or title; see `kiseki.client.named`."""
        return named(self._wallet, given)

    def places(self, given: str) -> tuple[Payee, ...]:
        """The payees at whose payment addresses money may lie for who is meant by what a person
        writes (`payee`): of a batch or model also for the royalties of its resales."""
        return places(self._wallet, given)

    def balance(self, token: str | None = None, of: str | None = None) -> int:
        """What a wallet holds, in base units.

        Args:
            token: an ERC-20's address; ether if none is named.
            of: an address; this wallet if none is named.
        """
        holder = checksummed(address(of, "the wallet")) if of else self.address
        if token is None:
            with node_errors():
                return self.session.node.balance(holder)
        return int(erc20(self.session.node, token).read("balanceOf", holder))

    def decimals(self, token: str | None = None) -> int:
        """How many digits a currency has after the point: 18 for ether, and for tokens that do not
        say (ERC-20 leaves it open) 0, so that amounts are in base units.

        Raises:
            ChainError: the node refuses the question; NodeUnreachable, if it does not answer.
        """
        return self.session.decimals(ZERO_ADDRESS if token is None else token)


class LocalKiseki(Kiseki):
    """A `Kiseki` on a local chain: also makes wallets, test tokens and time.

    Attributes:
        url: of the Anvil.
        deployment_gas: gas of each contract's deployment.
    """

    def __init__(
        self,
        session: Session,
        key: LocalAccount | Signer,
        salts: Salts,
        url: str,
        deployment_gas: Mapping[str, int],
    ) -> None:
        super().__init__(session, key, salts)
        self.test_money = TestMoney(self._wallet, is_own=True)
        self.url = url
        self.deployment_gas = dict(deployment_gas)

    def account(self, number: int) -> LocalAccount:
        """The test wallet with this number, the same every time; only the first have test ether."""
        return local_account(number)

    def wallet(self, number: int) -> Kiseki:
        """`Kiseki` with the test wallet of this number."""
        return self.using(local_account(number))

    def test_token(self) -> str:
        """Deploys a new ERC-20 that anybody may mint; its address."""
        return self.test_money.token()

    def mint(self, token: str, to: str, amount: int) -> None:
        """Mints test tokens."""
        self.test_money.mint(token, to, amount)

    def is_alive(self) -> bool:
        """Whether the chain still answers."""
        with contextlib.suppress(KisekiError), node_errors():
            self.session.node.one("web3_clientVersion")
            return True
        return False

    def wait(self, seconds: int) -> None:
        """Lets time pass on the chain."""
        self.test_money.wait(seconds)


def _index_at(index: str | Path | None) -> str | Path:
    if index is None:
        return Path.home() / ".kiseki" / "index"
    return _path_or_url(index)


def _path_or_url(where: str | Path) -> str | Path:
    return where if isinstance(where, str) and "://" in where else Path(where)


def deploy(
    given: Mapping[str, Any], progress: Callable[[str, int], None] = lambda *_: None
) -> deployment.Deployment:
    """Puts the suite on a chain and records it; what is there already is left.

    Args:
        given: what `settings` gave.
        progress: called with each contract's name and the gas it took, 0 when it was there.

    Raises:
        NodeUnreachable, WrongChain: as they say.
        ChainError: no deterministic deployment proxy, no funds, or the node refuses.
    """
    node = connect(given["url"], given["chain_id"])
    journal = Journal(given.get("journal") or Path.home() / ".kiseki" / "journal")
    with contextlib.closing(journal):
        sender = Sender(node, signer_of(given["key"]), journal, given.get("policy"))
        return deployment.deploy(sender, given["deployments"], progress)
