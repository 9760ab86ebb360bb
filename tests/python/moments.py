"""When a process that writes into an index is killed, by what of the store it is about to call."""

__all__ = ["MOMENTS"]

MOMENTS = {
    "before a write": ("_begin",),
    "in the transaction": ("write", "write_many"),
    "at the commit": ("_commit",),
    "after the commit": ("_end",),
    "in an undo": ("write", "write_many"),
}
