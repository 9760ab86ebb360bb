"""Questions and their answers.

A part imports only from those above it:

    values      what the index knows of one thing
    pages       lists in the order of the chain, page by page
    records     single collections, models and batches
    heads       collections and batches without their items
    items       whose a data ID is
    standsfor   what payee keys stand for
    trace       usage and lineage
    called      what wallets say that they and their things are called
    spoken      what one wallet stated, and who may speak for a collection
    declared    what one model or batch itself declares of one collection
    agreements  conditional transfers, offers, licences, waterfalls
    findings    what only the index sees
    impact      what rests on a collection or model
    resting     which models rest on one collection, a part at a time
    withdrawals which models a revocation touches, and what their developers said
    newest      what used something last
    licensing   terms under a work, and works under terms
    earnings    what reached a wallet, summed
    history     what a wallet paid and was paid, entry by entry
    coverage    works whose every source is still consented to
    counts      how many there are of each kind
    search      by the beginning of an ID or address, or by a name
    overview    the last nine together
"""
