"""The market: offers of licences, and buying them.

A part imports only from those above it:

    purchases  what a basket of licences costs, and buying it
    market     `Kiseki.market`
"""
