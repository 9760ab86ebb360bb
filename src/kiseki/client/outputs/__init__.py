"""Outputs: batches, endorsements, and whether an output rests on what was authorised.

A part imports only from those above it:

    endorsements  developers' words for a batch
    prepared      batches to be registered, by their creator or with its signature
    verify        what is known of an output
    outputs       `Kiseki.outputs`
    disorders     what is missing or in disorder in a season's outputs, in words
    season        a folder with a table that says which models made which file
"""
