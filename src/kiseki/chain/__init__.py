"""Everything that knows a chain exists. Nothing else may import web3, and only `Node.w3` does.

A part imports only from those above it:

    answers     what the JSON of a node's answer means
    refusals    what a node means where it refuses
    batches     many questions in few requests
    failures    how a question can fail, and which failures pass
    http        the connection to its server
    node        a connection to one node or several
    anvil       a local chain of one's own
    contract/   calls, answers, events and refusals of one contract
    logs        blocks, and what was logged in them
    history     the logs of many blocks, in few requests
    signing/    who signs
    sending/    transactions: fees, journal, sender, dry run
    release/    which contracts are on a chain, where, and putting them there
    proofs      a slot of a contract, proved against a block
"""
