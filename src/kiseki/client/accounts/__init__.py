"""Accounts of people who have no wallet. A part imports only from those above it:

operations  what a key of an account is asked to sign, told from the calls themselves
accounts    addresses, state, making accounts, bringing what was signed
"""
