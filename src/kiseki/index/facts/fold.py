"""Which facts each event states: a pure function from an event to rows.

Events that state nothing the index answers (approvals, nonces) give no rows.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kiseki.core import ids
from kiseki.core.conditions import Condition
from kiseki.core.event import Event
from kiseki.core.offer import Offer
from kiseki.core.schedule import Schedule
from kiseki.core.split import Split
from kiseki.core.terms import Terms, Use
from kiseki.core.texts import texts
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.core.waterfall import Plan, Tier
from kiseki.errors import IndexInconsistent, InvalidInput
from kiseki.index.store.tables import beginning_of

__all__ = ["READ", "facts", "read_split"]

Args = Mapping[str, Any]
Rows = list[tuple[str, dict[str, Any]]]


def facts(contract: str, event: Event) -> Rows:
    """The rows, as (table, columns), that ``event`` of the suite's ``contract`` adds.

    Raises:
        IndexInconsistent: an ID or key in it is not the hash of the values beside it.
    """
    read = _READERS.get((contract, event.name))
    return read(event.args) if read else []


def _terms(args: Args) -> Rows:
    given = args["terms"]
    try:
        terms = Terms(
            data_mining=given["dataMining"],
            ai_inference=given["aiInference"],
            ai_training=given["aiTraining"],
            ai_generative_training=given["aiGenerativeTraining"],
            commercial_output=given["commercialOutput"],
            redistribution=given["redistribution"],
            royalty_bps=given["royaltyBps"],
            floor_bps=given["floorBps"],
            valid_until=given["validUntil"],
            notice_seconds=given["noticeSeconds"],
            gate=given["gate"],
            document=bytes(given["document"]),
        )
    except InvalidInput as error:
        raise IndexInconsistent(f"TermsDefined logged terms that cannot be: {error}") from error
    _same("terms", bytes(args["termsId"]), terms.id)
    row = {
        "id": terms.id,
        "document": terms.to_json(),
        "until": terms.ends_at(None),
        "notice": None if terms.irrevocable else terms.notice_seconds,
    }
    return [("terms", row)]


def _collection(args: Args) -> Rows:
    row = {
        "id": bytes(args["collection"]),
        "provider": args["provider"].lower(),
        "terms": bytes(args["termsId"]),
        "root": bytes(args["root"]),
        "count": args["count"],
        "payee": bytes(args["payee"]),
        "origin": bytes(args["origin"]),
    }
    known = ids.collection_id(row["provider"], row["root"], row["terms"])
    _same("the collection", row["id"], known)
    return [("collection", row)]


def _standing_use(args: Args) -> Rows:
    row = {
        "collection": bytes(args["collection"]),
        "consent": bytes(args["consent"]),
        "collector": args["collector"].lower(),
        "nonce": args["nonce"],
    }
    return [("standing_use", row)]


def _nonce_cancelled(args: Args) -> Rows:
    return [("nonce_cancelled", {"signer": args["signer"].lower(), "nonce": args["nonce"]})]


def _payee_change(args: Args) -> Rows:
    row = {"collection": bytes(args["collection"]), "payee": bytes(args["payee"])}
    return [("payee_change", row)]


def _revocation(args: Args) -> Rows:
    return [("revocation", {"collection": bytes(args["collection"])})]


def _item_revocation(args: Args) -> Rows:
    provider, commitment = args["provider"].lower(), bytes(args["commitment"])
    row = {
        "item": ids.item_id(provider, commitment),
        "provider": provider,
        "commitment": commitment,
    }
    return [("item_revocation", row)]


def _published(kind: str, registrant: str) -> Callable[[Args], Rows]:
    def read(args: Args) -> Rows:
        group, commitments = bytes(args[kind]), [bytes(each) for each in args["commitments"]]
        items = ids.item_ids(args[registrant], commitments)
        return [
            (
                "published",
                {"group_id": group, "commitment": commitment, "item": beginning_of(item)},
            )
            for commitment, item in zip(commitments, items, strict=True)
        ]

    return read


def _model(args: Args) -> Rows:
    entry = args["entry"]
    row = {
        "id": bytes(args["model"]),
        "developer": args["developer"].lower(),
        "weights": bytes(args["weights"]),
        "terms": bytes(entry["termsId"]),
        "run": bytes(entry["run"]),
        "payee": bytes(entry["payee"]),
        "split": bytes(entry["split"]),
        "manifest": bytes(entry["manifest"]),
        "weight": entry["weight"],
        "submitter": entry["submitter"].lower(),
        "judged_at": entry["judgedAt"],
    }
    return [("model", row)]


def _model_source(args: Args) -> Rows:
    row = {
        "model": bytes(args["model"]),
        "collection": bytes(args["collection"]),
        "items": bytes(args["items"]),
        "weight": args["weight"],
        "submitter": args["submitter"].lower(),
        "judged_at": args["judgedAt"],
    }
    return [("model_source", row)]


def _batch(args: Args) -> Rows:
    row = {
        "id": bytes(args["batch"]),
        "creator": args["creator"].lower(),
        "root": bytes(args["root"]),
        "count": args["count"],
        "record": bytes(args["record"]),
        "payee": bytes(args["payee"]),
        "split": bytes(args["split"]),
        "endorsed": bool(args["endorsed"]),
    }
    return [("batch", row)]


def _batch_source(args: Args) -> Rows:
    row = {"batch": bytes(args["batch"]), "collection": bytes(args["collection"])}
    return [("batch_source", row)]


def _base(group: str, model: str) -> Callable[[Args], Rows]:
    def read(args: Args) -> Rows:
        return [("base", {"group_id": bytes(args[group]), "model": bytes(args[model])})]

    return read


def _external(group: str) -> Callable[[Args], Rows]:
    def read(args: Args) -> Rows:
        row = {
            "group_id": bytes(args[group]),
            "weights": bytes(args["weights"]),
            "document": bytes(args["document"]),
        }
        return [("external", row)]

    return read


def _rights(args: Args) -> Rows:
    row = {"token": _token(args), "registry": args["registry"].lower(), "id": bytes(args["id"])}
    return [("rights", row)]


def _mint(args: Args) -> Rows:
    row = {
        "token": _token(args),
        "document": bytes(args["document"]),
        "royalty_bps": args["royaltyBps"],
    }
    return [*_rights(args), ("mint", row)]


def _transfer(args: Args) -> Rows:
    return [("transfer", {"token": _token(args), "holder": args["to"].lower()})]


def _deposit(args: Args) -> Rows:
    row = {
        "payee": bytes(args["payee"]),
        "token": args["token"].lower(),
        "payer": args["payer"].lower(),
        "amount": args["amount"],
        "ref": bytes(args["ref"]),
    }
    return [("deposit", row)]


def _claim(args: Args) -> Rows:
    row = {
        "split": bytes(args["split"]),
        "token": args["token"].lower(),
        "payee": bytes(args["payee"]),
        "lo": args["lo"],
        "shares": args["shares"],
        "amount": args["amount"],
    }
    return [("claim", row)]


def _resolution(args: Args) -> Rows:
    row = {
        "subject": bytes(args["subject"]),
        "token": args["token"].lower(),
        "payee": bytes(args["payee"]),
        "amount": args["amount"],
    }
    return [("resolution", row)]


def _redirect(args: Args) -> Rows:
    row = {
        "payee": args["payee"].lower(),
        "receiver": args["to"].lower(),
        "token": args["token"].lower(),
        "amount": args["amount"],
    }
    return [("redirect", row)]


def _binding(args: Args) -> Rows:
    row = {
        "issuer": args["issuer"].lower(),
        "person": bytes(args["person"]),
        "wallet": args["wallet"].lower(),
        "since": args["from"],
    }
    return [("identity", row)]


def _unbinding(args: Args) -> Rows:
    row = {"issuer": args["issuer"].lower(), "person": bytes(args["person"])}
    return [("identity", row | {"wallet": ZERO_ADDRESS, "since": 0})]


def _schedule(args: Args) -> Rows:
    given = args["schedule"]
    conditions = tuple(
        Condition(each["check"], bytes(each["data"])) for each in given["conditions"]
    )
    made = Schedule(
        given["tokenId"], given["nonce"], given["holder"], given["beneficiary"], conditions,
        given["deadline"],
    )  # fmt: skip
    row = {
        "id": bytes(args["scheduleId"]),
        "token": _token(args),
        "nonce": made.nonce,
        "holder": made.holder,
        "beneficiary": made.beneficiary,
        "conditions": texts(made),
        "deadline": made.deadline,
        "shares": args["shares"],
        "total": args["total"],
    }
    return [("schedule", row)]


def _schedule_end(how: str) -> Callable[[Args], Rows]:
    def read(args: Args) -> Rows:
        return [("schedule_end", {"id": bytes(args["scheduleId"]), "how": how})]

    return read


def _offer(args: Args) -> Rows:
    given = args["offer"]
    try:
        offer = Offer(
            registry=given["registry"],
            id=bytes(given["id"]),
            price=given["price"],
            uses=Use(given["uses"]),
            token=given["token"],
            duration=given["duration"],
            until=given["until"],
            supply=given["supply"],
            buyers=bytes(given["buyers"]),
            document=bytes(given["document"]),
            salt=bytes(given["salt"]),
        )
    except (InvalidInput, ValueError):
        return []  # a price that nobody could pay; whoever made it harms nobody
    row = {
        "id": bytes(args["offerId"]),
        "subject": bytes(args["subject"]),
        "owner": args["holder"].lower(),
        "document": texts(offer),
    }
    _same("the offer's subject", row["subject"], ids.subject(offer.registry, offer.id))
    return [("offer", row)]


def _offer_end(args: Args) -> Rows:
    return [("offer_end", {"id": bytes(args["offerId"])})]


def _licence(args: Args) -> Rows:
    row = {
        "offer": bytes(args["offerId"]),
        "subject": bytes(args["subject"]),
        "licensee": args["licensee"].lower(),
        "payer": args["payer"].lower(),
        "ends": args["licence"],
    }
    return [("licence", row)]


def _waterfall(args: Args) -> Rows:
    given = args["plan"]
    tokens = given["tokens"]
    try:
        tiers = [
            Tier(bytes(each["payee"]), dict(zip(tokens, each["sizes"], strict=False)))
            for each in given["tiers"]
        ]
        plan = Plan(tiers, bytes(given["salt"]))
    except InvalidInput:
        return []  # one without sizes, which passes on as it is; nobody needs its plan
    fall = args["waterfall"].lower()
    made: Rows = [("waterfall", {"address": fall, "plan": texts(plan)})]
    return made + [("tier", {"waterfall": fall, "payee": tier.payee}) for tier in tiers]


def _allowed(args: Args) -> Rows:
    row = {
        "registry": args["registry"].lower(),
        "id": bytes(args["id"]),
        "user": args["user"].lower(),
    }
    return [("allowed", row)]


def _statement(args: Args) -> Rows:
    row = {
        "speaker": args["speaker"].lower(),
        "subject": bytes(args["subject"]),
        "kind": bytes(args["kind"]),
        "document": bytes(args["document"]),
    }
    return [("statement", row)]


def read_split(args: Args) -> Split | None:
    """The split that `SplitPublished` logged.

    ``None`` for one with a payee of zero: the contract logs it, that leaf can never be claimed,
    and :class:`~kiseki.core.split.Split` has no such leaves. Its author harms only its payees.

    Raises:
        IndexInconsistent: the leaves do not give the key.
    """
    payees = [bytes(each) for each in args["payees"]]
    if not all(map(any, payees)):
        return None
    try:
        split = Split(list(zip(payees, args["shares"], strict=True)), bytes(args["opening"])[44:])
    except ValueError as error:
        raise IndexInconsistent(f"SplitPublished logged no split: {error}") from error
    _same("the published split", bytes(args["split"]), split.key)
    return split


def _manifest_false(kind: str) -> Callable[[Args], Rows]:
    def read(args: Args) -> Rows:
        row = {
            "model": bytes(args["model"]),
            "kind": kind,
            "collection": bytes(args["collection"]),
            "challenger": args["challenger"].lower(),
        }
        return [("manifest_false", row)]

    return read


def _manifest_checked(args: Args) -> Rows:
    return [("manifest_checked", {"model": bytes(args["model"]), "walker": args["walker"].lower()})]


def _token(args: Args) -> bytes:
    number: int = args["tokenId"]
    return number.to_bytes(32, "big")


def _same(what: str, logged: bytes, known: bytes) -> None:
    if logged != known:
        raise IndexInconsistent(
            f"{what} was logged as {to_hex(logged)} and hashes to {to_hex(known)}; the events are"
            " not the suite's, or this version of Kiseki does not fit these contracts"
        )


_READERS: dict[tuple[str, str], Callable[[Args], Rows]] = {
    ("DataRegistry", "TermsDefined"): _terms,
    ("DataRegistry", "CollectionRegistered"): _collection,
    ("DataRegistry", "RegisteredUnder"): _standing_use,
    ("DataRegistry", "NonceCancelled"): _nonce_cancelled,
    ("DataRegistry", "CollectionPublished"): _published("collection", "provider"),
    ("DataRegistry", "CollectionRevoked"): _revocation,
    ("DataRegistry", "ItemRevoked"): _item_revocation,
    ("DataRegistry", "PayeeChanged"): _payee_change,
    ("ModelRegistry", "ModelRegistered"): _model,
    ("ModelRegistry", "ModelSource"): _model_source,
    ("ModelRegistry", "ModelParent"): _base("model", "parent"),
    ("ModelRegistry", "ModelExternal"): _external("model"),
    ("OutputRegistry", "BatchRegistered"): _batch,
    ("OutputRegistry", "BatchModel"): _base("batch", "model"),
    ("OutputRegistry", "BatchSource"): _batch_source,
    ("OutputRegistry", "BatchExternal"): _external("batch"),
    ("OutputRegistry", "BatchPublished"): _published("batch", "creator"),
    ("Challenges", "OutOfOrder"): _manifest_false("out_of_order"),
    ("Challenges", "RevokedItem"): _manifest_false("revoked_item"),
    ("Challenges", "ManifestChecked"): _manifest_checked,
    ("AllowList", "Allowed"): _allowed,
    ("Statements", "Stated"): _statement,
    ("RightsToken", "Revealed"): _rights,
    ("RightsToken", "RightsMinted"): _mint,
    ("RightsToken", "Transfer"): _transfer,
    ("RightsToken", "TransferScheduled"): _schedule,
    ("RightsToken", "TransferExecuted"): _schedule_end("executed"),
    ("RightsToken", "TransferLapsed"): _schedule_end("lapsed"),
    ("LicenseMarket", "Offered"): _offer,
    ("LicenseMarket", "OfferEnded"): _offer_end,
    ("LicenseMarket", "LicenceBought"): _licence,
    ("Waterfalls", "WaterfallCreated"): _waterfall,
    ("Identities", "IdentityBound"): _binding,
    ("Identities", "IdentityWithdrawn"): _unbinding,
    ("RevenueSplitter", "Deposited"): _deposit,
    ("RevenueSplitter", "Claimed"): _claim,
    ("RevenueSplitter", "Resolved"): _resolution,
    ("RevenueSplitter", "Redirected"): _redirect,
}

READ = frozenset(_READERS)
"""(contract, event) of everything that becomes rows; `SplitPublished` is read apart."""
