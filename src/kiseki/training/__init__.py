"""What training does beside the chain: data laid out for it, what it consumed, a rerun of it.

Nothing here imports a library for training before a hook for that library is used.
"""
