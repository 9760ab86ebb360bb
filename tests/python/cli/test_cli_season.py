"""`kiseki output season`: a folder of outputs, and the table that says which models made which."""

from __future__ import annotations

from pathlib import Path

from tests.python.cli.conftest import Shell
from tests.python.promises.scene import Scene

from kiseki import LocalKiseki
from kiseki.core.values import to_hex


def test_a_season_is_registered_by_its_table_and_sent_once(
    shell: Shell, k: LocalKiseki, tmp_path: Path
) -> None:
    """As in the browser: nothing before it is in order, and nothing twice."""
    scene = Scene(k, tmp_path / "scene")
    one, two = to_hex(scene.model_1), to_hex(scene.model_2)
    folder = shell.folder / "season"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png", "left.png"):
        (folder / name).write_bytes(f"frame {name}".encode())
    table = shell.folder / "season.csv"
    table.write_text(f"file,model\na.png,\nb.png,{two}\nc.png,{one}\ngone.png,{one}\n")
    season: tuple[str, ...] = ("output", "season", "season.csv", "season")
    told = shell.run(*season, code=2)
    assert "1 row names a file that is not in the folder. row 5: gone.png" in told
    assert "1 row names no model. row 2: a.png" in told
    assert "left.png" in told and "not in order; nothing was sent" in told
    table.write_text(f"file,model\na.png,\nb.png,{two}\nc.png,{one}\n")
    season = (*season, "--model", two)
    dry = shell.json(*season, "--dry-run")
    assert (dry["sent"], dry["transactions"]) == (False, 2)
    made = shell.json(*season)["batches"]
    assert [len(each["transactions"]) for each in made] == [1, 1]
    counts = [k.index.batch(bytes.fromhex(each["batch"][2:])).count for each in made]
    assert counts == [2, 1]
    again = shell.json(*season)["batches"]
    assert [each["transactions"] for each in again] == [[], []]
