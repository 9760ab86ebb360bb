"""A file of weights is registered by its tensors, says so when it is not, and is found again."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.chain.signing.accounts import local_account
from kiseki.client.models.models import run_document
from kiseki.client.models.weights import Found, Weights, read_weights
from kiseki.core import ids
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.keystore import KeyStore

VECTORS = Path(__file__).parents[2] / "vectors" / "weights"
MODEL = {"down": np.arange(6, dtype="f2"), "up": np.ones((2, 3), "f4"), "mid": np.zeros(3, "f2")}

Registering = Callable[..., bytes]
Files = Callable[[str, bytes], Path]


@pytest.fixture
def file(tmp_path: Path) -> Files:
    def make(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return make


@pytest.fixture
def registered(artist: Kiseki, developer: Kiseki, tmp_path: Path) -> Registering:
    """Registers weights as a model of the developer's."""
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "1.png").write_bytes(b"1")
    free = Terms.of("train", "0%")
    art = artist.data.prepare(tmp_path / "art", free)
    artist.data.register(art)
    manifest = Manifest({art.id: [(each.id, 1) for each in art.items]})

    def register(weights: Weights | bytes, **more: Any) -> bytes:
        return developer.models.register(weights, free, manifest=manifest, **more).id

    return register


def sharded(folder: Path, cut: Sequence[Sequence[str]], name: str = "model") -> Path:
    """A model in several files, with the index that transformers and diffusers write."""
    where: dict[str, str] = {}
    for number, tensors in enumerate(cut, 1):
        file = f"{name}-{number:05}-of-{len(cut):05}.safetensors"
        (folder / file).write_bytes(save({each: MODEL[each] for each in tensors}, {"format": "np"}))
        where |= dict.fromkeys(tensors, file)
    index = folder / f"{name}.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 42}, "weight_map": where}))
    return index


# What is registered


def test_comments_order_and_files_make_no_other_model(
    k: LocalKiseki, file: Files, tmp_path: Path
) -> None:
    plain = k.models.weights(file("a.safetensors", save(MODEL)))
    edited = k.models.weights(file("b.bin", save(MODEL, {"comment": "better"})))
    several = k.models.weights(sharded(tmp_path, [["down"], ["up", "mid"]]))
    assert {plain.form, edited.form, several.form} == {"tensors"}
    assert plain.commitment == edited.commitment == several.commitment
    assert plain.commitment == ids.commitment(plain.digest, ZERO32)
    assert len({plain.settings, edited.settings, several.settings}) == 3
    assert "3 tensors" in plain.words
    other = k.models.weights(file("c.safetensors", save({**MODEL, "mid": np.ones(3, "f2")})))
    assert other.commitment != plain.commitment


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a-key-twice.safetensors", "twice"),
        ("trailing-bytes.safetensors", "follow the last tensor"),
        ("README.md", "not in the safetensors format"),
    ],
)
def test_a_whole_file_is_registered_where_tensors_cannot_be_told_and_that_is_said(
    k: LocalKiseki, name: str, reason: str
) -> None:
    path = VECTORS / name if "safetensors" in name else VECTORS.parent / name
    found = k.models.weights(path)
    assert (found.form, found.settings, found.count) == ("whole file", None, 0)
    assert reason in found.reason
    assert found.reason in found.words
    assert "whole file" in found.words


def test_a_model_in_several_files_is_whole_or_refused(
    k: LocalKiseki, file: Files, tmp_path: Path
) -> None:
    """Of several files there is no whole file: the index alone would stand for no weights."""
    index = sharded(tmp_path, [["down"], ["up", "mid"]])
    second = tmp_path / "model-00002-of-00002.safetensors"
    content = second.read_bytes()
    for wrong, reason in (
        (save({"up": MODEL["up"]}), "that the index says"),
        (save({each: MODEL[each] for each in MODEL}), "that the index says"),
        (content[:-1], "cut off"),
    ):
        second.write_bytes(wrong)
        with pytest.raises(FilesError, match=f"{reason}.*nothing was sent"):
            k.models.weights(index)
    second.unlink()
    with pytest.raises(FilesError, match="is not beside it; put it there"):
        k.models.weights(index)
    (tmp_path / "elsewhere").mkdir()
    outside = file("other.safetensors.index.json", b'{"weight_map":{"up":"elsewhere/x"}}')
    with pytest.raises(FilesError, match="no file beside it"):
        k.models.weights(outside)


