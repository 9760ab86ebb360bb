"""What scripts use. Each module imports only from those above it:

files       files found and hashed
lists       folders and lists of what is to be registered in bulk
payees      payees as the contracts take them
secrets     what is kept of salts and collections, and the protocol of who keeps it
sealed      files for one pair of eyes, encrypted with age
backups     the lines of a backup of the key store
keystore    the key store
collecting  from files and lists to collections in the key store, in constant memory
session     one chain, the suite on it, and the index of what it logged
wallet      what every noun shares: a chain, a wallet, its salts
registering collections, one or many, with many transactions in flight
receipts    what an artist needs to find their own drawings again
consentfiles  what files that people sign have in common
consents    consent files, signed by any wallet, submitted in bulk
standing    standing consents: signed once, for a studio that collects every week
letters     one signed message as a file, for somebody else to bring
redirects, waivers, mints, cancellations    the kinds of letters
whole       lists that are shown to be whole
gates       who may use what is kept behind the allow list
sources     sources as the registries take them
verify      what is known of a file
metadata    what a rights token says of itself
weights     files of weights: what a commitment covers, and which model a file is
manifests   manifests after registration: walked to their end, or shown to be false
data, models, outputs, rights, revenue      the nouns
accounts    which wallet acts
frameworks  the network and accounts that Ape and Brownie lend
kiseki      one wallet with all of them
"""

from kiseki.client.kiseki import Kiseki, LocalKiseki, deploy, settings

__all__ = ["Kiseki", "LocalKiseki", "deploy", "settings"]
