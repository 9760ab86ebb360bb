// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Grant} from "../types/Grant.sol";
import {Terms} from "../types/Terms.sol";
import {IRegistrations} from "./IRegistrations.sol";
import {IRegistry} from "./IRegistry.sol";
import {Approval, ISigned} from "./ISigned.sol";

/// @title Terms and collections of data IDs
/// @notice A provider registers a set of data IDs under one set of terms. The chain holds the root of the set and the
/// consent. The commitments can be logged. The content never comes near the chain.
///
/// Only the provider can change anything here. The provider can end consent for future use. It can change who is paid
/// as long as the payee is its own wallet, or another wallet that agrees.
///
/// The registry refuses payees that could never pay anybody, where it can see that: zero, the splitter, the collection
/// itself (`Payees_Itself`), and a rights token that is not the collection's own and not on record
/// (`Payees_UnknownToken`). The usual reason for the last is that somebody wrote an ID in place of the number of its
/// token; `IRightsToken.reveal` puts a token on record. The registry cannot see a split that pays the collection back,
/// or two collections that are each other's payee. Their money goes round and reaches nobody, and a payee that is no
/// wallet can never be replaced.
///
/// Not protected against: a wallet that registers what it has no right to. A registration, even the first one, is
/// evidence of priority and no proof. Nor against what a payee is: a subject of somebody's own contract stands for
/// whoever that contract says.
interface IDataRegistry is IRegistrations, IRegistry, ISigned {
    /// @notice What a provider says about a collection beside its items.
    struct CollectionSpec {
        bytes32 termsId;
        /// Who is paid: a wallet, a split or a subject. Zero means the provider's wallet, which is the only payee that
        /// can be replaced without another signature (`setPayee`).
        bytes32 payee;
        /// The opening of the payee. Empty if the payee is a wallet (`Payees.checkOf`).
        bytes opening;
        /// Commits to how, when and from whom the data was collected.
        bytes32 origin;
    }

    struct Status {
        address provider;
        uint40 registeredAt;
        /// When consent was revoked. Zero if it was not.
        uint40 revokedAt;
        /// The first second at which new uses are refused, by notice or by the end of validity. Zero means never.
        uint64 endsAt;
        bytes32 termsId;
    }

    /// @notice Emitted once for each set of terms.
    event TermsDefined(bytes32 indexed termsId, Terms terms);
    /// @notice Emitted once for each collection.
    /// @param payee The first payee. `PayeeChanged` tells later payees.
    /// @param origin Commits to how, when and from whom the data was collected.
    event CollectionRegistered(
        bytes32 indexed collection,
        address indexed provider,
        bytes32 indexed termsId,
        bytes32 root,
        uint64 count,
        bytes32 payee,
        bytes32 origin
    );
    /// @notice Commitments that were proved to be under the collection's root, with ascending IDs. They may be logged
    /// in any order and more than once. The list is complete if its distinct IDs rebuild the root and there are `count`
    /// of them.
    event CollectionPublished(bytes32 indexed collection, address indexed provider, bytes32[] commitments);
    /// @notice Emitted beside `CollectionRegistered` if a collector registered the collection under a standing consent.
    /// @param consent The struct hash of the `StandingConsent`.
    /// @param nonce The nonce that the provider cancels to end the consent.
    event RegisteredUnder(
        bytes32 indexed collection, bytes32 indexed consent, address indexed collector, uint256 nonce
    );
    event CollectionRevoked(bytes32 indexed collection, address indexed provider);
    event ItemRevoked(address indexed provider, bytes32 indexed commitment);
    event PayeeChanged(bytes32 indexed collection, bytes32 payee);

    error DataRegistry_BpsTooLarge(uint256 royaltyBps, uint256 floorBps);
    error DataRegistry_UnknownTerms(bytes32 termsId);
    /// The collection is registered with another count, payee or origin.
    error DataRegistry_DifferentValues(bytes32 collection);
    /// All collections that the standing consent allows in its current month are registered.
    error DataRegistry_NoneLeft(bytes32 consent, uint256 perMonth);
    error DataRegistry_NoItems();
    error DataRegistry_UnknownCollection(bytes32 collection);
    error DataRegistry_WrongRoot(bytes32 collection, bytes32 root);
    error DataRegistry_NotUnderRoot(bytes32 collection, bytes32 sliceRoot);
    error DataRegistry_NotProvider(bytes32 collection, address provider, address caller);
    /// The payee is a split, an identity, a token or another subject. It can never be replaced.
    error DataRegistry_PayeeIsFixed(bytes32 collection, bytes32 payee);
    /// The rights token can replace only the provider's own wallet, and `payee` is another wallet.
    error DataRegistry_PayeeIsAnothers(bytes32 collection, address payee);
    error DataRegistry_NotRegisteredThen(bytes32 collection, uint256 registeredAt, uint256 when);
    /// The terms have the largest notice, which means that consent is never revoked.
    error DataRegistry_Irrevocable(bytes32 collection);
    error DataRegistry_ConsentRevoked(bytes32 collection, uint256 revokedAt, uint256 endsAt);
    error DataRegistry_TermsExpired(bytes32 termsId, uint256 validUntil, uint256 when);
    error DataRegistry_UseNotAllowed(bytes32 termsId, uint256 use, uint256 allowed);
    error DataRegistry_GateClosed(bytes32 subject, address gate, address user, uint256 use);

