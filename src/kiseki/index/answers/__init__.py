"""Questions and their answers.

A part imports only from those above it:

    values      what the index knows of one thing
    records     single collections, models and batches
    trace       usage and lineage
    agreements  conditional transfers, offers, licences, waterfalls
    findings    what only the index sees
"""
