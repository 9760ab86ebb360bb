"""The nouns that scripts use. Imports point down this list:

kiseki      `Kiseki`: one wallet on one chain, with everything it can do there
settings    the one reader of the environment and of `.env`
market/     licences, offered and bought
rights/     rights tokens
revenue/    money
outputs/    batches
models/     models
data/       collections
accounts/   contracts that passkeys sign for
identities  artists without a wallet
whole       lists that are shown to be whole
named       payees as people write them
sources     sources as the registries take them
compared    what is registered, compared with what was asked for
local       test money and time on a local chain
withdrawals/  revocations as word for developers, and their answers
statements  what anybody says in public
signedfiles  any file with a signed message
cancellations  signatures that shall count no longer
letterparts  what such a file holds beside what is signed
letters     what somebody signed, as a file
consentfiles  what the files of consents have in common
kinds       batch, model and collection, with their registries
payable     who can be paid at all
salts       new salts, and what stops them
wallet      what every noun shares: a chain, a wallet, its salts
session     one chain, the suite on it, and the index of what it logged
asof        what was read before, for when the node does not answer
"""
