"""A small diffusion model over real drawings: from the training loop to the registered model."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples.openmoji.drawings import load, rasterise
from tests.python.web.looking import ROOT

from kiseki import LocalKiseki, Terms
from kiseki.client.documents import Documents
from kiseki.client.models.backing import backings
from kiseki.core import ids
from kiseki.core.run import Hashes, Run
from kiseki.core.values import ZERO32
from kiseki.training import Exposure, Ledger
from kiseki.training.consumed import Names, manifest_of
from kiseki.training.exposed import exposed
from kiseki.vault.published import Published

COUNT, SIZE, EPOCHS, BATCH = 24, 32, 2, 5


def trained(pixels: Any, digests: list[bytes], folder: Path) -> tuple[Path, list[bytes]]:
    """Trains from random weights, with the optimizer and the noise of diffusers, and saves as
    diffusers does. Also what the loop itself saw, by the pictures that came."""
    import torch
    from diffusers import DDPMScheduler, UNet2DModel
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(7)
    made: Any = UNet2DModel
    model = made(
        sample_size=SIZE, in_channels=3, out_channels=3, layers_per_block=1, norm_num_groups=8,
        block_out_channels=(16, 32), down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    made = DDPMScheduler
    noising, optimizer = made(num_train_timesteps=100), torch.optim.AdamW(model.parameters(), 1e-3)
    pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    by_content = {picture.numpy().tobytes(): i for i, picture in enumerate(pictures)}
    seen: list[bytes] = []
    with Exposure(folder / "ledger") as exposure:
        dataset = exposure.dataset(TensorDataset(pictures), ids=digests)
        shuffled = torch.Generator().manual_seed(7)
        loader = exposure.loader(
            DataLoader(dataset, batch_size=BATCH, shuffle=True, generator=shuffled, num_workers=2)
        )
        exposure.watch(optimizer)
        for _ in range(EPOCHS):
            for (batch,) in loader:
                noise, times = torch.randn(batch.shape), torch.randint(0, 100, (len(batch),))
                noisy = noising.add_noise(batch, noise, times)
                loss = torch.nn.functional.mse_loss(model(noisy, times).sample, noise)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                optimizer.zero_grad()
                seen += [digests[by_content[each.numpy().tobytes()]] for each in batch]
    model.save_pretrained(folder / "model")
    return folder / "model" / "diffusion_pytorch_model.safetensors", seen


def test_a_diffusion_model_declares_just_what_its_loop_took(
    k: LocalKiseki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 3: recorded, and twice the same weights from the same seed."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # torch would set it by itself
    drawings = load(ROOT / "node_modules" / "openmoji")[:: 4_495 // COUNT][:COUNT]
    files = [drawing.path for drawing in drawings]
    collection = k.data.register(files, Terms.of("train", "5%")).id
    pixels = rasterise(drawings, SIZE, workers=1)
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in files]
    weights, seen = trained(pixels, digests, tmp_path)
    figures = Ledger(tmp_path / "ledger").figures()
    assert dict(figures.counts) == dict(Counter(seen)) == dict.fromkeys(digests, EPOCHS)
    assert figures.read is not None and figures.read >= figures.consumed == COUNT * EPOCHS
    made = manifest_of(k.data.openings, figures.counts, Names())
    assert {pair[1] for pair in made.manifest.items[collection]} == {EPOCHS}
    found = k.models.weights(weights)
    run = Run(
        Hashes(found.form, found.digest, found.settings), seed=7,
        exposure=exposed(figures, made.manifest),
    )  # fmt: skip
    published = tmp_path / "published"
    published.mkdir()
    (published / "run.json").write_text(run.to_json())
    model = k.models.register(
        found, Terms.of("train", "5%"), manifest=made.manifest, publish=published,
        externals=[ids.External(ZERO32, ZERO32)], run=published / "run.json",
    ).id  # fmt: skip
    told = backings(k.index, Documents(Published(published)), model)
    assert [each.level for each in told] == ["declared", "recorded"]
    again, _ = trained(np.array(pixels), digests, tmp_path / "again")
    assert k.models.weights(again).commitment == found.commitment
