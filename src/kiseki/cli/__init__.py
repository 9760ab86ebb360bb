"""The command line: a face of `kiseki.client`, with no logic of its own.

bar          the progress bar
show         what is printed: tables for people, JSON for machines
context      the options of every command, and the `Kiseki` that they connect to
terms        the options by which people say terms
letters      signed messages in files, shown before they are signed or brought
chain        node, deploy, verify-contracts, status
wallets      accounts, keys
data, model, output, rights, market, revenue, identity      one module a noun
consents, receipts, standing      more commands of `data`
committee    more commands of `revenue`
lists        lists that are shown to be whole
keeper       the keeper
lazy         commands that are imported when somebody runs them
app          all of them together

A command is a few lines around one call of the library. Each module imports only from those above.
"""

from kiseki.cli.app import main

__all__ = ["main"]
