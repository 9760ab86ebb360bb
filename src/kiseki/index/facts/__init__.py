"""What events state: rows that are added and never changed.

A part imports only from those above it:

    fold     an event into rows
    splits   the known splits
    rebuild  what every model and batch rests on and pays, from events alone
"""
