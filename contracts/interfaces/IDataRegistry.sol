// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Grant} from "../types/Grant.sol";
import {Terms} from "../types/Terms.sol";
import {IRegistrations} from "./IRegistrations.sol";
import {IRegistry} from "./IRegistry.sol";
import {Approval, ISigned} from "./ISigned.sol";

/// @title Terms and collections of data IDs
/// @notice A provider registers a set of data IDs under one set of terms. The chain holds the root and the consent;
/// the commitments can be logged, and content never comes near it.
///
/// Not protected against: a wallet that registers what it has no right to. Being registered, even first, is evidence
/// of priority and not proof. Nor against what a payee is: a subject of a contract of somebody's own stands for whom
/// that contract says. Nothing here can be changed by anybody but the provider, who can end consent for future use and
/// change who is paid, as long as that is its own wallet, or another that agrees.
///
/// Payees that could never pay anybody are refused where it can be seen: zero, the splitter, the collection itself
/// (`Payees_Itself`), a rights token other than its own that is not on record (`Payees_UnknownToken`: mostly the ID of what is meant
/// in place of its token's number; `IRightsToken.reveal` puts one on record). What is not seen: a split that pays the
/// collection back, and two collections, each the payee of the other. Their money goes round and reaches nobody, and no
/// payee of a collection that is no wallet can be replaced.
interface IDataRegistry is IRegistrations, IRegistry, ISigned {
    /// @notice What a provider says of a collection beside its items.
    struct CollectionSpec {
        bytes32 termsId;
        /// Who is paid: a wallet, a split or a subject; zero for the provider's wallet. Only that can be replaced on
        /// the provider's word alone (`setPayee`).
        bytes32 payee;
        /// Of the payee, unless it is a wallet (`Payees.checkOf`).
        bytes opening;
        /// Commits to how, when and from whom the data was collected.
        bytes32 origin;
    }

    struct Status {
        address provider;
        uint40 registeredAt;
        /// When consent was revoked; zero when it was not.
        uint40 revokedAt;
        /// First second at which new uses are refused (notice and end of validity included); zero means without end.
        uint64 endsAt;
        bytes32 termsId;
    }

    /// @notice Once per set of terms.
    event TermsDefined(bytes32 indexed termsId, Terms terms);
    /// @notice Once per collection.
    /// @param payee The first payee; `PayeeChanged` tells later ones.
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
    /// @notice Commitments proved to be under the collection's root, their IDs ascending. May come in any order and
    /// more than once; the list is complete when its distinct IDs rebuild the root and number `count`.
    event CollectionPublished(bytes32 indexed collection, address indexed provider, bytes32[] commitments);
    /// @notice Beside `CollectionRegistered`, of a collection that a collector registered under a standing consent.
    /// @param consent The struct hash of the `StandingConsent`.
    /// @param nonce What the provider cancels to end it.
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
    /// As many as the standing consent allows are registered in this month of it.
    error DataRegistry_NoneLeft(bytes32 consent, uint256 perMonth);
    error DataRegistry_NoItems();
    error DataRegistry_UnknownCollection(bytes32 collection);
    error DataRegistry_WrongRoot(bytes32 collection, bytes32 root);
    error DataRegistry_NotUnderRoot(bytes32 collection, bytes32 sliceRoot);
    error DataRegistry_NotProvider(bytes32 collection, address provider, address caller);
    /// The payee is a split, an identity, a token or another subject, and stays it.
    error DataRegistry_PayeeIsFixed(bytes32 collection, bytes32 payee);
    /// The rights token takes the place of the provider's own wallet only, and `payee` is another.
    error DataRegistry_PayeeIsAnothers(bytes32 collection, address payee);
    error DataRegistry_NotRegisteredThen(bytes32 collection, uint256 registeredAt, uint256 when);
    /// Its terms say that consent is never revoked: their notice is the largest.
    error DataRegistry_Irrevocable(bytes32 collection);
    error DataRegistry_ConsentRevoked(bytes32 collection, uint256 revokedAt, uint256 endsAt);
    error DataRegistry_TermsExpired(bytes32 termsId, uint256 validUntil, uint256 when);
    error DataRegistry_UseNotAllowed(bytes32 termsId, uint256 use, uint256 allowed);
    error DataRegistry_GateClosed(bytes32 subject, address gate, address user, uint256 use);

