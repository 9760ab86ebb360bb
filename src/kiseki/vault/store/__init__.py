"""The tables of key store and vault, in one SQLite file or a PostgreSQL database.

They hold what cannot be had again, so they are never dropped and made anew: a table changes by a
migration (Alembic), in one transaction, when a store of an earlier release is opened. A part
imports only from those above it:

    tables      what is kept
    rows        rows of it as values
    sealed      columns that tell of content: plain in a key store, sealed in a vault
    places      what sealed values of hand-outs are bound to
    migrations  how an earlier store becomes one of today
    database    connections and transactions, for the owner only
"""
