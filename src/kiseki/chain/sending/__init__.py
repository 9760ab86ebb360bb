"""Transactions: what they may cost, what is on its way, and the only one that sends.

A part imports only from those above it:

    fees        what a transaction offers, and the policy of a wallet
    intents     what a wallet wants to have done
    journal     what was begun and is not finished, kept on disk
    outcome     what became of a call
    sender      one wallet's nonces, fees and receipts
    rehearsal   the same without sending: a dry run
"""
