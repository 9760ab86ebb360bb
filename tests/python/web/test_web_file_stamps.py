"""A file of weights that says which model it is leads to that model, and is compared with it by
its tensors, in the browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.python.web.asking import Files, asking

from kiseki.core.values import to_hex
from kiseki.web.site import Site

from .conftest import Places, served

SHAPES = {"up": ("F16", [2, 3]), "a": ("F32", [1]), "alpha": ("BF16", []), "z重み": ("U8", [5])}
SIZES = {"F16": 2, "F32": 4, "BF16": 2, "U8": 1}


@pytest.fixture
def files(places: Places, tmp_path: Path) -> Files:
    return Files(places.scene, tmp_path / "disk")


def weights(metadata: dict[str, str], seed: int = 1, twice: bool = False) -> bytes:
    """A safetensors file of four tensors, whose names do not lie in their order."""
    header: dict[str, Any] = {"__metadata__": metadata}
    data = b""
    for name, (dtype, shape) in SHAPES.items():
        size = SIZES[dtype]
        for each in shape:
            size *= each
        header[name] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [len(data), len(data) + size],
        }
        data += bytes((seed + i) % 256 for i in range(size))
    text = json.dumps(header)
    if twice:
        text = text.replace('{"dtype": "F16"', '{"dtype": "F32", "dtype": "F16"', 1)
    return len(text.encode()).to_bytes(8, "little") + text.encode() + data


def test_a_stamped_file_leads_to_its_model(files: Files, site: Site) -> None:
    """Only where its tensors are those that the model is registered with; what else it says is
    told as its word, and never as a change."""
    scene = files.scene
    file = files.file("lora.safetensors", weights({"note": "first"}))
    models = scene.developer_1.models
    model = models.register(models.weights(file), scene.model_terms, manifest=files.some).id
    models.stamp(file, model)
    site.catch_up()
    session = scene.developer_1.session
    stamp = {
        "kiseki.model": to_hex(model), "kiseki.registry": session["ModelRegistry"].address.lower(),
        "kiseki.chain": str(session.chain_id),
    }  # fmt: skip
    cases = {
        "is not proved": weights(stamp, seed=2),
        "not proved": weights(stamp, twice=True),
        "not registered here": weights(stamp | {"kiseki.model": to_hex(bytes(31) + b"7")}),
        "another registry": weights(stamp | {"kiseki.chain": "1"}),
    }
    with served(site) as at, asking(at) as somebody:
        said = somebody.ask(file)
        assert somebody.state == "known" and "This file is a registered model" in said
        assert "Nobody here knows" not in said
        assert to_hex(model) in str(somebody.page.text_content("#told details")), "it was sent"
        assert somebody.page.locator(f'#told a[href="/model/{to_hex(model)}"]').count() == 1
        beside = somebody.ask(files.file("beside.safetensors", weights(stamp | {"note": "other"})))
        assert somebody.state == "known" and "This file is a registered model" in beside
        for words, data in cases.items():
            said = somebody.ask(files.file("other.safetensors", data))
            assert somebody.state == "unknown"
            assert words in said and "Nobody here knows this file" in said
            assert "This file is a registered model" not in said
        for data in (weights({"note": "first"}), weights(stamp)[:-1], weights(stamp)[:40]):
            assert "registered model" not in somebody.ask(files.file("plain.safetensors", data))
        assert "safetensors" not in somebody.everything_sent()
        assert {each.method for each in somebody.sent} == {"GET"}
        assert all("404" in each for each in somebody.complaints), "of the model that nobody has"
