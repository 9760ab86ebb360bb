"""What scripts use. Each module imports only from those above it:

files       files found and hashed
secrets     salts, and the key file that keeps them
payees      payees as the contracts take them
session     one chain, the suite on it, and the index of what it logged
wallet      what every noun shares: a chain, a wallet, its salts
gates       who may use what is kept behind the allow list
sources     sources as the registries take them
verify      what is known of a file
metadata    what a rights token says of itself
manifests   manifests after registration: walked to their end, or shown to be false
data, models, outputs, rights, revenue      the nouns
kiseki      one wallet with all of them
"""

from kiseki.client.kiseki import Kiseki, LocalKiseki, deploy, settings

__all__ = ["Kiseki", "LocalKiseki", "deploy", "settings"]
