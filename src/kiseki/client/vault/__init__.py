"""The vault where it meets the chain.

A part imports only from those above it:

    asking   who may have what, asked of the chain
    signing  who signed a text: a key, or a contract by its own word
"""
