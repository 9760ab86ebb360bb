"""Data: collections, consent to them, and what the chain says of them.

A part imports only from those above it:

    gates              allow lists of one's own
    openings           which data ID a file has, and what is in a collection
    overlaps           works that several collections hold
    originparts        documents of origin from what people write
    originwords        documents of origin in words, in two languages
    origins            documents of origin, checked before registering, signed and stated
    group              collections on their way to the chain
    gas                the gas of registering, known without asking a node
    cutting            slices in parts, where a chain takes fewer bytes
    logged             what of a collection the chain has logged already
    registering        collections on the chain, by the thousand
    consents           consent to one collection, signed for others to send
    standing           consent to all that one collector collects
    revocations        consent that ended, signed for others to send
    waivers            a paid wallet's word that another may be paid
    payees             letters about who collections pay
    receipts_on_chain  what the chain says of a receipt's collection
    speaking           who speaks for a collection, and saying it in a document
    descents           what an item was made from, as far as it is told
    derivations        what was made from what
    series             successive collections
    prepared           files before they are registered
    data               `Kiseki.data`
    guests             who stands in a list of drawings, before anybody is invited
    invitations        consent of artists without a wallet, behind a link
"""
