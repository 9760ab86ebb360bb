"""Which contracts are on a chain, where, and putting them there.

A part imports only from those above it:

    networks      chains that the suite knows by name
    proxy         the deterministic deployment proxy
    deploying     where the suite is on a chain, and putting it there
    verification  comparing what is on a chain with what was compiled, to the byte
"""
