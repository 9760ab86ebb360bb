"""The keeper: does what is due on the chain, for everybody, and needs nobody's leave."""

from kiseki.keeper.keeper import Duties, Keeper, Round
from kiseki.keeper.metrics import Metrics

__all__ = ["Duties", "Keeper", "Metrics", "Round"]
