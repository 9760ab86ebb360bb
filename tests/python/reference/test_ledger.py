"""The contract and the reference model go through the same random histories, and agree after every
step to the base unit: promise 4 and invariants 1, 2 and 3 of DESIGN.
"""

from random import Random
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes

from kiseki import ContractReverted, LocalKiseki
from kiseki.chain.contract.contracts import Call, Contract, erc20
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.split import Split
from kiseki.core.values import ZERO32, ZERO_ADDRESS

from .ledger import Ledger, Refused

WALLETS = ["ann", "ben", "cat"]
REJECTING = "rejecting"
SPLITS = {
    "plain": [("ann", 1), ("ben", 3), (REJECTING, 7)],
    "twice": [("ann", 5), ("ann", 5), ("cat", 1), ("ann", 2**90)],
    "nested": [("plain", 500_000), ("first", 333_333), ("cat", 166_667)],
    "deeper": [("nested", 2**94), ("second", 12_345), ("nobody", 1), ("twice", 9)],
    "one": [("second", 1)],
}
SUBJECTS = ["first", "second", "third"]
TOKENS = ["ether", "coin"]


ANYBODYS = bytes.fromhex(
    "78" + "36604014601157600435545f5260205ff35b6020355f355500" + "5f5260196007f3"
)
"""Creates a contract of anybody's that says of an ID what it was told last: two words are stored, a
question of 68 bytes loads. A collection would keep a payee that is no wallet."""


class Chain:
    """The contract under the model's names. The subjects are of somebody's own contract; one of
    which it was told nothing stands for nobody."""

    def __init__(self, k: LocalKiseki) -> None:
        self.k = k
        self.splitter = k.session["RevenueSplitter"]
        self.coin = k.test_token()
        k._wallet.send(erc20(k.session.node, self.coin).call("approve", self.at, 2**256 - 1))
        self.tokens = {"ether": ZERO_ADDRESS, "coin": self.coin}
        sent = k.session.w3.eth.send_transaction(
            {"from": to_checksum_address(k.address), "data": HexBytes(ANYBODYS)}
        )
        made = k.session.w3.eth.wait_for_transaction_receipt(sent)
        self.subjects = str(made["contractAddress"])
        # A contract that takes no ether, and any ERC-20.
        rejecting = k.session["Statements"].address
        self.accounts = {
            **{name: to_checksum_address(keccak256(name.encode())[:20]) for name in WALLETS},
            REJECTING: rejecting,
        }
        self.keys = {name: ids.wallet(who) for name, who in self.accounts.items()}
        self.openings = dict.fromkeys(self.accounts, b"")
        self.ids = {name: keccak256(name.encode()) for name in ["nobody", *SUBJECTS]}
        for name, known in self.ids.items():
            self.keys[name] = ids.subject(self.subjects, known)
            self.openings[name] = ids.subject_opening(self.subjects, known)
        self.splits: dict[str, Split] = {}
        for name, leaves in SPLITS.items():
            split = Split([(self.keys[payee], shares) for payee, shares in leaves])
            self.splits[name] = split
            self.keys[name], self.openings[name] = split.key, split.opening
        self.addresses = {
            name: self.splitter.read("paymentAddress", key) for name, key in self.keys.items()
        }

    @property
    def at(self) -> str:
        return self.splitter.address

    def share(self, split: str, leaf: int) -> tuple[bytes, bytes, int, int, bytes]:
        known = self.splits[split]
        payee, shares = known.leaves[leaf]
        proof = known.proof(leaf)
        return known.opening, payee, shares, proof.side, proof.path

    def encode(self, name: str, *arguments: Any, value: int = 0) -> Any:
        """A call of the model's, as the contract takes it."""
        match name, arguments:
            case "deposit", (payee, token, amount):
                values: tuple[Any, ...] = (
                    self.keys[payee], self.openings[payee], self.tokens[token], amount, ZERO32
                )  # fmt: skip
            case "sweep", (payee, token):
                values = (self.keys[payee], self.openings[payee], self.tokens[token])
            case "claim", (split, leaf, token, opened):
                payee, _ = SPLITS[split][leaf]
                opening = self.openings[payee] if opened and payee in self.ids else b""
                values = (self.share(split, leaf), self.tokens[token], opening)
            case "resolve", (subject, token):
                values = (self.subjects, self.ids[subject], self.tokens[token])
            case "multicall", (calls, allow_failure):
                values = ([self.encode(*call).data for call in calls], allow_failure)
            case _:
                raise AssertionError(name)
        return self.splitter.call(name, *values, value=value)

    def stand_for(self, subject: str, payee: str) -> None:
        told = self.ids[subject] + self.keys[payee]
        self.k._wallet.send(Call(self.subjects, told, 0, "stand for"))

    def give(self, who: str, token: str, amount: int) -> None:
        if token == "coin":
            self.k.mint(self.coin, who, amount)
        else:
            node = self.k.session.node
            node.one("anvil_setBalance", who, hex(node.balance(who) + amount))

    def balance(self, who: str, token: str) -> int:
        return self.k.balance(None if token == "ether" else self.coin, who)


