"""Runtime code of each contract, as compiled for release (`src/kiseki/releases`)."""

from benchmarks.rows import Row
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.release.releases import newest

__all__ = ["ROWS", "measure"]

TITLE = "Code size"

ROWS = tuple(Row(f"code of {name}", "bytes", 24_576) for name in newest())


def measure() -> dict[str, float]:
    return {f"code of {name}": len(artifact(name).runtime_code) for name in newest()}