def test_weights_that_change_or_are_no_file_are_refused(k: LocalKiseki, file: Files) -> None:
    path = file("a.safetensors", save(MODEL))
    with pytest.raises(FilesError, match="changed while it was read"):
        k.models.weights(path, progress=lambda *_: os.utime(path, (1, 1)))
    with pytest.raises(FilesError, match="cannot be read"):
        k.models.weights(path.with_name("nowhere"))
    with pytest.raises(FilesError, match="no ordinary file"):
        k.models.weights(path.parent)
    listed = file("b", b"kiseki-tensors-v1\0" + bytes(8))
    with pytest.raises(FilesError, match="holds no weights"):
        k.models.weights(listed)


def test_a_private_model_has_another_commitment_and_keeps_its_salt_by_the_tensors(
    k: LocalKiseki, file: Files
) -> None:
    path = file("a.safetensors", save(MODEL))
    once = k.models.weights(path, private=True)
    path.write_bytes(save(MODEL, {"comment": "better"}))
    assert k.models.weights(path, private=True).commitment == once.commitment
    assert k.models.weights(path).commitment != once.commitment


# What is found


def found_by(k: Kiseki, path: Path, **more: Any) -> list[tuple[bytes, str, bool, str]]:
    models = k.models.find(path, **more).models
    return [(each.model, each.form, each.private, each.settings) for each in models]


def test_a_model_is_found_by_its_tensors_by_its_file_and_by_a_salt(
    k: LocalKiseki, developer: Kiseki, file: Files, registered: Registering
) -> None:
    """Models that were registered as whole files stay what they are."""
    path = file("a.safetensors", save(MODEL, {"alpha": "1"}))
    whole = ids.commitment(read_whole(path), ZERO32)
    early = registered(whole)
    tensors = registered(developer.models.weights(path))
    private = registered(developer.models.weights(path, private=True))
    assert found_by(k, path) == [
        (early, "whole file", False, "same"),
        (tensors, "tensors", False, "unknown"),
        (private, "tensors", True, "unknown"),
    ]
    path.write_bytes(save(MODEL, {"alpha": "2"}))
    assert [each for each, *_ in found_by(k, path)] == [tensors, private]
    without = Kiseki(k.session, local_account(5), KeyStore())
    assert [each for each, *_ in found_by(without, path)] == [tensors]
    path.write_bytes(save({**MODEL, "more": np.ones(1)}))
    assert found_by(k, path) == []


def read_whole(path: Path) -> bytes:
    """Its SHA-256, as earlier versions took it."""
    return hashlib.sha256(path.read_bytes()).digest()


def test_a_private_whole_file_of_earlier_is_found(
    k: LocalKiseki, developer: Kiseki, file: Files, registered: Registering
) -> None:
    path = file("a.safetensors", save(MODEL))
    digest = read_whole(path)
    salt = developer.salts.salts(developer.address, [digest])[0]
    model = registered(ids.commitment(digest, salt))
    assert found_by(k, path) == [(model, "whole file", True, "same")]


def test_finding_makes_no_salt(k: LocalKiseki, file: Files) -> None:
    store = KeyStore()
    Kiseki(k.session, local_account(5), store).models.find(file("a", save(MODEL)))
    assert store.count() == 0


