"""The vault's keys: who can open what it keeps, and since when.

An epoch is a time in which the same keys are in force. What is wrapped for them is an age file, so
each of them opens it alone: the vault's own key, a second person's, one that lies offline. A part
imports only from those above it:

    services    where the vault's own key is: a file, a text, a key service
    named       the one of these that a person names
    epochs      whom the vault wraps to, and the key of its columns
"""
