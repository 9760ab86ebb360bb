"""Running figures: who received what, and where it goes.

A part imports only from those above it:

    order     payers before payees
    graph     splits and subjects: who leads to whom
    accounts  what everybody received, and would have if all above were claimed
    naming    whom each subject stands for, event by event
    anew      the books from facts alone, as they stood long ago
    moves     the claims and resolutions that bring what is owed
    owed      what a wallet is owed, and the steps that bring it
    waiting   since when what is owed waits
    balance   in = out + held
    figures   every figure, to be compared with the contracts
    ledger    what was paid in with a reference
    ahead     money on its way through waterfalls
"""
