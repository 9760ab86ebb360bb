"""Which contracts are on a chain, where, and putting them there.

A part imports only from those above it:

    networks      chains that the suite knows by name
    proxy         the deterministic deployment proxy
    releases      which contracts there are, of which release, and where
    deploying     which releases are on a chain, and putting there what is missing
    verification  comparing what is on a chain with what was compiled, to the byte
"""