    // Terms

    /// @notice Puts terms on record. Anybody may call it. Does nothing if the terms are on record.
    /// @dev Reverts `DataRegistry_BpsTooLarge` if a share is above 10,000.
    function defineTerms(Terms calldata terms) external returns (bytes32 termsId);

    /// @notice The terms on record under an ID. Reverts `DataRegistry_UnknownTerms`.
    function termsOf(bytes32 termsId) external view returns (Terms memory);

    // Collections

    /// @notice Registers up to 4,000 commitments of the caller and logs them.
    /// @param commitments `keccak256(sha256(content) ‖ salt)` of each item, sorted so that the IDs strictly ascend.
    /// @return collection `keccak256(0x05 ‖ provider ‖ root ‖ termsId)`.
    /// @dev If every value equals what is registered it only logs the commitments. If the count, payee or origin
    /// differs it reverts `DataRegistry_DifferentValues`.
    function register(bytes32[] calldata commitments, CollectionSpec calldata spec)
        external
        returns (bytes32 collection);

    /// @notice `register` with the provider's signature (`Consent`). Anybody may send it.
    function registerFor(
        address provider,
        bytes32[] calldata commitments,
        CollectionSpec calldata spec,
        Approval calldata approval
    ) external returns (bytes32 collection);

    /// @notice Registers the root of any number of IDs. `publish` can log the IDs later.
    /// @param count The number of IDs. A list with a false count can never be shown complete.
    function commit(bytes32 root, uint64 count, CollectionSpec calldata spec) external returns (bytes32 collection);

    /// @notice `commit` with the provider's signature. Anybody may send it. The provider signs the same message as for
    /// `registerFor`:
    /// `Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,uint256 nonce,uint256 deadline)`.
    /// The message names the payee even where it is the provider's wallet. If the collection is registered with equal
    /// values the call does nothing and does not look at the nonce.
    function commitFor(
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec,
        Approval calldata approval
    ) external returns (bytes32 collection);

    /// @notice `registerFor` by a collector to whom the provider consented once, for many collections. The provider
    /// signs
    /// `StandingConsent(address provider,address collector,Terms terms,bytes32 payee,uint32 perMonth,uint64 until,uint256 nonce)`.
    /// The message names the payee even where it is the provider's wallet. `approval` carries `until` as its deadline,
    /// the nonce and the signature. The caller is the collector. The collection belongs to the provider, as if the
    /// provider had signed each time.
    ///
    /// A call does not use up the consent. The consent ends after its last second, `until`, or as soon as the provider
    /// cancels its nonce (`cancelNonce`, `cancelNonceFor`). Collections that are registered by then stay registered. A
    /// month has 30 days. Months are counted back from `until`, which belongs to the last month. So from the second
    /// that is n months before `until`, at most n times `perMonth` collections are registered under the consent.
    /// @dev If every value equals what is registered it only logs the commitments and counts nothing. Reverts
    /// `Signed_Expired`, `Signed_NonceUsed`, `Signed_WrongSignature` (also if the caller, terms or payee are not the
    /// signed ones), `DataRegistry_NoneLeft`.
    ///
    /// Not protected against: a false word of the collector. The collector alone says the origin, and which and how
    /// many items are in a collection. At the border of two months, twice `perMonth` collections may be registered at
    /// once. If a consent is cancelled, registrations that come earlier in the same block still count. Terms whose
    /// `validUntil` has passed can still be registered; they allow nothing.
    function registerUnder(
        address provider,
        bytes32[] calldata commitments,
        CollectionSpec calldata spec,
        uint32 perMonth,
        Approval calldata approval
    ) external returns (bytes32 collection);

    /// @notice `commit` under a standing consent, as `registerUnder`.
    function commitUnder(
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec,
        uint32 perMonth,
        Approval calldata approval
    ) external returns (bytes32 collection);

    /// @notice How many collections were registered under a standing consent in its current month.
    /// @param consent The struct hash of the consent.
    /// @param until The last second of the consent, which has not passed.
    function usedUnder(bytes32 consent, uint256 until) external view returns (uint256);

