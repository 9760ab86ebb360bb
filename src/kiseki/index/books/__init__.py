"""Running figures: who received what, and where it goes.

A part imports only from those above it:

    subjects  whom a subject stands for
    ledger    what the splitter holds
    flow      the splitter, simulated: where all of it would go
    owed      what a wallet is owed, and the steps that bring it
    balance   in = out + held
    ahead     money on its way through waterfalls
"""
