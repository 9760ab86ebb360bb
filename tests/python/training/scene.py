"""Real pictures of two artists, a real chain, and somebody who trains on them."""

from dataclasses import dataclass
from pathlib import Path

from kiseki import Kiseki, Terms
from kiseki.core.laid import FILE, Laid
from kiseki.vault import receipts
from kiseki.vault.keystore import KeyStore

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "sd-scripts" / "datasets"


@dataclass
class Scene:
    """Who is there, and what they have.

    Attributes:
        artist: registers pictures, with a key store of their own.
        trainer: has what the artist sent.
        store: the trainer's folder of pictures, under names of their own, with captions.
        folder: where things are laid; not there yet.
    """

    artist: Kiseki
    trainer: Kiseki
    store: Path
    folder: Path

    def registered(self, name: str, terms: Terms, sent: bool = True) -> bytes:
        """A collection of one of the store's folders; its receipt is sent to the trainer."""
        pictures = sorted((self.store / name).rglob("*.png"))
        done = self.artist.data.register(pictures, terms)
        if sent:
            self.send(done.id)
        return done.id

    def send(self, collection: bytes) -> None:
        assert isinstance(self.artist.salts, KeyStore)
        path = self.store.parent / f"{collection.hex()}.receipt"
        if path.exists():
            return
        receipts.write(self.artist.salts, collection, path, clear=True)
        self.trainer.data.openings.receive(receipts.read(path))


def listed(folder: Path) -> Laid:
    """What the list in a folder says."""
    return Laid.from_json((folder / FILE).read_text("utf-8"))


def there(folder: Path) -> set[str]:
    """The names of all files in a folder and below."""
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir()}
