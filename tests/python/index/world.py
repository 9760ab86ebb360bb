"""A hand-made chain: logs what the contracts would log, hashed and composed by `kiseki.core`,
and keeps the splitter's ledger as the contract does, so that steps can be played back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from kiseki.core import ids
from kiseki.core.compose import Ancestor, Source, compose_batch, compose_model
from kiseki.core.event import Event
from kiseki.core.ids import Collection, External
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import manifest_root
from kiseki.core.merkle import IdTree
from kiseki.core.split import Split
from kiseki.core.sumtree import SumProof, verify
from kiseki.core.terms import Terms, Use
from kiseki.core.values import ZERO32, ZERO_ADDRESS
from kiseki.index import MANIFEST, ClaimStep, Index, Owed, Step


def named(name: str) -> bytes:
    return keccak256(name.encode())


def account(name: str) -> str:
    return "0x" + named(name)[:20].hex()


SUITE = {
    name: account(name)
    for name in (
        "Challenges",
        "DataRegistry",
        "Identities",
        "ModelRegistry",
        "OutputRegistry",
        "RevenueSplitter",
        "RightsToken",
        "Statements",
        "LicenseMarket",
        "Waterfalls",
        "AllowList",
    )
}
ARTIST, STUDIO, DEVELOPER, CREATOR, BUYER, STRANGER = map(
    account, ("artist", "studio", "developer", "creator", "buyer", "stranger")
)
CHALLENGES, DATA, IDENTITIES, MODELS, OUTPUTS, SPLITTER, RIGHTS, STATEMENTS, MARKET, FALLS, _ = (
    SUITE.values()
)
ETHER = ZERO_ADDRESS
DAY = 86_400


def due(index: Index, wallet: str) -> list[Owed]:
    """What a wallet is owed in all tokens."""
    return [row for token in index.tokens_owed(wallet) for row in index.owed(wallet, token)]


class World:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.block, self.time, self.position = 1, 1_800_000_000, 0
        self.terms: dict[bytes, Terms] = {}
        self.prices: dict[bytes, Terms] = {}
        self.providers: dict[bytes, str] = {}
        self.ancestries: dict[bytes, tuple[Ancestor, ...]] = {}
        self.own_splits: dict[bytes, bytes] = {}
        self.split_of: dict[bytes, Split] = {}
        self.stands_for: dict[bytes, bytes] = {}
        self.received: defaultdict[tuple[bytes, str], int] = defaultdict(int)
        self.passed: defaultdict[tuple[bytes, str], int] = defaultdict(int)
        self.claimed: defaultdict[tuple[bytes, str, int], int] = defaultdict(int)
        self.paid: defaultdict[tuple[str, str], int] = defaultdict(int)

    # Time

    def log(self, contract: str, name: str, **args: Any) -> Event:
        """One log; `next_block` begins another block."""
        event = Event(
            contract=contract,
            address=SUITE[contract],
            name=name,
            args=args,
            block=self.block,
            timestamp=self.time,
            transaction=named(f"transaction of block {self.block}"),
            position=self.position,
        )
        self.position += 1
        self.events.append(event)
        return event

    def next_block(self, seconds: int = 12) -> None:
        self.block, self.time, self.position = self.block + 1, self.time + seconds, 0

    def index(self) -> Index:
        index = Index(SUITE.items())
        index.apply(self.events)
        return index

    # Registering

    def define(self, terms: Terms) -> bytes:
        if terms.id not in self.terms:
            self.terms[terms.id] = terms
            self.log(
                "DataRegistry",
                "TermsDefined",
                termsId=terms.id,
                terms={
                    "dataMining": terms.data_mining,
                    "aiInference": terms.ai_inference,
                    "aiTraining": terms.ai_training,
                    "aiGenerativeTraining": terms.ai_generative_training,
                    "commercialOutput": terms.commercial_output,
                    "redistribution": terms.redistribution,
                    "royaltyBps": terms.royalty_bps,
                    "floorBps": terms.floor_bps,
                    "validUntil": terms.valid_until,
                    "noticeSeconds": terms.notice_seconds,
                    "gate": terms.gate,
                    "document": terms.document,
                },
            )
        return terms.id

    def collection(
        self,
        provider: str,
        terms: Terms,
        files: Sequence[str] = ("a",),
        payee: bytes | None = None,
        publish: bool = True,
    ) -> bytes:
        self.next_block()
        terms_id = self.define(terms)
        commitments = sorted(map(named, files), key=lambda each: ids.item_id(provider, each))
        root = IdTree(ids.item_ids(provider, commitments)).root
        collection = ids.collection_id(provider, root, terms_id)
        payee = payee or ids.wallet(provider)
        self.log(
            "DataRegistry",
            "CollectionRegistered",
            collection=collection,
            provider=provider,
            termsId=terms_id,
            root=root,
            count=len(files),
            payee=payee,
            origin=ZERO32,
        )
        if publish:
            self.publish(collection, provider, commitments)
        self.prices[collection], self.providers[collection] = terms, provider
        self.stands_for[ids.subject(DATA, collection)] = payee
        return collection

    def publish(self, collection: bytes, provider: str, commitments: Sequence[bytes]) -> None:
        self.log(
            "DataRegistry",
            "CollectionPublished",
            collection=collection,
            provider=provider,
            commitments=tuple(commitments),
        )

    def set_payee(self, collection: bytes, payee: bytes) -> None:
        self.next_block()
        self.log("DataRegistry", "PayeeChanged", collection=collection, payee=payee)
        self.stands_for[ids.subject(DATA, collection)] = payee

    def revoke(self, collection: bytes, seconds: int = 12) -> None:
        self.next_block(seconds)
        provider = self.providers[collection]
        self.log("DataRegistry", "CollectionRevoked", collection=collection, provider=provider)

    def log_sources(
        self, model: bytes, sources: Sequence[Collection], submitter: str, judged_at: int
    ) -> None:
        for each in sources:
            self.log(
                "ModelRegistry",
                "ModelSource",
                model=model,
                collection=each.id,
                provider=self.providers[each.id],
                items=each.items,
                weight=each.weight,
                submitter=submitter,
                judgedAt=judged_at,
            )

    def sources(self, weights: dict[bytes, int]) -> list[Collection]:
        return [Collection(each, named("items"), weights[each]) for each in sorted(weights)]

    def model_id(
        self,
        name: str,
        weights: dict[bytes, int],
        parents: Sequence[bytes] = (),
        externals: Sequence[External] = (),
        terms: Terms | None = None,
        developer: str = DEVELOPER,
    ) -> bytes:
        parts = [ids.part_hash(part) for part in ids.parts(self.sources(weights))]
        hashed = ids.sources_hash(parts, sorted(parents), externals)
        return ids.model_id(developer, named(name), hashed, (terms or Terms.of("train", "0%")).id)

    def model(
        self,
        name: str,
        weights: dict[bytes, int],
        parents: Sequence[bytes] = (),
        externals: Sequence[External] = (),
        terms: Terms | None = None,
        developer: str = DEVELOPER,
        payee: bytes | None = None,
        submitter: str | None = None,
        drafted: tuple[int, int] | None = None,
        same_block: bool = False,
        published: bool = True,
    ) -> bytes:
        """`drafted`: (collections that were logged by parts before, when the first was)."""
        if not same_block:
            self.next_block()
        terms = terms or Terms.of("train", "0%")
        terms_id = self.define(terms)
        collections = self.sources(weights)
        model = self.model_id(name, weights, parents, externals, terms, developer)
        payee = payee or ids.wallet(developer)
        submitter = submitter or developer
        logged, judged_at = drafted or (0, self.time)
        self.log_sources(model, collections[logged:], submitter, judged_at)
        for parent in sorted(parents):
            self.log("ModelRegistry", "ModelParent", model=model, parent=parent)
        for each in externals:
            self.log(
                "ModelRegistry",
                "ModelExternal",
                model=model,
                weights=each.weights,
                document=each.document,
            )
        made = compose_model(
            DATA,
            model,
            self.priced(collections),
            [self.ancestries[each] for each in sorted(parents)],
            self.own_splits,
            terms.royalty_bps,
            payee,
        )
        manifest, weight = manifest_root(collections)
        entry = {
            "termsId": terms_id,
            "run": named("run"),
            "payee": payee,
            "split": made.split.key,
            "manifest": manifest,
            "weight": weight,
            "submitter": submitter,
            "judgedAt": judged_at,
        }
        self.log(
            "ModelRegistry",
            "ModelRegistered",
            model=model,
            developer=developer,
            weights=named(name),
            entry=entry,
        )
        self.ancestries[model] = made.ancestry
        self.know(made.split, made.data.split, made.own_split)
        if made.own_split:
            self.own_splits[model] = made.own_split.key
        self.stands_for[ids.subject(MODELS, model)] = made.split.key
        if published:
            self.log(
                "Statements",
                "Stated",
                speaker=developer,
                subject=ids.subject(MODELS, model),
                kind=MANIFEST,
                document=named(f"manifest of {name}"),
            )
        return model

    def priced(self, collections: Sequence[Collection]) -> list[Source]:
        return [
            Source(each.id, each.weight, terms.royalty_bps, terms.floor_bps)
            for each in collections
            for terms in [self.prices[each.id]]
        ]

    def batch(
        self,
        files: Sequence[str],
        models: Sequence[bytes],
        read: Sequence[bytes] = (),
        externals: Sequence[External] = (),
        creator: str = CREATOR,
        payee: bytes | None = None,
        publish: bool = True,
    ) -> bytes:
        self.next_block()
        collections = [Collection(each, ZERO32, 1) for each in sorted(read)]
        commitments = sorted(map(named, files), key=lambda each: ids.item_id(creator, each))
        root = IdTree(ids.item_ids(creator, commitments)).root
        parts = [ids.part_hash(part) for part in ids.parts(collections)]
        batch = ids.batch_id(creator, ids.sources_hash(parts, sorted(models), externals), root)
        payee = payee or ids.wallet(creator)
        for model in sorted(models):
            self.log("OutputRegistry", "BatchModel", batch=batch, model=model)
        for each in collections:
            who = self.providers[each.id]
            self.log("OutputRegistry", "BatchSource", batch=batch, collection=each.id, provider=who)
        for external in externals:
            self.log(
                "OutputRegistry",
                "BatchExternal",
                batch=batch,
                weights=external.weights,
                document=external.document,
            )
        made = compose_batch(
            DATA,
            batch,
            self.priced(collections),
            [self.ancestries[each] for each in sorted(models)],
            self.own_splits,
            payee,
        )
        self.log(
            "OutputRegistry",
            "BatchRegistered",
            batch=batch,
            creator=creator,
            root=root,
            count=len(files),
            record=named("record"),
            payee=payee,
            split=made.split.key,
            endorsed=True,
        )
        if publish:
            self.log(
                "OutputRegistry",
                "BatchPublished",
                batch=batch,
                creator=creator,
                commitments=tuple(commitments),
            )
        self.know(made.split, made.data.split)
        self.stands_for[ids.subject(OUTPUTS, batch)] = made.split.key
        return batch

    def know(self, *splits: Split | None) -> None:
        for split in splits:
            if split:
                self.split_of[split.key] = split

    def split_for(self, registry: str, group: bytes) -> bytes:
        return self.stands_for[ids.subject(registry, group)]

    # Rights

    def token(self, registry: str, group: bytes) -> tuple[int, bytes]:
        """The number of a rights token, and the subject that pays its holder."""
        number = ids.subject(registry, group)
        return int.from_bytes(number, "big"), ids.subject(RIGHTS, number)

    def reveal(self, registry: str, group: bytes, registrant: str) -> None:
        self.next_block()
        number, subject = self.token(registry, group)
        self.log("RightsToken", "Revealed", tokenId=number, registry=registry, id=group)
        self.stands_for[subject] = ids.wallet(registrant)

    def transfer(self, registry: str, group: bytes, to: str) -> None:
        self.next_block()
        number, subject = self.token(registry, group)
        args = {"from": ZERO_ADDRESS, "to": to, "tokenId": number}
        self.log("RightsToken", "Transfer", **args)
        self.stands_for[subject] = ids.wallet(to)

    def offer(self, group: bytes, key: bytes) -> None:
        """Licences of a collection, offered by its provider."""
        offer = {
            "registry": DATA, "id": group, "price": 5, "uses": int(Use.AI_TRAINING),
            "token": ETHER, "duration": DAY, "until": self.time + DAY, "supply": 9,
            "buyers": ZERO32, "document": ZERO32, "salt": key,
        }  # fmt: skip
        args = {"offerId": key, "subject": ids.subject(DATA, group)}
        self.log("LicenseMarket", "Offered", **args, holder=self.providers[group], offer=offer)

    # Money, as the splitter moves it

    def deposit(self, payee: bytes, amount: int, token: str = ETHER) -> None:
        self.next_block()
        self.log(
            "RevenueSplitter",
            "Deposited",
            payee=payee,
            token=token,
            payer=BUYER,
            amount=amount,
            ref=ZERO32,
        )
        self.credit(payee, token, amount)

    def credit(self, payee: bytes, token: str, amount: int) -> None:
        wallet = ids.wallet_address(payee)
        if wallet:
            self.paid[wallet, token] += amount
        else:
            self.received[payee, token] += amount

    def claim(self, step: ClaimStep) -> int:
        """Checks the proof and passes on what is due, as the contract does."""
        root, total = step.split[:32], int.from_bytes(step.split[32:44], "big")
        key = ids.split_key(root, total, step.split[44:])
        lo = self.lo(step)
        verify(root, total, step.payee, step.shares, SumProof(lo, step.side, step.path))
        due = self.received[key, step.token] * step.shares // total
        due -= self.claimed[key, step.token, lo]
        if due == 0:
            return 0
        self.claimed[key, step.token, lo] += due
        self.passed[key, step.token] += due
        self.log(
            "RevenueSplitter",
            "Claimed",
            split=key,
            token=step.token,
            payee=step.payee,
            lo=lo,
            shares=step.shares,
            amount=due,
        )
        self.credit(step.payee, step.token, due)
        if step.opening:
            contract, subject_id = "0x" + step.opening[:20].hex(), step.opening[20:]
            assert ids.subject(contract, subject_id) == step.payee
            self.resolve(step.payee, step.token, with_claim=True)
        return due

    @staticmethod
    def lo(step: ClaimStep) -> int:
        siblings = [step.path[at + 32 : at + 44] for at in range(0, len(step.path), 44)]
        return sum(
            int.from_bytes(sibling, "big")
            for i, sibling in enumerate(siblings)
            if step.side >> i & 1
        )

    def waits(self, subject: bytes, token: str) -> int:
        return self.received[subject, token] - self.passed[subject, token]

    def resolve(self, subject: bytes, token: str, with_claim: bool = False) -> None:
        amount, payee = self.waits(subject, token), self.stands_for.get(subject)
        if amount == 0 or payee is None:
            return
        if payee in self.stands_for and self.waits(payee, token) + amount >= 2**128:
            assert with_claim, "the splitter refuses that; after a claim it leaves it where it is"
            return
        self.passed[subject, token] += amount
        self.log(
            "RevenueSplitter",
            "Resolved",
            subject=subject,
            token=token,
            payee=payee,
            amount=amount,
        )
        self.credit(payee, token, amount)

    def play(self, planned: Sequence[Step], exact: bool = True) -> None:
        """Makes the steps; with `exact`, each claim must bring what it said."""
        self.next_block()
        for step in planned:
            if isinstance(step, ClaimStep):
                due = self.claim(step)
                assert not exact or due == step.amount
            else:
                self.resolve(ids.subject(step.account, step.id), step.token)

    def record(self, found: Iterable[Owed]) -> None:
        """Puts the tokens on record through which that comes and which are not."""
        for registry, group in sorted({each.unknown for each in found if each.unknown}):
            (who,) = {each.wallet for each in found if each.unknown == (registry, group)}
            self.reveal(registry, group, who)

    def claim_everything_of(self, wallet: str) -> None:
        index = self.index()
        found = due(index, wallet)
        self.record(found)
        self.play(index.steps(found))
