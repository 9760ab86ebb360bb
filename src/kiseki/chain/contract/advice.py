"""What somebody can do about a revert, by the name of the error."""

from __future__ import annotations

__all__ = ["ADVICE"]


ADVICE = {
    "DataRegistry_UnknownTerms": "define these terms first",
    "DataRegistry_DifferentValues": "this set is registered under these terms with another count, "
    "payee or origin; `kiseki data set-payee` changes the payee",
    "DataRegistry_UnknownCollection": "register the collection first, or check the chain",
    "DataRegistry_WrongRoot": "this is not the collection's root; take them from the index",
    "DataRegistry_NotUnderRoot": "these are not all commitments of one slice of this collection, "
    "or not its provider's",
    "DataRegistry_NotProvider": "only the wallet that registered it can do this, or who has its "
    "signature",
    "DataRegistry_PayeeIsFixed": "it pays a split, an identity or a token, and that is for good",
    "DataRegistry_PayeeIsAnothers": "another wallet is paid, and a rights token may only take the "
    "provider's own place",
    "DataRegistry_ConsentRevoked": "its provider ended consent; leave it out and train again",
    "DataRegistry_TermsExpired": "consent ran out; ask the provider for new terms",
    "DataRegistry_UseNotAllowed": "its terms do not allow this use; leave it out",
    "DataRegistry_GateClosed": "ask whoever keeps the gate to let this wallet in",
    "Bases_ExternalsNotAscending": "name each base model that nobody registered once, in ascending "
    "order of weights; of those without weights there is one",
    "Compose_LeviesExceedGross": "use fewer or cheaper sources, or ask less",
    "Compose_HeavierThanAll": "a collection weighs at most what the whole manifest does; say the "
    "sum of all parts",
    "ModelRegistry_UsesWiderThanSources": "a model's terms may allow only what all its sources do",
    "ModelRegistry_DraftExpired": "more than 24 hours passed since the first part; start again",
    "ModelRegistry_DifferentValues": "this model is registered with another run or payee",
    "OutputRegistry_DifferentValues": "it is registered with another count, record or payee",
    "Challenges_SourcesNotShown": "these are not the model's sources; take them from the index",
    "Challenges_NoManifest": "the model rests on other models only; check theirs",
    "Challenges_NotInManifest": "this is not the model's manifest; get the one its developer "
    "published",
    "Challenges_InOrder": "these two items show nothing; name two that are out of order",
    "Challenges_NotRevoked": "consent to this item had not ended when the model was registered",
    "Challenges_ProvenFalse": "there is evidence on record against it, so nobody can check it",
    "Challenges_NotNext": "slices go on from where the walk is, without gaps",
    "Challenges_NotAscending": "the manifest is false: challenge it with these two items",
    "Challenges_NotInCollection": "an item is not in the collection it is declared under, or the "
    "proof is of another set",
    "Challenges_Revoked": "the manifest is false: challenge it with this item",
    "IdTree_NotAscending": "these are not one registrant's commitments in the order of their IDs",
    "IdTree_Empty": "name at least one item",
    "RightsToken_OtherIncome": "what reaches the token is not what was expected; look at it with "
    "`kiseki rights show`, and mint it with what there is",
    "SumTree_NoShares": "a share of zero is never in a split; leave that payee out",
    "Signed_Expired": "the signature's deadline has passed; ask for a new one",
    "Signed_NonceUsed": "this signature was used or cancelled; ask for one with another nonce",
    "Signed_WrongSignature": "somebody else signed, or other values or another chain were signed",
    "RevenueSplitter_NotEnoughEther": "send at least the amount as value",
    "RevenueSplitter_NotAToken": "there is no ERC-20 at this address on this chain",
    "RevenueSplitter_PayoutFailed": "the payee or token refused; the money stays with the split",
    "RevenueSplitter_RedirectTooLong": "it is signed for more than 30 days ahead; sign another",
    "Waterfall_NothingWaits": "no money waits for this tier",
    "Waterfall_TooLittleGas": "send it with at least that much gas for every tier that fails",
    "Waterfall_EtherWithAToken": "send no ether along with a payment in a token",
    "RevenueSplitter_WrongProof": "the proof is of another split",
    "RightsToken_NotRegistrant": "only who registered it can mint its rights; if nobody did, "
    "register it first",
    "RightsToken_Unregistered": "nobody registered this; register it first, or check the chain",
    "RightsToken_IncomeNotShown": "what is paid to it goes elsewhere than to its token; name "
    "the token as the payee when registering (of a collection also later, `kiseki rights mint "
    "--set-payee`)",
    "RightsToken_NotHolder": "only the token's holder itself can schedule it",
    "RightsToken_Locked": "it waits to move; execute it, let it lapse, or end it with the other "
    "side (`kiseki rights pending` shows it)",
    "RightsToken_Beneficiary": "name another wallet than the holder's",
    "RightsToken_DeadlinePassed": "name a later deadline",
    "RightsToken_DeadlineNotPassed": "wait for the deadline, or end it with the other side",
    "RightsToken_NotOpen": "it was executed or has lapsed already, or was never scheduled",
    "RightsToken_NotMet": "wait until this condition is met (`kiseki rights pending` shows all)",
    "RightsToken_NotAParty": "only its holder and its beneficiary can end it",
    "Conditions_Count": "name 1 to 8 conditions",
    "Conditions_TooLarge": "all conditions of a schedule hold at most 16,384 bytes together: name "
    "fewer parties or conditions",
    "Conditions_NoContract": "there is no contract at this condition's address on this chain",
    "Approvals_Count": "name 1 to 32 parties, and need at most as many of them",
    "Approvals_NotAscending": "name each party once, in ascending order",
    "IncomeThreshold_Nothing": "name an income above zero",
    "Escrow_Nothing": "name a price above zero",
    "Escrow_NotOpen": "it was executed or has lapsed already, or was never scheduled",
    "Escrow_Open": "the price is paid out once the token has moved or the schedule has lapsed",
    "Escrow_AlreadyPaid": "the price lies in escrow already",
    "Escrow_NotPaid": "nobody paid this price in, or it was paid out already",
    "Escrow_NotThePrice": "send exactly the price; tokens that take a fee cannot be used",
    "Escrow_NotTheirs": "only whom the price belongs to can name another address",
    "Escrow_PayoutFailed": "whom it belongs to cannot be paid there; they can name another address",
    "LicenseMarket_NotHolder": "only who holds the rights can offer them, or a delegate of theirs",
    "LicenseMarket_Locked": "its rights wait to move: offers that stand go on and can be ended, "
    "and whoever has the rights afterwards makes new ones",
    "LicenseMarket_NotTheGate": "its terms must name the market as their gate (--gate market), "
    "or a licence from there would open nothing",
    "LicenseMarket_UseNotAllowed": "sell only uses that its terms allow",
    "LicenseMarket_Revoked": "consent to it was revoked, so nothing more is sold of it",
    "LicenseMarket_TooLong": "no licence lasts longer than the notice of the terms, nor past their "
    "end: offer a shorter one, or register under terms with a longer notice; for ever is only for "
    "irrevocable terms without an end",
    "LicenseMarket_NotTheirs": "only who made the offer can end it, or a delegate of theirs",
    "LicenseMarket_OfferedBefore": "an equal offer was made before; give it another salt",
    "LicenseMarket_NoUse": "name at least one use",
    "LicenseMarket_NoSupply": "offer at least one",
    "LicenseMarket_NotBought": "look at the offer again; it may have ended, changed or sold out, "
    "or what it is for was revoked",
    "LicenseMarket_NotEnoughEther": "send at least the sum of the prices as value",
    "LicenseMarket_NotThePrice": "tokens that take a fee cannot be used here",
    "LicenseMarket_RefundFailed": "the payer cannot take back what was too much; send exactly the "
    "price",
    "Waterfall_Nothing": "there is nothing to pass on; pay an amount above zero",
    "Waterfall_NotEnoughEther": "send at least the amount as value",
    "Waterfalls_Tiers": "a waterfall has 1 to 16 tiers",
    "Waterfalls_Payee": "a tier's payee is a split or a subject; make a split of one for a wallet",
    "Waterfalls_Sizes": "every tier but the last has a size above zero in every token",
    "Waterfalls_TokensNotAscending": "name each token once, in ascending order",
    "Account_Expired": "the signature's deadline has passed; ask for a new one",
    "Account_NonceUsed": "this operation was made or cancelled; sign it with another nonce",
    "Account_WrongSignature": "no key of the account signed this: another key, other values or "
    "another chain, or a key that was removed",
    "Account_WrongApproval": "this guardian did not sign it: other values, another round or "
    "another chain",
    "Account_CallFailed": "nothing was done; look at what this call refused with",
    "Account_NoContract": "there is no contract at this address on this chain",
    "Account_NotItself": "only the account itself can do this: sign an operation with one of its "
    "keys",
    "Account_NotAKey": "a key is the address of a wallet (20 bytes) or the public key of a "
    "passkey (64 bytes)",
    "Account_KeyThere": "this key signs for the account already",
    "Account_NoSuchKey": "this key does not sign for the account; look at its keys",
    "Account_LastKey": "nobody could sign for the account any more; add another key first",
    "Account_TooManyKeys": "remove a key first",
    "Account_Threshold": "name 1 to 16 guardians, and need at most as many of them",
    "Account_Wait": "guardians wait from 30 days to 1,825 days",
    "Account_GuardiansNotAscending": "name each guardian once, in ascending order",
    "Account_OwnGuardian": "an account cannot be its own guardian; name people",
    "Account_NoGuardians": "this account has no guardians, so only its keys can change its keys",
    "Account_TooFewApprovals": "ask more guardians to sign",
    "Account_NotAGuardian": "bring each guardian's signature once, in ascending order of their "
    "addresses, and nobody else's",
    "Account_WrongRound": "a recovery was started or stopped, or the guardians changed, since this "
    "was signed; ask for new signatures",
    "Account_NoRecovery": "no recovery is open: its owner stopped it, or it was completed",
    "Account_RecoveryWaits": "wait; until then its owner can stop it",
    "Account_OnlyCode": "this is the code that accounts share; send it to an account",
    "Accounts_NotAKey": "a key is the address of a wallet (20 bytes) or the public key of a "
    "passkey (64 bytes)",
    "Accounts_NoContract": "there is no contract at this address on this chain",
    "Accounts_CallFailed": "the account was not made; look at what the call needs",
    "ERC721NonexistentToken": "it is not minted; its registrant mints it first",
    "ModelRegistry_NoSources": "declare what it was trained on: a manifest, parents or externals",
    "ModelRegistry_FloorNotForModels": "a model's terms ask a royalty only; leave the floor out",
    "OutputRegistry_NoModel": "name at least one registered model that made the outputs",
    "OutputRegistry_EndorsementExpired": "ask this model's developer for a new endorsement",
    "Payees_Itself": "it cannot be paid through itself; name a wallet, a split or its rights token",
    "Payees_UnknownToken": "name a rights token by its number, which is not the ID of what it is "
    "for; if it is another's, put it on record first (`kiseki rights reveal`)",
    "RightsToken_NoAnswer": "its registry does not say who is paid; ask who runs the registry",
    "Identities_NotAWallet": "name the artist's wallet; nobody could take the money from there",
    "Identities_Final": "seven days have passed since it was bound, so nobody can change it",
    "AllowList_NotRegistrant": "only who registered it keeps its list; register it first",
    "ERC721InsufficientApproval": "only the token's holder can transfer it",
    "SafeERC20FailedOperation": "the token refused; check the balance and that it is an ERC-20",
    "ERC721InvalidSender": "it is minted already",
    "ERC20InsufficientBalance": "the payer holds less of this token",
    "ERC20InsufficientAllowance": "approve the splitter for the amount first",
}
