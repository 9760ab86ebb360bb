"""The command line: a face of `kiseki.client`, with no logic of its own.

show         what is printed: tables for people, JSON for machines, progress
context      the options of every command, and the `Kiseki` that they connect to
chain        node, deploy, verify-contracts, status
wallets      accounts, keys
data, model, output, rights, revenue, identity      one module a noun
app          all of them together

A command is a few lines around one call of the library. Each module imports only from those above.
"""

from kiseki.cli.app import main

__all__ = ["main"]
