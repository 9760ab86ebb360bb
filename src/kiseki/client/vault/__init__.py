"""The vault where it meets the chain, and vaults of others.

A part imports only from those above it:

    asking      who may have what, asked of the chain
    signing     who signed a text: a key, or a contract by its own word
    http        asking a vault at a URL
    site        a wallet there: signing in, hand-outs, content at any range
    kept        what a vault said of a hand-out, kept beside what it handed out
    getting     what a vault hands out, into a folder
    anchoring   the heads of all logs, stated on the chain once a day
    witnessing  who looks at logs, remembers what it saw, and cosigns
    weblogs     the logs of a vault over HTTP
    checking    what is registered and not here, and the other way round
    audit       receipts held against manifests and licences
"""
