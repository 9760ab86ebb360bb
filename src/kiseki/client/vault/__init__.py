"""The vault where it meets the chain, and vaults of others.

A part imports only from those above it:

    stated      what the wallet of a vault stated on the chain
    asking      who may have what, asked of the chain
    signing     who signed a text: a key, or a contract by its own word
    http        asking a vault at a URL
    site        a wallet there: signing in, hand-outs, content at any range
    own         one's own vault, without HTTP
    kept        what a vault said of a hand-out, kept beside what it handed out
    proving     what the vault says, held against its logs and the chain
    naming      where content goes in a folder, whatever it is called
    fetching    content as it arrives, in parts that go on
    forms       how an item lies here: as it is, or encrypted to an age key
    captions    what describes it, as the vault says
    shards      items as a webdataset
    getting     what a vault hands out, into a folder
    anchoring   the heads of all logs, stated on the chain once a day
    witnessing  who looks at logs, remembers what it saw, and cosigns
    weblogs     the logs of a vault over HTTP
    given       receipts that a vault shows a provider, held against the log
    comparing   a receipt that somebody keeps, beside an anchor
    shown       what a vault shows of its anchors
    dating      all receipts of a log, held against the anchors
    confirmed   what was kept of hand-outs, and what came of it
    confirming  whether kept receipts are in what the vault stated
    checking    what is registered and not here, and the other way round
    audit       receipts held against manifests and licences
"""
