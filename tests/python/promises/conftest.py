from pathlib import Path

import pytest

from kiseki import LocalKiseki

from .scene import Scene


@pytest.fixture
def scene(k: LocalKiseki, tmp_path: Path) -> Scene:
    return Scene(k, tmp_path)
