"""What pages and the API tell of each thing: values of text and numbers, asked of the index.

IDs are 0x text, addresses checksummed, times Unix seconds, amounts base units as text, and parts of
a whole fractions as text, so that no program rounds them. A part imports only from those above it:

    values       what several of them tell: rows in pages, payees, terms, uses
    statements   what was said about something
    withdrawals  revocations that touch models, and answers
    home         the whole chain
    search       what a text may mean
    findings     what only all records together show
    lineages     what a model or batch rests on
    parts        what a page shows of that
    collections  a collection
    items        a data ID, or the ID of an output
    models       a model
    batches      a batch
    wallets      what a wallet registered, holds, earned and is owed
    tokens       a rights token
    splits       a split
    newest       new uses, for feeds
"""
