"""`kiseki model stamp`: a file that says which model it is."""

from pathlib import Path

from kiseki import LocalKiseki, Terms
from kiseki.core import ids
from kiseki.core.values import to_hex

from .conftest import Shell

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "weights"


def test_a_file_is_stamped_and_find_tells_what_it_says(shell: Shell, k: LocalKiseki) -> None:
    file = shell.folder / "lora.safetensors"
    file.write_bytes((VECTORS / "library.safetensors").read_bytes())
    weights = k.models.weights(file)
    base = ids.External(bytes(32), bytes(32))
    model = to_hex(k.models.register(weights, Terms.of("train", "0%"), externals=[base]).id)
    words = ("model", "stamp", file.name, model)
    assert "says now that it is the model" in shell.run(*words)
    assert "says already that it is the model" in shell.run(*words)
    assert shell.json(*words)["written"] is False
    assert f"The file says that it is the model {model}" in shell.run("model", "find", file.name)
    assert shell.json("model", "find", file.name)["stamp"]["holds"] is True
    assert "cannot be tried" in shell.run(*words, "--dry-run", code=2)
    assert "no model 0x07" in shell.run("model", "stamp", file.name, "0x" + "07" * 32, code=1)
