"""A world to ask about with files, and somebody with a browser who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request
from tests.python.core import media
from tests.python.promises.scene import Scene
from tests.python.web.browser import launched

from kiseki import Manifest
from kiseki.vault import receipts
from kiseki.vault.keystore import KeyStore

__all__ = ["Asking", "Files", "asking"]


class Files:
    """What people have on their disks."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.folder = scene, folder
        folder.mkdir()
        season = scene.folder / "season"
        season.mkdir()
        self.plain = media.picture("PNG", 60)
        (season / "picture.png").write_bytes(self.plain)
        (season / "sealed.jpg").write_bytes(media.embed(media.picture("JPEG", 60), "image/jpeg"))
        self.season = scene.creator.outputs.prepare(season, [scene.model_2])
        scene.creator.outputs.register(self.season)
        self.known = self.file("picture.png", self.plain)
        self.inside = self.file("shop.png", media.embed(self.plain, "image/png"))
        self.sealed = self.file("sealed.jpg", (season / "sealed.jpg").read_bytes())
        self.drawing = scene.folder / "alice" / "alice-1.svg"
        store = scene.alice.salts
        assert isinstance(store, KeyStore)
        self.store: KeyStore = store
        art = scene.collections["alice"].id
        self.receipt = folder / "receipt.json"
        receipts.write(store, art, self.receipt, clear=True)
        items = {each.paths[0].name: each for each in scene.collections["alice"].items}
        self.some = Manifest({art: [(items[f"alice-{k}.svg"].id, 2 + k) for k in (0, 2)]})
        weights = scene.developer_1.models.weights(self.file("some.weights", b"some"))
        self.model = scene.developer_1.models.register(
            weights, scene.model_terms, manifest=self.some
        ).id
        self.list = self.file("manifest.json", self.some.to_json().encode())
        self.part = folder / "part.json"
        receipts.write(store, art, self.part, clear=True, only=["*alice-1*"])

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path


@dataclass
class Asking:
    """A browser with the page open, and what it sent."""

    page: Page
    sent: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def state(self) -> str | None:
        """Which of the three states is shown, or that it failed."""
        return self.page.get_attribute("#told", "data-state")

    def ask(self, path: Path) -> str:
        """Chooses a file; what is told of it then."""
        self.page.evaluate("document.getElementById('told').replaceChildren()")
        self.page.set_input_files("#file", path)
        return self.told()

    def told(self) -> str:
        self.page.wait_for_selector("#told > *")
        return self.page.inner_text("#told")

    def receive(self, path: Path) -> str:
        """Chooses a receipt; what is told of the work then."""
        self.page.evaluate("document.getElementById('used').replaceChildren()")
        self.page.set_input_files("#receipt", path)
        self.page.wait_for_selector("#used > *")
        return self.page.inner_text("#used")

    def ask_own(self, path: Path) -> str:
        """Chooses another work, with the same receipt; what is told of it."""
        self.ask(path)
        self.page.wait_for_selector("#used > *")
        return self.page.inner_text("#used")

    def verdicts(self) -> dict[str, str]:
        """What is told of the work in each model that declares the collection itself."""
        rows = self.page.locator('#used tr[data-kind="model"][data-through=""]').all()
        return {
            str(row.get_attribute("data-id")): row.locator("td").last.inner_text() for row in rows
        }

    def everything_sent(self) -> str:
        """Addresses, headers and bodies."""
        return "\n".join(f"{e.url} {e.headers} {e.post_data or ''}" for e in self.sent)


@contextmanager
def asking(at: str, **options: Any) -> Iterator[Asking]:
    """Somebody on the page, until the block ends."""
    options.setdefault("locale", "en-GB")
    with launched(**options) as page:
        found = Asking(page)
        page.on("request", lambda asked: found.sent.append(asked))
        page.on("console", lambda said: found.complaints.append(said.text))
        page.on("pageerror", lambda error: found.complaints.append(str(error)))
        page.goto(f"{at}/file")
        page.wait_for_selector("#ask:not([hidden])")
        yield found
