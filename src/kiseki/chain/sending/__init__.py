"""Transactions: what they may cost, what is on its way, and the only one that sends.

A part imports only from those above it:

    fees        what a transaction offers, and the policy of a wallet
    surcharge   gas that a rollup takes for the chain below
    outcome     what became of a call
    intents     what a wallet wants to have done
    journal     what was begun and is not finished, kept on disk
    wire        what a wallet asks of nodes, signs and hands over
    entry       one call on its way
    stuck       what to do where nothing moves
    flight      many calls: taken, signed, written down, sent, waited for
    sender      one wallet's sending, as everybody uses it
    rehearsal   the same without sending: a dry run
"""