    // Terms

    /// @notice Puts terms on record, by anybody; does nothing when they are.
    /// @dev Reverts `DataRegistry_BpsTooLarge` above 10,000.
    function defineTerms(Terms calldata terms) external returns (bytes32 termsId);

    /// @notice Terms on record; reverts `DataRegistry_UnknownTerms`.
    function termsOf(bytes32 termsId) external view returns (Terms memory);

    // Collections

    /// @notice Registers up to 4,000 commitments of the caller's and logs them.
    /// @param commitments `keccak256(sha256(content) ‖ salt)` each, sorted so that the IDs strictly ascend.
    /// @return collection `keccak256(0x05 ‖ provider ‖ root ‖ termsId)`.
    /// @dev With every value equal to what is registered it only logs; otherwise `DataRegistry_DifferentValues`.
    function register(bytes32[] calldata commitments, CollectionSpec calldata spec)
        external
        returns (bytes32 collection);

    /// @notice `register` by anybody who has the provider's signature (`Consent`).
    function registerFor(
        address provider,
        bytes32[] calldata commitments,
        CollectionSpec calldata spec,
        Approval calldata approval
    ) external returns (bytes32 collection);

    /// @notice Registers the root of any number of IDs; `publish` can log them later.
    /// @param count How many IDs. A count that is not true can never be shown complete.
    function commit(bytes32 root, uint64 count, CollectionSpec calldata spec) external returns (bytes32 collection);

    /// @notice `commit` by anybody who has the provider's signature. It signs the same as for `registerFor`:
    /// `Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,uint256 nonce,uint256 deadline)`,
    /// with the payee spelled out. What is registered already with equal values is skipped before the nonce is looked at.
    function commitFor(
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec,
        Approval calldata approval
    ) external returns (bytes32 collection);

    /// @notice `registerFor` by a collector whom the provider consented to once, for many collections. The provider
    /// signs
    /// `StandingConsent(address provider,address collector,Terms terms,bytes32 payee,uint32 perMonth,uint64 until,uint256 nonce)`
    /// with the payee spelled out; `approval` carries `until` as its deadline, the nonce and the signature, and the
    /// caller is the collector. What is registered is the provider's, as if it had signed each time.
    ///
    /// The consent is not used up. It ends with its last second, `until`, or when the provider cancels its nonce
    /// (`cancelNonce`, `cancelNonceFor`), at once. What is registered by then stays. Months are 30 days each, counted
    /// back from `until`, which belongs to the last of them. So from a second on that is n months before `until`, at most n
    /// times `perMonth` collections are registered under it.
    /// @dev With every value equal to what is registered it only logs, and nothing is counted. Reverts `Signed_Expired`,
    /// `Signed_NonceUsed`, `Signed_WrongSignature` (also for any other caller, terms or payee than what was signed),
    /// `DataRegistry_NoneLeft`.
    ///
    /// Not protected against: what the collector calls the provider's work. Origin, and which and how many items are in
    /// a collection, are the collector's word. At the border of two months twice `perMonth` may come at once. A consent
    /// that is cancelled in the same block counts for what stands before the cancellation there. Terms whose
    /// `validUntil` has passed can still be registered, and open nothing.
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

    /// @notice How many were registered under a standing consent in the month that it is in now.
    /// @param consent Its struct hash.
    /// @param until Its last second, which has not passed.
    function usedUnder(bytes32 consent, uint256 until) external view returns (uint256);

    /// @notice Logs commitments of a registered collection, by anybody who has them.
    /// @param proof From the root of these commitments' tree to the collection's root.
    function publish(bytes32 collection, bytes32 root, bytes32[] calldata commitments, bytes32[] calldata proof)
        external;

