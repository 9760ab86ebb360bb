"""Everybody sees the outputs that a site was given to show, and nothing else (promise 1)."""

from __future__ import annotations

import io
import shutil

from PIL import Image
from starlette.testclient import TestClient

from kiseki.core import ids
from kiseki.core.values import ZERO32, to_hex
from kiseki.vault.files import hash_outputs
from kiseki.web.app import application
from kiseki.web.gallery import Gallery
from kiseki.web.site import Site

from .conftest import Places


def test_a_picture_stands_beside_the_output_that_it_is(site: Site, places: Places) -> None:
    """Its bytes say which output it is. What nobody registered as an output stays hidden, though
    its file lies in the same folder: a work that was given for training, above all."""
    scene = places.scene
    folder = scene.folder / "shown"
    folder.mkdir()
    for number in range(2):
        Image.new("RGB", (900, 600), (200, 90 * number, 0)).save(folder / f"{number}.png")
    (folder / "text.png").write_text("no picture")
    batch = scene.creator.outputs.prepare(folder, [scene.model_2])
    scene.creator.outputs.register(batch)
    Image.new("RGB", (60, 40), "teal").save(folder / "unregistered.png")
    shutil.copy(scene.folder / "alice" / "alice-0.svg", folder)
    site.catch_up()
    told = {path: to_hex(each.commitment) for each in batch.items for path in map(str, each.paths)}
    names = {path.rpartition("/")[2]: commitment for path, commitment in told.items()}
    page, output = f"/batch/{to_hex(batch.id)}", to_hex(ids.item_id(
        scene.creator.address, bytes.fromhex(names["0.png"][2:])
    ))  # fmt: skip
    shows = TestClient(
        application(site, follows=False, pictures=Gallery(folder)), base_url="http://localhost"
    )
    for path in (page, f"{page}/outputs", f"/output/{output}"):
        assert f'src="/picture/{names["0.png"]}"' in shows.get(path).text, path
    answer = shows.get(f"/picture/{names['0.png']}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(answer.content)).size == (480, 320)
    assert shows.get(f"/picture/{names['text.png']}").status_code == 404
    (own,) = hash_outputs([folder / "unregistered.png"])
    (drawing,) = hash_outputs([folder / "alice-0.svg"])
    for digest in (own.digest, drawing.digest):
        assert shows.get(f"/picture/{to_hex(ids.commitment(digest, ZERO32))}").status_code == 404
    for item in scene.collections["alice"].items:
        assert shows.get(f"/picture/{to_hex(item.commitment)}").status_code == 404
    assert "/picture/" not in shows.get(places.pages["collection"]).text
    none = TestClient(application(site, follows=False), base_url="http://localhost")
    assert "/picture/" not in none.get(page).text
    assert none.get(f"/picture/{names['0.png']}").status_code == 404
    tag = none.get(page).headers["etag"]
    assert shows.get(page, headers={"If-None-Match": tag}).status_code == 200
