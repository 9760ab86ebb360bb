"""Data laid out in the form that a trainer reads, and taken away again.

From the ground up:

    forms    the form in which each trainer reads its data
    may      what this wallet may train on now, and why not on the rest
    pick     which pictures are laid, from which files, and what is left out
    held     a folder while it changes: out of sight, and one process's alone
    clear    taking away what was laid, with what trainers cached beside it
    prepare  what is laid, before anything is written
    write    laying it

`kiseki.training.laid` reads what was laid.
"""

from kiseki.training.laying.clear import Clearing, clearing
from kiseki.training.laying.held import held
from kiseki.training.laying.may import LeftOut
from kiseki.training.laying.prepare import Layout, plan
from kiseki.training.laying.write import carry_out, lay

__all__ = ["Clearing", "Layout", "LeftOut", "carry_out", "clearing", "held", "lay", "plan"]
