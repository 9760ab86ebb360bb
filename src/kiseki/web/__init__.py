"""Pages and an API for people without a terminal, over the index. A face, without logic of its own.

A part imports only from those above it:

    site      one chain for many visitors: who follows it, and what reads it
    people    whom a visitor of a sandbox can act as
    words     sentences, times and amounts of a page, in the language of its reader
    shown/    what pages and the API tell of each thing, as values
    drawing   the lineage as a picture
    cards/    the picture that stands where somebody sends a link
    guard     what every answer and every question must keep to: headers and hosts
    listening where a process listens, and for how long it keeps a connection
    visitor   who asks: in which language, and on which page
    asked     one question of a visitor, and how the answer is sent
    pages     the pages
    feeds     new uses, for feed readers
    sheets    tables that spreadsheets open
    statements  what reached a wallet, to download
    api       the same values for programs
    relay/    the operator's wallet pays gas for others
    operator  the operator's page
    app       all of it together
    serve     the process
"""
