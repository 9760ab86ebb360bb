"""Content out of the studio's vault, for who has a right to it; and what is seen of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from examples.openmoji.steps import documents, output_files
from examples.openmoji.summary import Act, Check, Scene
from examples.openmoji.units import plural
from examples.openmoji.vault import Keeping, item, serving
from examples.openmoji.world import BUYER, CREATOR, SECOND_DEVELOPER, TUNED_ON, World
from kiseki import Kiseki, Use
from kiseki.client.documents import Documents
from kiseki.client.vault.anchoring import Anchors
from kiseki.client.vault.audit import Audit, audit
from kiseki.client.vault.getting import get
from kiseki.client.vault.given import given
from kiseki.client.vault.http import Refused
from kiseki.client.vault.site import VaultSite
from kiseki.client.vault.weblogs import WebLogs
from kiseki.core.values import to_hex
from kiseki.vault.handing.anchors import AnchorFiles
from kiseki.vault.handing.receipts import Basis, Receipt
from kiseki.vault.keystore import KeyStore
from kiseki.vault.log.heads import Anchor
from kiseki.vault.published import Published

__all__ = ["hand_out"]

_FOR = Use.AI_GENERATIVE_TRAINING


def hand_out(world: World, kept: Keeping) -> tuple[Act, list[Check]]:
    """Who has the licence is given the pictures, an artist her own drawings, a stranger nothing."""
    creator, artist = world.k.wallet(CREATOR), world.artists[TUNED_ON]
    developer, stranger = (_elsewhere(world, each) for each in (SECOND_DEVELOPER, BUYER))
    pictures, drawings = output_files(world), [each.path for each in world.by_artist[TUNED_ON]]
    kept.vault.add_each([(creator.address, map(item, pictures))], cores=1)
    with serving(world.k, kept) as url:
        refusal, taken = _asked(stranger, url, kept.folder / "stranger", world.sold)
        _, got = _asked(developer, url, kept.folder / "developer", world.sold)
        hers = world.collections[TUNED_ON].id
        _, back = _asked(artist, url, kept.folder / "artist", hers)
        sold, own = _receipts(creator, url), _receipts(artist, url)
    anchor, block = _anchored(world, kept)
    found = _audit(world, kept)
    scenes = (
        Scene(f"A vault keeps the {len(world.drawings):,} drawings and the "
              f"{plural(len(pictures), 'picture')}, encrypted. A stranger asks it for the "
              f"pictures, and is told: {refusal or 'it gave them'}.", None),
        Scene("The developer of model 3, who has the licence, asks too. The vault asks the chain, "
              f"writes {plural(len(got), 'receipt')} into the creator's log, and hands out "
              f"{plural(len(got), 'picture')}. Each is checked against the chain.", None),
        Scene(f"{TUNED_ON} signs in, which costs nothing, and gets her own "
              f"{plural(len(back), 'drawing')}.", None),
        Scene("Both look who had what of theirs. The creator sees "
              f"{plural(len(sold), 'receipt')} for {_who(sold, world)}, {TUNED_ON} sees "
              f"{plural(len(own), 'receipt')} for {_who(own, world)}. These are all that their "
              "logs have, as the vault signed them.", None),
        Scene("The vault states the heads of its logs. From now on nobody can be shown another "
              "history of today.", block),
        Scene(f"An audit holds {plural(found.receipts, 'receipt')} against licences and manifests, "
              f"and finds {'nothing' if not found.findings else 'something'}: everything was had "
              "with a right to it, and what was had for training is declared.", None),
    )  # fmt: skip
    ok = (
        bool(refusal) and not taken and _same(got, pictures) and _same(back, drawings)
        and _rights(sold) == {(developer.address.lower(), Basis.LICENCE)}
        and _rights(own) == {(artist.address.lower(), Basis.PROVIDER)}
        and (len(sold), len(own)) == (len(got), len(back))
    )  # fmt: skip
    checks = (
        ("The vault gave its content to who had a right to it and to nobody else, and the receipts "
         "of it are all that its logs have", ok),
        ("The audit of the vault finds nothing: no hand-out without a licence, and none for "
         "training that no model declares", found.receipts > 0 and not found.findings),
    )  # fmt: skip
    facts = (("Collection", to_hex(world.sold)), ("Anchor of the day", to_hex(anchor.hash)))
    return Act("A vault that does not forget", scenes, facts), [Check(*each) for each in checks]


def _elsewhere(world: World, number: int) -> Kiseki:
    """Somebody with a key store of their own, as on another computer."""
    return Kiseki(world.k.session, world.k.account(number), KeyStore())


def _asked(who: Kiseki, url: str, folder: Path, collection: bytes) -> tuple[str, list[Path]]:
    """What the vault said where it refused, and the files that it gave."""
    with closing(VaultSite(url, who.signer, who.session.chain_id)) as site:
        try:
            return "", list(get(who, site, folder, collection, _FOR).files.values())
        except Refused as error:
            return str(error).partition("refused: ")[2].partition(";")[0], []


def _receipts(who: Kiseki, url: str) -> list[Receipt]:
    """What the vault shows a provider, checked against the provider's log."""
    logs, provider = WebLogs(url), who.address.lower()
    with closing(VaultSite(url, who.signer, who.session.chain_id)) as site:
        return list(given(site, logs, provider, logs.key(provider)))


def _rights(receipts: list[Receipt]) -> set[tuple[str, Basis]]:
    return {(each.caller, each.basis) for each in receipts}


def _who(receipts: list[Receipt], world: World) -> str:
    names = {world.k.wallet(SECOND_DEVELOPER).address: "the developer",
             world.artists[TUNED_ON].address: "herself"}  # fmt: skip
    known = {address.lower(): name for address, name in names.items()}
    return " and ".join(sorted({known.get(each.caller, each.caller) for each in receipts}))


def _same(files: list[Path], others: list[Path]) -> bool:
    contents = [{each.read_bytes() for each in some} for some in (files, others)]
    return contents[0] == contents[1]


def _anchored(world: World, kept: Keeping) -> tuple[Anchor, int]:
    """The anchor of today, and the block in which it was stated."""
    of, k = kept.vault, world.k
    files = AnchorFiles(kept.folder / "anchors")
    anchors = Anchors(of.ledger, of.setup.domain, k.statements, files, of.setup.seed)
    anchor = anchors.daily(k.session.now())
    if anchor is None:
        raise RuntimeError("nothing was handed out")
    return anchor, k.session.w3.eth.block_number


def _audit(world: World, kept: Keeping) -> Audit:
    of, session = kept.vault, world.k.session
    return audit(
        of.ledger, of.shelf, [world.sold], world.k.index, session["DataRegistry"].address,
        session.chain_id, Documents(Published(documents(world))),
    )  # fmt: skip
