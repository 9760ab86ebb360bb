"""sd-scripts: its loop is not ours, so a batch counts when the loop first looks into it."""

import json
import subprocess
import sys
from pathlib import Path

from kiseki.training import Ledger

SCRIPT = Path(__file__).with_name("scripts_of_kohya.py")


def trained(out: Path, until: int, *more: str, code: int = 0) -> str:
    words = [sys.executable, str(SCRIPT), str(out), str(until), *more]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_loop_that_is_not_ours_is_counted_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """Accelerate fetches a batch ahead, which is read and not consumed; its checkpoints hold the
    ledger's state."""
    first = json.loads(trained(tmp_path, 4))
    found = Ledger(tmp_path / "foxes.exposure").figures()
    assert found.counts == first and found.ended and found.states == (2,)
    assert found.consumed == 8 < found.read
    then = json.loads(trained(tmp_path, 3, "resume"))
    found = Ledger(tmp_path / "foxes.exposure").figures()
    assert found.counts == then and found.steps == 5 and found.lost == 4
    (tmp_path / "state" / "kiseki-exposure.json").unlink()
    refused = trained(tmp_path, 3, "resume", code=1)
    assert "holds no kiseki-exposure.json" in refused
