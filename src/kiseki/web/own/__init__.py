"""An artist's own pages: what came, what waits, and what only their key can do.

entry     signing in with a passkey
actions   what somebody can have done, as an operation that their key signs
opened    what somebody signed and nobody has carried out
drawings  which drawing is which, where this site has them
pages     the pages
guarding  guardians: becoming one, and giving an account a new key
works     one collection of the owner's, work by work
"""