class Both:
    """Model and contract side by side."""

    def __init__(self, k: LocalKiseki) -> None:
        self.chain = Chain(k)
        self.model = Ledger(
            SPLITS,
            {**dict.fromkeys(SUBJECTS, "payer"), "nobody": None},
            {(REJECTING, "ether")},
        )
        for subject in SUBJECTS:
            self.stand_for(subject, "cat")

    def stand_for(self, subject: str, payee: str) -> None:
        self.model.stands_for[subject] = payee
        self.chain.stand_for(subject, payee)

    def give(self, name: str, who: str, token: str, amount: int) -> None:
        self.model.balances[name, token] += amount
        self.chain.give(who, token, amount)

    def call(self, name: str, *arguments: Any, value: int = 0) -> bool:
        """Whether it was carried out, in which both must agree."""
        try:
            self.model.call(name, *arguments, value=value)
        except Refused:
            with pytest.raises(ContractReverted):
                self.chain.k._wallet.send(self.chain.encode(name, *arguments, value=value))
            return False
        self.chain.k._wallet.send(self.chain.encode(name, *arguments, value=value))
        return True

    def books(self) -> tuple[dict[Any, int], dict[Any, int]]:
        """Everything that both know, by the same names; the contract's is asked in one call."""
        model, chain = self.model, self.chain
        expected: dict[Any, int] = {}
        questions: list[Any] = []
        for token, address in chain.tokens.items():
            for name, key in chain.keys.items():
                # A wallet's money is paid out, not received by it in the ledger.
                kept = {"held": model.held} if name in chain.ids else {"received": model.received}
                for what, book in {"income": model.income, **kept}.items():
                    expected[what, name, token] = book[name, token]
                    questions.append((what, key, address))
            for name, leaves in SPLITS.items():
                lo = 0
                for leaf, (_, shares) in enumerate(leaves):
                    expected["claimed", name, leaf, token] = model.claimed[name, leaf, token]
                    questions.append(("claimed", chain.keys[name], address, lo))
                    expected["due", name, leaf, token] = model.due(name, leaf, token)
                    questions.append(("due", chain.share(name, leaf), address))
                    lo += shares
        found = dict(zip(expected, ask(chain.splitter, questions), strict=True))
        for token in chain.tokens:
            holders = {**chain.accounts, "ledger": chain.at}
            holders |= {f"address of {name}": at for name, at in chain.addresses.items()}
            if token == "coin":
                holders["payer"] = chain.k.address
            for name, who in holders.items():
                if name.startswith("address of") and not model.balances[name, token]:
                    continue
                expected["balance", name, token] = model.balances[name, token]
                found["balance", name, token] = chain.balance(who, token)
        return expected, found


def ask(splitter: Contract, questions: list[Any]) -> list[int]:
    calls = [splitter.call(*question).data for question in questions]
    results = splitter.read("multicall", calls, False)
    return [int.from_bytes(result["data"], "big") for result in results]


