"""A made-up chain of any size, on which the index is measured: `python -m benchmarks.world FOLDER`.

It is what the contracts would log and a node would answer, to the byte: IDs, splits and amounts are
computed by `kiseki.core`, and money moves as the splitter moves it. It is hostile rather than kind:
a few names own most things, payees are other splits and subjects, some lead back to themselves,
lists are published late or never, and strangers log parts of other people's models.

    size        how large a world is
    suite       the contracts, and how their events are written as a node writes them
    wire        logs into files, block by block
    ledger      what the splitter holds, and the claims it would pass
    state       what there is so far, and whom to choose
    splits      joint works: published at once, later, or never
    payees      whom a registrant names
    data        terms, collections, lists, changed payees, revocations
    rights      rights tokens that are revealed, minted, moved and scheduled; identities
    models      models on collections and on each other, also by drafts
    batches     outputs of models
    money       deposits, claims and resolutions
    timeline    what happens when
    sample      what is asked about the world afterwards
"""
