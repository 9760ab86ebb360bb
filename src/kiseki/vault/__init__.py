"""What stays off the chain: salts, what collections hold, receipts, and the files they come from.

The vault knows no chain. A part imports only from those above it:

    age         the age format at any place of a file
    log         a transparency log: entries that are only ever added, under one signed root
    doubts      files that are probably no works
    folders     what a folder holds
    files       hashing files
    taking      files that somebody names, hashed and decided about
    people      the studio's address book
    lists       a list of works with their artists, weights and shares
    sealed      files for one pair of eyes, encrypted with age
    backups     a key store as one sealed file
    older       key files as they were before there was a database
    store       the tables, in a file or a PostgreSQL database, and their migrations
    keys        who can open a vault, and since when
    keyfile     where a key store lies
    items       where content is found by its data ID
    laid        the list of a folder that was laid for a trainer
    origins     documents that say where data comes from
    salts       salts, made once and then the same
    openings    which content a collection holds, prepared here or received
    forgetting  the link between contents and their data IDs, destroyed
    protocol    what a keeper of salts does
    collecting  files and lists into collections
    keystore    salts and collections
    objects     content at rest: age files in a folder or on S3, and their rows
    resealing   a key store becomes a vault, or a vault begins its next epoch
    rewrapping  the identities of objects follow into that epoch
    handing     who gets content, and the receipt of it
    shelf       the content of a vault by data ID
    titles      what items of a vault are called
    receipts    what a provider was told of its own works, as a file
    outputlists the table of a season's outputs
    ownfile     a database in a file for its owner only
    arriving    folders of files that come from a browser piece by piece
    drafts      invitations that a studio is about to make
    invitations what a studio asks artists, behind links
    seasons     outputs that come from a browser, and what became of them
    setup       what is set of a vault
    vault       a key store with keys, a place of objects, and logs of receipts
    anchored    how the logs stand beside the last anchor
    erasing     a content, or all that is a provider's, is gone, and when
    personal    what a vault keeps of one person, and what the law asks
"""
