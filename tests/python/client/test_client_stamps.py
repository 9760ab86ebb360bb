"""A file of weights says which registered model it is, and stays that model."""

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.chain.signing.accounts import local_account
from kiseki.client.models.weights import Said, Weights, read_weights
from kiseki.core.stamp import KEYS, Stamp
from kiseki.core.values import to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput, NotInIndex
from kiseki.vault.keystore import KeyStore

VECTORS = Path(__file__).parents[2] / "vectors" / "weights"
MODEL = {"down": np.arange(6, dtype="f2"), "up": np.ones((2, 3), "f4"), "mid": np.zeros(3, "f2")}
TRAINER = {"ss_seed": "7", "軌跡": 'a "quoted"\n\\ text\x00', "kiseki": "no key of a stamp"}

Registering = Callable[..., bytes]


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


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "lora.safetensors"
    path.write_bytes(save(MODEL, TRAINER))
    return path


def payload(path: Path) -> bytes:
    """The tensors of a file, as they lie in it."""
    data = path.read_bytes()
    return data[8 + struct.unpack("<Q", data[:8])[0] :]


def metadata(path: Path) -> dict[str, str]:
    """As the library for the format reads it."""
    with safe_open(path, "np") as file:
        found: dict[str, str] = file.metadata()
        return found


def said(k: Kiseki, path: Path) -> Said:
    found = k.models.find(path).said
    assert found is not None
    return found


def test_a_stamp_names_the_model_and_changes_nothing_else(
    k: LocalKiseki, lora: Path, registered: Registering
) -> None:
    """Promise 3: an ID can be written into the file that it names."""
    model = registered(k.models.weights(lora))
    before, tensors = read_weights(lora), payload(lora)
    lora.chmod(0o640)
    done = k.models.stamp(lora, model)
    assert done.written
    registry = k.session["ModelRegistry"].address.lower()
    stamp = {KEYS[0]: to_hex(model), KEYS[1]: registry, KEYS[2]: str(k.session.chain_id)}
    assert metadata(lora) == TRAINER | stamp == TRAINER | done.stamp.metadata
    assert payload(lora) == tensors
    assert struct.unpack("<Q", lora.read_bytes()[:8])[0] % 8 == 0
    after = read_weights(lora)
    assert (after.commitment, after.settings) == (before.commitment, before.settings)
    assert lora.stat().st_mode & 0o777 == 0o640
    assert [each.model for each in k.models.find(lora).models] == [model]
    assert said(k, lora).holds
    assert to_hex(model) in said(k, lora).words
    assert list(lora.parent.glob(".*")) == []


def test_stamping_twice_writes_nothing(k: LocalKiseki, lora: Path, registered: Registering) -> None:
    """Invariant 8."""
    model = registered(k.models.weights(lora))
    k.models.stamp(lora, model)
    once, when = lora.read_bytes(), lora.stat().st_mtime_ns
    assert not k.models.stamp(lora, model).written
    assert (lora.read_bytes(), lora.stat().st_mtime_ns) == (once, when)


def test_another_stamp_is_named_and_stays_until_somebody_says_so(
    k: LocalKiseki, lora: Path, registered: Registering
) -> None:
    model = registered(k.models.weights(lora))
    other = Stamp(b"\x07" * 32, "0x" + "11" * 20, 1)
    for there, named in ((other.metadata, "0x0707"), ({KEYS[0]: "my model"}, "'my model'")):
        lora.write_bytes(save(MODEL, TRAINER | there))
        before = lora.read_bytes()
        with pytest.raises(InvalidInput, match=f"another stamp.*({named}|chain).*--replace"):
            k.models.stamp(lora, model)
        assert lora.read_bytes() == before
        k.models.stamp(lora, model, replace=True)
        assert said(k, lora).holds
        assert metadata(lora).keys() == TRAINER.keys() | set(KEYS)


