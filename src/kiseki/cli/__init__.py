"""The command line: a face of `kiseki.client`, with no logic of its own.

bar          the progress bar
show         what is printed: tables for people, JSON for machines
trial        what a trial came to, in words
context      the options of every command, and the `Kiseki` that they connect to
names        whom a word means: an address, or a name of the address book
terms        the options by which people say terms
salts        the question before new salts
sources      folders, files and lists to be registered
home         what a home keeps beside the key store
origins      where data comes from, in words
falls        money on its way through waterfalls, in words
letters      signed messages in files, shown before they are signed or sent
chain        node, deploy, verify-contracts
status       how things stand for one wallet
wallets      accounts, keys
data, gate, model, output, rights, market, revenue, identity, people      one module a noun
signatures   letters of any kind: shown and cancelled
statements, local      likewise: public statements; test money and time
records, revoking, consents, receipts, standing, origin, derived, series      more of `data`
manifests, updating    more commands of `model`
committee    more commands of `revenue`
lists        lists that are proved to be complete
keeper       the keeper
lazy         imports a command only when it runs
app          all commands together

A command is a few lines around one call of the library. Modules import only from those above.
"""

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(words: Sequence[str] | None = None) -> None:
    """Runs a command line and ends the process with its exit code; see `kiseki.cli.app.main`.

    The imports take longest, so most who press Ctrl-C at once press it there.
    """
    try:
        from kiseki.cli.app import main as run
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. Nothing was done.\n")
        sys.exit(130)
    run(words)
