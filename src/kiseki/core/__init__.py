"""Pure functions that everything else rests on. No I/O, no chain.

A part imports only from those above it:

    values      checks and conversions of bytes, addresses and numbers
    documents   JSON documents that are checked on load
    keccak      the one hash function
    checksum    addresses with a checksum in their case
    abi         Solidity's encoding, as far as hashes need it
    base        the three levels of base models
    rlp         Ethereum's encoding of headers and tries
    state       a slot of a contract, proved to who has a block's hash
    registrations  the registries' logs, and lists that are shown to be whole
    ids         IDs, payee keys and the hashes of sources
    merkle      the tree of a collection or batch
    sumtree     Merkle sum trees, for splits and manifests
    manifest    what one training run used; proofs of use and of non-use
    weighing    weights of a manifest that somebody chose in place of counts
    evidence    what shows that a manifest is false
    terms       what a provider or developer allows
    offer       licences that can be bought, and what they say to machines
    conditions  the conditions on which a rights token moves
    schedule    a rights token that moves by itself, once its conditions are met
    typed       the EIP-712 messages that people sign
    labels      what each value of such a message is called, for wallets too
    accounts    contracts that keys sign for: addresses, and what their keys sign
    passkeys    what a browser answers when a passkey signs
    split       a payee whose money belongs to many payees
    payee       who is paid: a wallet, a split, or whoever a subject names
    collection  a collection with what it holds, as whoever keeps it has it
    splitlist   one that is too long to be held
    waterfall   money by tiers, one after the other
    title       a series or film as a list of its cuts
    origin      where data comes from, as a document whose hash is on the chain
    derived     what was made from what, likewise
    series      successive collections under one name, likewise
    texts       offers, waterfalls and schedules as one text each
    amounts     amounts of money as people write them
    days        times in words, and for how many days signatures count
    counts      numbers of things in words
    metadata    what a rights token says of itself
    event       one decoded log: the input of the index
    statement   what a distributor pays for a period, line by line
    withdrawal  what a developer answers once data is withdrawn that a model rests on
    reproduction  what became of making a run again
    stamp       which model a file of weights says that it is
    weights     what a model's commitment covers: its tensors, or the whole file
    trained     what a file of weights says of its training, and what follows from that
    said        what whoever trained says where that file is silent
    trainers    readers of what each trainer writes
    told        the same in the document of a run
    run         the document of a run: what a model was trained with
    contradictions  what a trainer wrote, held against itself and what was registered
    beside      what trainers write beside a picture, by its name
    laid        what was laid out for a trainer: which file is which item
    credentials a file without its credentials: what an output's ID is the hash of
    bmff        what the tables of a film refer to, and those tables put back
    places      a file that is read in places
    seal        the drawing by which people know a subject again
    compose     the splits of models and batches, exactly as the registries compose them

Inside, a 32-byte value is ``bytes`` of length 32; an address is a ``0x`` string in any case,
and text that leaves is lowercase; an amount or share is an ``int``.
"""