def test_other_settings_are_told_from_the_runs_document(
    developer: Kiseki, file: Files, registered: Registering
) -> None:
    """Loaders take alpha from the metadata: the same tensors can make other pictures."""
    path = file("a.safetensors", save(MODEL, {"alpha": "1"}))
    weights = developer.models.weights(path)
    said = {"model": "a", "weights": weights.document}
    run = file("run.json", json.dumps(said, sort_keys=True, separators=(",", ":")).encode())
    model = registered(weights, run=run)
    assert developer.index.model(model).run == run_document(**said)
    assert found_by(developer, path, run=run) == [(model, "tensors", False, "same")]
    path.write_bytes(save(MODEL, {"alpha": "2"}))
    (found,) = developer.models.find(path, run=run).models
    assert found.settings == "other"
    assert found.words == "same tensors, other metadata"
    # A document that is not the registered one says nothing.
    stated = {"settings": to_hex(weights.settings or ZERO32)}
    other = file("other.json", json.dumps({"weights": stated}).encode())
    assert found_by(developer, path, run=other) == [(model, "tensors", False, "unknown")]
    with pytest.raises(InvalidInput):
        developer.models.find(path, run=path)
    with pytest.raises(FilesError):
        developer.models.find(path, run=path.with_name("nowhere"))


def test_a_model_in_several_files_is_found_as_one(
    k: LocalKiseki, file: Files, registered: Registering, tmp_path: Path
) -> None:
    model = registered(k.models.weights(file("a.safetensors", save(MODEL))))
    index = sharded(tmp_path, [["up"], ["mid"], ["down"]])
    assert [each for each, *_ in found_by(k, index)] == [model]
    assert [each for each, *_ in found_by(k, tmp_path / "model-00001-of-00003.safetensors")] == []


# What a file says of itself


def hints(k: Kiseki, path: Path) -> dict[str, bool | None]:
    return {each.name: each.holds for each in k.models.find(path).hints}


def test_what_a_file_says_of_itself_is_a_hint_until_it_is_recomputed(
    k: LocalKiseki, file: Files
) -> None:
    assert hints(k, VECTORS / "onetrainer.safetensors") == {"modelspec.hash_sha256": True}
    assert hints(k, VECTORS / "ai-toolkit.safetensors") == {
        "sshs_model_hash": True,
        "sshs_legacy_hash": None,
    }
    true = read_weights(VECTORS / "ai-toolkit.safetensors").metadata["sshs_model_hash"]
    copied = file("a.safetensors", save(MODEL, {"sshs_model_hash": true}))
    assert hints(k, copied) == {"sshs_model_hash": False}
    # LyCORIS hashes tensors in an order that is not in the file: neither shown nor refuted.
    lycoris = file("b.safetensors", save(MODEL, {"sshs_model_hash": f"0x{true}"}))
    assert hints(k, lycoris) == {"sshs_model_hash": None}
    assert hints(k, file("c.safetensors", save(MODEL, {"title": "c"}))) == {}


def test_the_old_hash_says_something_of_files_above_a_mebibyte(k: LocalKiseki, file: Files) -> None:
    large = {"w": np.arange(300_000, dtype="f4")}
    size = len(save(large, {"sshs_legacy_hash": "0" * 8}))
    content = save(large, {"sshs_legacy_hash": "0" * 8})
    right = hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8]
    path = file("a.safetensors", save(large, {"sshs_legacy_hash": right}))
    assert path.stat().st_size == size
    assert hints(k, path) == {"sshs_legacy_hash": True}
    path.write_bytes(content)
    assert hints(k, path) == {"sshs_legacy_hash": None}


def test_words_say_how_a_model_was_found() -> None:
    def words(form: Any, private: bool, settings: Any) -> str:
        return Found(ZERO32, "0x", 0, form, private, settings).words

    assert words("tensors", False, "same") == "same tensors, same metadata"
    assert words("tensors", True, "other") == "same tensors, other metadata (hidden by a salt)"
    assert "the run's document would tell" in words("tensors", False, "unknown")
    assert words("whole file", False, "same") == "the same file, byte for byte"
