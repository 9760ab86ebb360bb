"""Who signs: keys in files, the wallets of Ape and Brownie, and signers that run elsewhere.

A part imports only from those above it:

    signer      what a signer does, and one that holds a key in memory
    remote      Clef, Web3Signer and nodes that sign
    formats     keystore files of other wallets, and what of them can be opened
    accounts    encrypted key files by name, and the accounts of local chains
    frameworks  the accounts of Ape and Brownie
"""
