"""Libraries for training are imported when a hook needs them, and their absence is told."""

import subprocess
import sys

ASKED = """
import sys, tempfile
import kiseki.training
from kiseki.training import Exposure
heavy = {"torch", "torchdata", "datasets", "webdataset", "transformers", "accelerate", "numpy"}
with tempfile.TemporaryDirectory() as folder, Exposure(folder + "/run") as exposure:
    for batch in exposure.batches([(["a"], 1)]):
        exposure.stepped()
found = heavy & {each.partition(".")[0] for each in sys.modules}
if found:
    sys.exit(", ".join(sorted(found)))
"""

MISSING = """
import sys, tempfile
sys.modules["torch"] = None  # as if it were not installed
from kiseki.errors import TrainingError
from kiseki.training import Exposure
with tempfile.TemporaryDirectory() as folder, Exposure(folder + "/run") as exposure:
    for asked in (lambda: exposure.dataset([1], ids=["a"]), exposure.watch):
        try:
            asked()
            print("went on")
        except TrainingError as error:
            print(error)
"""


def said(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout


def test_counting_imports_no_library_for_training() -> None:
    assert said(ASKED) == ""


def test_a_library_that_is_missing_is_named_with_its_extra() -> None:
    lines = said(MISSING).splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("torch is not installed")
        assert line.endswith("install it with pip install 'kiseki[torch]'")