def test_only_the_models_own_tensors_get_its_stamp(
    k: LocalKiseki, stranger: Kiseki, lora: Path, registered: Registering
) -> None:
    private = registered(k.wallet(2).models.weights(lora, private=True))
    whole = registered(read_whole(lora))
    other = lora.with_name("other.safetensors")
    other.write_bytes(save({**MODEL, "mid": np.ones(3, "f2")}))
    model = registered(k.models.weights(lora))
    without = Kiseki(k.session, local_account(5), KeyStore())
    for who, path, named in ((k, other, model), (k, lora, whole), (without, lora, private)):
        before = path.read_bytes()
        with pytest.raises(InvalidInput, match="are not those that the model"):
            who.models.stamp(path, named)
        assert path.read_bytes() == before
    assert k.wallet(2).models.stamp(lora, private).written, "its own key store holds the salt"
    with pytest.raises(NotInIndex):
        k.models.stamp(lora, bytes(32))


def read_whole(path: Path) -> bytes:
    import hashlib

    from kiseki.core import ids

    return ids.commitment(hashlib.sha256(path.read_bytes()).digest(), bytes(32))


@pytest.mark.parametrize("name", sorted(each.name for each in VECTORS.glob("*.safetensors")))
def test_a_hostile_header_is_stamped_as_the_library_reads_it_or_refused(
    k: LocalKiseki, name: str, registered: Registering, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes((VECTORS / name).read_bytes())
    before, weights = path.read_bytes(), read_weights(path)
    model = registered(weights)
    if weights.form == "whole file":
        with pytest.raises(FilesError, match=r"its tensors cannot be told.*Nothing was written"):
            k.models.stamp(path, model)
        assert path.read_bytes() == before
        return
    assert k.models.stamp(path, model).written
    after = read_weights(path)
    assert after.commitment == weights.commitment
    assert dict(after.metadata) == {
        **weights.metadata,
        **k.models.stamp(path, model).stamp.metadata,
    }


def test_a_file_without_metadata_gets_some(
    k: LocalKiseki, lora: Path, registered: Registering
) -> None:
    lora.write_bytes(save(MODEL))
    model, tensors = registered(k.models.weights(lora)), payload(lora)
    k.models.stamp(lora, model)
    assert metadata(lora).keys() == set(KEYS)
    assert payload(lora) == tensors


def test_a_file_that_changes_or_cannot_be_written_stays_as_it_is(
    k: LocalKiseki, lora: Path, registered: Registering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 8: whole, or as it was."""
    model, before = registered(k.models.weights(lora)), lora.read_bytes()

    def touched(done: int, size: int) -> None:
        if done == size:  # the second pass is at its end
            os.utime(lora, (1, 1))

    with pytest.raises(FilesError, match="changed while it was read"):
        k.models.stamp(lora, model, progress=touched)
    assert lora.read_bytes() == before
    assert list(lora.parent.glob(".*")) == []

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "whole", full)
    with pytest.raises(FilesError, match=r"No space left on device.*is as it was"):
        k.models.stamp(lora, model)
    assert lora.read_bytes() == before


def test_a_link_stays_a_link_and_its_target_is_stamped(
    k: LocalKiseki, lora: Path, registered: Registering
) -> None:
    model = registered(k.models.weights(lora))
    link = lora.with_name("link.safetensors")
    link.symlink_to(lora.name)
    k.models.stamp(link, model)
    assert link.is_symlink()
    assert said(k, lora).holds


def test_a_stamp_is_a_claim(k: LocalKiseki, lora: Path, registered: Registering) -> None:
    """Whoever reads a file compares what it says with the registry."""
    model = registered(k.models.weights(lora))
    registry = k.session["ModelRegistry"].address.lower()
    chain = k.session.chain_id

    def of(stamp: Stamp, tensors: Any = MODEL) -> Said:
        lora.write_bytes(save(tensors, stamp.metadata))
        return said(k, lora)

    assert of(Stamp(model, registry, chain)).holds
    nowhere = of(Stamp(b"\x07" * 32, registry, chain))
    assert nowhere.holds is False
    assert "no such model is registered" in nowhere.words
    elsewhere = of(Stamp(model, registry, chain + 1))
    assert elsewhere.holds is None
    assert "not the registry that is asked" in elsewhere.words
    copied = of(Stamp(model, registry, chain), {**MODEL, "mid": np.ones(3, "f2")})
    assert copied.holds is None
    assert "other weights" in copied.words
    lora.write_bytes(save(MODEL, {KEYS[2]: "\x1b[2J" * 50}))
    odd = said(k, lora)
    assert odd.holds is False
    assert odd.words.isprintable() and len(odd.words) < 300
    lora.write_bytes(save(MODEL))
    assert k.models.find(lora).said is None
