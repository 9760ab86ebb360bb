"""What training does beside the chain: data laid out for it, what it consumed, a rerun of it.

Nothing here imports a library for training before a hook for that library is used.

extras    libraries for training, which Kiseki does not bring along
ledger    what training consumed, written down
hooks     how samples keep their IDs, and how steps are seen
exposure  both, in a few lines of a training loop
laid      what was laid out for a trainer, and which item a file there comes from
laying/   data laid out in the form that a trainer reads, and taken away again
"""

from kiseki.training.exposure import Exposure
from kiseki.training.ledger.figures import Figures, Ledger

__all__ = ["Exposure", "Figures", "Ledger"]