class History:
    """Random steps, most of which come to something."""

    def __init__(self, both: Both, draw: Random) -> None:
        self.both, self.draw = both, draw
        self.payees = [*WALLETS, REJECTING, *SPLITS, *SUBJECTS, "nobody"]

    def step(self) -> str:
        name = self.draw.choice(
            ["deposit", "deposit", "claim", "claim", "claim", "resolve", "sweep", "name", "multi"]
        )
        token = self.draw.choice(TOKENS)
        if name == "name":
            subject = self.draw.choice(SUBJECTS)
            payee = self.draw.choice(self.payees)
            self.both.stand_for(subject, payee)
        elif name == "sweep":
            payee = self.draw.choice(self.payees)
            if self.draw.random() < 0.9:
                self.give(f"address of {payee}", self.both.chain.addresses[payee], token)
            self.both.call("sweep", payee, token)
        elif name == "multi":
            self.multicall(token)
        else:
            call, value = self.one(name, token)
            self.both.call(*call, value=value)
        return name

    def one(self, name: str, token: str) -> tuple[tuple[Any, ...], int]:
        """A deposit, claim or resolve, and the ether it needs, or a little more."""
        if name == "deposit":
            amount = self.give("payer", self.both.chain.k.address, token)
            value = amount + self.draw.choice([0, 0, 5]) if token == "ether" else 0
            return ("deposit", self.draw.choice(self.payees), token, amount), value
        if name == "resolve":
            return ("resolve", self.draw.choice([*SUBJECTS, "nobody"]), token), 0
        due = [
            (split, leaf)
            for split, leaves in SPLITS.items()
            for leaf in range(len(leaves))
            if self.both.model.due(split, leaf, token) or self.draw.random() < 0.1
        ]
        split, leaf = self.draw.choice(due or [("plain", 0)])
        return ("claim", split, leaf, token, self.draw.random() < 0.5), 0

    def multicall(self, token: str) -> None:
        """Four on one value, which is sometimes too little, and sometimes a multicall inside."""
        drawn = [
            self.one(self.draw.choice(["deposit", "claim", "resolve"]), token) for _ in range(4)
        ]
        calls = [call for call, _ in drawn]
        if self.draw.random() < 0.2:
            calls.append(("multicall", [], True))
        value = sum(value for _, value in drawn)
        if self.draw.random() < 0.2:
            value //= 2
        self.both.call("multicall", calls, self.draw.random() < 0.7, value=value)

    def give(self, name: str, who: str, token: str) -> int:
        """Money out of nothing: mostly little or some, of the coin at times nearly too much."""
        amount = self.draw.choice([1, self.draw.randint(1, 50), self.draw.randint(1, 10**24)])
        if token == "coin" and self.draw.random() < 0.1:
            amount = self.draw.choice([2**127, 2**128 - 1, 2**128])
        if name == "payer" and token == "ether":
            self.both.chain.give(who, token, amount)
        else:
            self.both.give(name, who, token, amount)
        return amount


def check_books(model: Ledger) -> None:
    """What is held is what nobody was passed yet: invariant 1, of the model itself."""
    for token in TOKENS:
        held = sum(model.held[name, token] for name in model.stands_for)
        for split, leaves in SPLITS.items():
            passed_on = sum(model.claimed[split, leaf, token] for leaf in range(len(leaves)))
            assert passed_on <= model.received[split, token]
            held += model.received[split, token] - passed_on
        assert model.balances["ledger", token] == held


@pytest.mark.parametrize("seed", range(4))
def test_the_contract_and_the_model_agree_after_every_step(k: LocalKiseki, seed: int) -> None:
    both = Both(k)
    history = History(both, Random(seed))
    for number in range(40):
        step = history.step()
        expected, found = both.books()
        different = {
            name: (found[name], wanted)
            for name, wanted in expected.items()
            if found[name] != wanted
        }
        assert not different, f"step {number}, {step}: {{what: (contract, model)}}"
        check_books(both.model)
