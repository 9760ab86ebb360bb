"""Who gets content, and the receipt of it.

A part imports only from those above it:

    receipts  what the vault says when it gives somebody an item
    ledger    the providers' logs of receipts, in the store
"""