    /// @notice Logs commitments of a registered collection. Anybody who has them may call it.
    /// @param proof The proof from the root of these commitments' tree to the root of the collection.
    function publish(bytes32 collection, bytes32 root, bytes32[] calldata commitments, bytes32[] calldata proof)
        external;

    /// @notice Changes who is paid. Only the provider may call it. Does nothing if the payee is already that one. Which
    /// payee can be replaced:
    /// - the provider's own wallet: by the provider alone, with any payee that opens;
    /// - another wallet: only with that wallet's signature as well, and not by the collection's rights token
    /// (`DataRegistry_PayeeIsAnothers`);
    /// - a split, an identity, a token or any subject: never (`DataRegistry_PayeeIsFixed`).
    /// Money that waits goes to whoever is the payee when it moves.
    /// @param waiver The signature of the wallet that is paid now:
    /// `PayeeWaiver(address payee,bytes32 collection,bytes32 to,uint256 nonce,uint256 deadline)`, where `to` is the new
    /// payee. Empty if the provider's own wallet is paid now.
    function setPayee(bytes32 collection, bytes32 payee, bytes calldata opening, Approval calldata waiver) external;

    /// @notice The same with the provider's signature,
    /// `PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)`. Anybody may
    /// send it.
    /// @param waiver As for `setPayee`. Also empty if the caller is the wallet that is paid now.
    function setPayeeFor(
        address provider,
        bytes32 collection,
        bytes32 payee,
        bytes calldata opening,
        Approval calldata approval,
        Approval calldata waiver
    ) external;

    // Revoking

    /// @notice Ends consent for future use after the notice in the terms. What was registered before stays as it is.
    /// Does nothing the second time. No sold licence is lost, because every sold licence ends within the notice.
    /// @dev Reverts `DataRegistry_Irrevocable` if the notice is the largest possible.
    function revoke(bytes32 collection) external;

    /// @notice `revoke` with the provider's signature,
    /// `Revocation(address provider,bytes32 collection,uint256 nonce,uint256 deadline)`. Anybody may send it.
    function revokeFor(address provider, bytes32 collection, Approval calldata approval) external;

    /// @notice Ends consent for one item of the caller, in every collection that holds the item. In each collection it
    /// takes effect after the notice of that collection, which is at least 7 days for an item. It has no effect in an
    /// irrevocable collection.
    function revokeItem(bytes32 commitment) external;

    /// @notice `revokeItem` with the provider's signature,
    /// `ItemRevocation(address provider,bytes32 commitment,uint256 nonce,uint256 deadline)`. Anybody may send it.
    function revokeItemFor(address provider, bytes32 commitment, Approval calldata approval) external;

    // Asking

    /// @notice What is on record of a collection. Reverts `DataRegistry_UnknownCollection`.
    function status(bytes32 collection) external view returns (Status memory);

    /// @notice Whether the provider's ID for `commitment` is in the collection.
    function contains(bytes32 collection, bytes32 root, bytes32 commitment, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice When the registrant of an item revoked its ID. Zero if the ID was not revoked. The notice is that of
    /// each collection, and at least 7 days.
    function itemRevokedAt(bytes32 id) external view returns (uint40);

    /// @notice Whether consent was valid at `when`, whatever the use and the gate.
    function wasUsable(bytes32 collection, uint256 when) external view returns (bool);

    /// @notice Whether `user` may use the collection for `use` now. The answer includes the gate.
    function mayUse(bytes32 collection, address user, uint256 use) external view returns (bool);

    /// @notice What `user` gets by using `collections` for `use` as of `when`. Reverts with the first rule that is
    /// broken.
    /// @return grants One grant for each collection.
    /// @return allowed The uses that all of them allow.
    function authorise(bytes32[] calldata collections, address user, uint256 use, uint256 when)
        external
        view
        returns (Grant[] memory grants, uint256 allowed);

    /// @notice The same for something that another registry holds under terms: a model. Everybody may register outputs
    /// of a model (`Uses.GENERATION`) if its terms allow anything; behind a gate, whoever the gate lets through may.
    /// @param registrant The registrant needs no leave of its own gate.
    function authoriseTerms(
        bytes32 termsId,
        address registry,
        bytes32 id,
        address registrant,
        address user,
        uint256 use,
        uint256 when
    ) external view returns (uint256 allowed);

    // Selling licences

    /// @notice Until when a use that is granted in this second is sure: no revocation of the collection ends consent to
    /// it earlier, and neither do its terms. Single items can be revoked earlier (`revokeItem`), and the gate is asked
    /// at every use.
    /// @return until The last sure second. The largest number means for ever: irrevocable terms that never expire. Zero
    /// means that nothing is granted any more: the collection is revoked or does not exist. Without notice it is the
    /// second before this one.
    function sureUntil(bytes32 collection) external view returns (uint256 until);
}
