"""Who gets content, and the receipt of it.

A part imports only from those above it:

    clocks    that are set back, or differ
    rates     how often somebody may ask
    signin    who somebody is: a wallet's signature, and sessions
    receipts  what the vault says when it gives somebody an item
    ledger    the providers' logs of receipts, in the store
    anchors   the heads of all logs that were stated, as files
    cosigners who else signs these logs: providers and witnesses
    rules     who may have what, for which use, until when
    asked     the question for what is kept of the items of a hand-out
    living    which hand-outs are open
    handout   items given to somebody, for some hours
"""
