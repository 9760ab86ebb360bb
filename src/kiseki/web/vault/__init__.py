"""A vault over HTTP, under ``/vault``: for programs, and as pages for people.

It can be a part of a site, or run alone. A part imports only from those above it:

    ranges    which bytes of a file somebody wants (RFC 9110)
    flow      bytes that threads make, sent by the event loop
    health    how a vault stands, for whoever runs it
    desk      what the routes need, who asks, and what is answered where something is wrong
    entry     signing in and out
    giving    hand-outs, their content, and receipts
    logs      the logs of receipts (C2SP tlog-tiles), and cosignatures
    pages     the same for people, without a terminal
    app       all of it together
    serve     the process of a vault that runs alone
"""