    /// @notice Changes who is paid, by the provider; does nothing where it is that payee. Who may be replaced:
    /// - the provider's own wallet: on the provider's word, by anything that opens;
    /// - another wallet: on that wallet's word as well, and not by the collection's rights token
    ///   (`DataRegistry_PayeeIsAnothers`);
    /// - a split, an identity, a token, any subject: never (`DataRegistry_PayeeIsFixed`).
    /// What waits goes to whoever is the payee when it moves.
    /// @param waiver Of a wallet that is paid now and is not the provider's, else empty:
    /// `PayeeWaiver(address payee,bytes32 collection,bytes32 to,uint256 nonce,uint256 deadline)`. `to` is the new payee.
    function setPayee(bytes32 collection, bytes32 payee, bytes calldata opening, Approval calldata waiver) external;

    /// @notice The same by anybody who has the provider's signature,
    /// `PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)`.
    /// @param waiver As for `setPayee`; empty also where the wallet that is paid now is the caller.
    function setPayeeFor(
        address provider,
        bytes32 collection,
        bytes32 payee,
        bytes calldata opening,
        Approval calldata approval,
        Approval calldata waiver
    ) external;

    // Revoking

    /// @notice Ends consent for future use once the notice in the terms has passed. The past stays as it is.
    /// Does nothing the second time. Licences that were sold before end within the notice, so it takes none away.
    /// @dev Reverts `DataRegistry_Irrevocable` where the notice is the largest possible.
    function revoke(bytes32 collection) external;

    /// @notice `Revocation(address provider,bytes32 collection,uint256 nonce,uint256 deadline)`.
    function revokeFor(address provider, bytes32 collection, Approval calldata approval) external;

    /// @notice The same for one item of the caller's, in every collection that holds it, after the notice of that
    /// collection, which for an item is 7 days at least; it has no effect in an irrevocable one.
    function revokeItem(bytes32 commitment) external;

    /// @notice `ItemRevocation(address provider,bytes32 commitment,uint256 nonce,uint256 deadline)`.
    function revokeItemFor(address provider, bytes32 commitment, Approval calldata approval) external;

    // Asking

    function status(bytes32 collection) external view returns (Status memory);

    /// @notice Whether the provider's ID for `commitment` is in the collection.
    function contains(bytes32 collection, bytes32 root, bytes32 commitment, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice When the ID was revoked by its registrant; zero when it was not. Notice is the collection's, and 7 days at
    /// least.
    function itemRevokedAt(bytes32 id) external view returns (uint40);

    /// @notice Whether consent was valid at `when`, whatever the use and the gate.
    function wasUsable(bytes32 collection, uint256 when) external view returns (bool);

    /// @notice Whether `user` may use the collection for `use` now, gate included.
    function mayUse(bytes32 collection, address user, uint256 use) external view returns (bool);

    /// @notice What `user` gets by using `collections` for `use` as of `when`; reverts with the rule that is broken.
    /// @return grants One for each collection.
    /// @return allowed Uses that all of them allow.
    function authorise(bytes32[] calldata collections, address user, uint256 use, uint256 when)
        external
        view
        returns (Grant[] memory grants, uint256 allowed);

    /// @notice The same for what another registry holds under terms: a model. Registering its outputs
    /// (`Uses.GENERATION`) is open to all under terms that allow anything, and to whom a gate lets through.
    /// @param registrant Is let through its own gate.
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

    /// @notice How long a use that is granted in this second is sure: by no revocation of the collection does consent to it end
    /// earlier, and its terms do not. Single items can be revoked earlier (`revokeItem`), and the gate is asked at every use.
    /// @return until The last sure second. Without end it is the largest number: irrevocable terms that never expire.
    /// Zero where nothing is granted any more: revoked, or no collection. Without notice it is the second before.
    function sureUntil(bytes32 collection) external view returns (uint256 until);
}
