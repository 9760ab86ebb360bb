// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Signed} from "./base/Signed.sol";
import {IDataRegistry} from "./interfaces/IDataRegistry.sol";
import {IGate} from "./interfaces/IGate.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Approval} from "./interfaces/ISigned.sol";
import {Ids} from "./libraries/Ids.sol";
import {IdTree} from "./libraries/IdTree.sol";
import {Payees} from "./libraries/Payees.sol";
import {Collection, CollectionOpening} from "./types/Sources.sol";
import {Terms, TermsId, Uses} from "./types/Terms.sol";

contract DataRegistry is IDataRegistry, Signed {
    /// @dev The first slot is all that a registration on top reads, but for a gate.
    struct TermsRecord {
        bool defined;
        bool gated;
        uint8 uses;
        uint16 royaltyBps;
        uint16 floorBps;
        uint64 validUntil;
        uint32 noticeSeconds;
        address gate;
        bytes32 document;
    }

    /// @dev Root and terms are not stored: they are in the ID, and whoever needs them shows them.
    struct CollectionRecord {
        address provider;
        uint40 registeredAt;
        uint40 revokedAt;
        bool ownPayee;
        /// Of what is not in the ID (count, first payee, origin), so that equal can be told from different.
        bytes32 details;
    }

    bytes32 private constant CONSENT = keccak256(
        abi.encodePacked(
            "Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,uint256 nonce,uint256 deadline)",
            TermsId.TYPE
        )
    );
    bytes32 private constant REVOCATION =
        keccak256("Revocation(address provider,bytes32 collection,uint256 nonce,uint256 deadline)");
    bytes32 private constant ITEM_REVOCATION =
        keccak256("ItemRevocation(address provider,bytes32 commitment,uint256 nonce,uint256 deadline)");
    bytes32 private constant PAYEE_CHANGE =
        keccak256("PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)");

    address private immutable SPLITTER;
    address private immutable RIGHTS_TOKEN;

    mapping(bytes32 termsId => TermsRecord) private _terms;
    mapping(bytes32 collection => CollectionRecord) private _collections;
    mapping(bytes32 collection => bytes32 payee) private _payees;
    /// @inheritdoc IDataRegistry
    mapping(bytes32 id => uint40 revokedAt) public itemRevokedAt;

    constructor(address splitter, address rightsToken) EIP712("Kiseki DataRegistry", "1") {
        SPLITTER = splitter;
        RIGHTS_TOKEN = rightsToken;
    }

    // Terms

    /// @inheritdoc IDataRegistry
    function defineTerms(Terms calldata terms) external returns (bytes32 termsId) {
        termsId = TermsId.hash(terms);
        TermsRecord storage record = _terms[termsId];
        if (record.defined) return termsId;
        if (terms.royaltyBps > 10_000 || terms.floorBps > 10_000) {
            revert DataRegistry_BpsTooLarge(terms.royaltyBps, terms.floorBps);
        }
        record.defined = true;
        record.uses = TermsId.uses(terms);
        record.royaltyBps = terms.royaltyBps;
        record.floorBps = terms.floorBps;
        record.validUntil = terms.validUntil;
        record.noticeSeconds = terms.noticeSeconds;
        if (terms.gate != address(0)) {
            record.gated = true;
            record.gate = terms.gate;
        }
        record.document = terms.document;
        emit TermsDefined(termsId, terms);
    }

    /// @inheritdoc IDataRegistry
    function termsOf(bytes32 termsId) external view returns (Terms memory) {
        TermsRecord storage record = _definedTerms(termsId);
        uint256 uses = record.uses;
        return Terms({
            dataMining: uses & Uses.DATA_MINING != 0,
            aiInference: uses & Uses.AI_INFERENCE != 0,
            aiTraining: uses & Uses.AI_TRAINING != 0,
            aiGenerativeTraining: uses & Uses.AI_GENERATIVE_TRAINING != 0,
            commercialOutput: uses & Uses.COMMERCIAL_OUTPUT != 0,
            redistribution: uses & Uses.REDISTRIBUTION != 0,
            royaltyBps: record.royaltyBps,
            floorBps: record.floorBps,
            validUntil: record.validUntil,
            noticeSeconds: record.noticeSeconds,
            gate: record.gate,
            document: record.document
        });
    }

    function _definedTerms(bytes32 termsId) private view returns (TermsRecord storage record) {
        record = _terms[termsId];
        if (!record.defined) revert DataRegistry_UnknownTerms(termsId);
    }

    // Collections

    /// @inheritdoc IDataRegistry
    function register(bytes32[] calldata commitments, CollectionSpec calldata spec)
        external
        returns (bytes32 collection)
    {
        bytes32 root = IdTree.root(msg.sender, commitments);
        collection = _commit(msg.sender, root, uint64(commitments.length), spec);
        emit CollectionPublished(collection, msg.sender, commitments);
    }

    /// @inheritdoc IDataRegistry
    function registerFor(
        address provider,
        bytes32[] calldata commitments,
        CollectionSpec calldata spec,
        Approval calldata approval
    ) external returns (bytes32 collection) {
        bytes32 root = IdTree.root(provider, commitments);
        collection = _commitFor(provider, root, uint64(commitments.length), spec, approval);
        emit CollectionPublished(collection, provider, commitments);
    }

    /// @inheritdoc IDataRegistry
    function commit(bytes32 root, uint64 count, CollectionSpec calldata spec) external returns (bytes32) {
        return _commit(msg.sender, root, count, spec);
    }

    /// @inheritdoc IDataRegistry
    function commitFor(
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec,
        Approval calldata approval
    ) external returns (bytes32) {
        return _commitFor(provider, root, count, spec, approval);
    }

    /// @inheritdoc IDataRegistry
    function publish(
        bytes32 collection,
        CollectionOpening calldata opening,
        bytes32[] calldata commitments,
        bytes32[] calldata proof
    ) external {
        address provider = _open(collection, opening).provider;
        bytes32 slice = IdTree.root(provider, commitments);
        if (!MerkleProof.verifyCalldata(proof, opening.root, slice)) {
            revert DataRegistry_NotUnderRoot(collection, slice);
        }
        emit CollectionPublished(collection, provider, commitments);
    }

    /// @inheritdoc IDataRegistry
    function setPayee(bytes32 collection, bytes32 payee, bytes calldata opening) external {
        _ownedBy(collection, msg.sender);
        if (payeeOf(collection, msg.sender) != payee) _setPayee(collection, payee, opening);
    }

    /// @inheritdoc IDataRegistry
    function setPayeeFor(
        address provider,
        bytes32 collection,
        bytes32 payee,
        bytes calldata opening,
        Approval calldata approval
    ) external {
        _ownedBy(collection, provider);
        if (payeeOf(collection, provider) == payee) return;
        _spend(
            provider,
            keccak256(abi.encode(PAYEE_CHANGE, provider, collection, payee, approval.nonce, approval.deadline)),
            approval
        );
        _setPayee(collection, payee, opening);
    }

    function _commit(address provider, bytes32 root, uint64 count, CollectionSpec calldata spec)
        private
        returns (bytes32 collection)
    {
        bytes32 details;
        (collection, details) = _identify(provider, root, count, spec);
        if (details != 0) _store(collection, details, provider, root, count, spec);
    }

    function _commitFor(
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec,
        Approval calldata approval
    ) private returns (bytes32 collection) {
        bytes32 details;
        (collection, details) = _identify(provider, root, count, spec);
        if (details == 0) return collection;
        bytes32 structHash = keccak256(
            abi.encode(
                CONSENT,
                provider,
                root,
                count,
                spec.termsId,
                Payees.named(spec.payee, provider),
                spec.origin,
                approval.nonce,
                approval.deadline
            )
        );
        _spend(provider, structHash, approval);
        _store(collection, details, provider, root, count, spec);
    }

    /// @return collection The ID.
    /// @return details Zero when it is registered with these very values.
    function _identify(address provider, bytes32 root, uint64 count, CollectionSpec calldata spec)
        private
        view
        returns (bytes32 collection, bytes32 details)
    {
        collection = Ids.collection(provider, root, spec.termsId);
        details = keccak256(abi.encode(count, Payees.named(spec.payee, provider), spec.origin));
        bytes32 known = _collections[collection].details;
        if (known == details) return (collection, 0);
        if (known != 0) revert DataRegistry_DifferentValues(collection);
    }

    function _store(
        bytes32 collection,
        bytes32 details,
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec
    ) private {
        if (count == 0) revert DataRegistry_NoItems();
        _definedTerms(spec.termsId);
        bytes32 payee = Payees.named(spec.payee, provider);
        Payees.check(payee, spec.opening, SPLITTER);
        CollectionRecord storage record = _collections[collection];
        record.provider = provider;
        record.registeredAt = uint40(block.timestamp);
        record.details = details;
        if (payee != Payees.wallet(provider)) {
            record.ownPayee = true;
            _payees[collection] = payee;
        }
        emit CollectionRegistered(collection, provider, spec.termsId, root, count, payee, spec.origin);
    }

    function _setPayee(bytes32 collection, bytes32 payee, bytes calldata opening) private {
        Payees.check(payee, opening, SPLITTER);
        CollectionRecord storage record = _collections[collection];
        if (record.ownPayee && _payees[collection] == _rightsToken(collection)) {
            revert DataRegistry_PayeeIsRightsToken(collection);
        }
        record.ownPayee = true;
        _payees[collection] = payee;
        emit PayeeChanged(collection, payee);
    }

    /// @dev The payee of a collection whose rights were made a token, and whoever holds it is paid.
    function _rightsToken(bytes32 collection) private view returns (bytes32) {
        return Ids.subject(RIGHTS_TOKEN, Ids.subject(address(this), collection));
    }

    // Revoking

    /// @inheritdoc IDataRegistry
    function revoke(bytes32 collection) external {
        if (_ownedBy(collection, msg.sender).revokedAt == 0) _revoke(collection, msg.sender);
    }

    /// @inheritdoc IDataRegistry
    function revokeFor(address provider, bytes32 collection, Approval calldata approval) external {
        if (_ownedBy(collection, provider).revokedAt != 0) return;
        _spend(
            provider,
            keccak256(abi.encode(REVOCATION, provider, collection, approval.nonce, approval.deadline)),
            approval
        );
        _revoke(collection, provider);
    }

    /// @inheritdoc IDataRegistry
    function revokeItem(bytes32 commitment) external {
        if (itemRevokedAt[Ids.item(msg.sender, commitment)] == 0) _revokeItem(msg.sender, commitment);
    }

    /// @inheritdoc IDataRegistry
    function revokeItemFor(address provider, bytes32 commitment, Approval calldata approval) external {
        if (itemRevokedAt[Ids.item(provider, commitment)] != 0) return;
        _spend(
            provider,
            keccak256(abi.encode(ITEM_REVOCATION, provider, commitment, approval.nonce, approval.deadline)),
            approval
        );
        _revokeItem(provider, commitment);
    }

    function _revoke(bytes32 collection, address provider) private {
        _collections[collection].revokedAt = uint40(block.timestamp);
        emit CollectionRevoked(collection, provider);
    }

    function _revokeItem(address provider, bytes32 commitment) private {
        itemRevokedAt[Ids.item(provider, commitment)] = uint40(block.timestamp);
        emit ItemRevoked(provider, commitment);
    }

    function _ownedBy(bytes32 collection, address caller) private view returns (CollectionRecord storage record) {
        record = _known(collection);
        if (record.provider != caller) revert DataRegistry_NotProvider(collection, record.provider, caller);
    }

    function _known(bytes32 collection) private view returns (CollectionRecord storage record) {
        record = _collections[collection];
        if (record.provider == address(0)) revert DataRegistry_UnknownCollection(collection);
    }

    // Asking

    /// @inheritdoc IRegistry
    function registrantOf(bytes32 collection) external view returns (address) {
        return _collections[collection].provider;
    }

    /// @inheritdoc IRegistry
    function payeeOf(bytes32 collection, address) public view returns (bytes32) {
        CollectionRecord storage record = _collections[collection];
        return record.ownPayee ? _payees[collection] : Payees.wallet(record.provider);
    }

    /// @inheritdoc IDataRegistry
    function status(bytes32 collection, CollectionOpening calldata opening) public view returns (Status memory) {
        CollectionRecord storage record = _open(collection, opening);
        TermsRecord storage terms = _terms[opening.termsId];
        uint64 endsAt = terms.validUntil == 0 || terms.validUntil == type(uint64).max ? 0 : terms.validUntil + 1;
        if (record.revokedAt != 0) {
            uint64 noticed = uint64(record.revokedAt) + terms.noticeSeconds;
            if (endsAt == 0 || noticed < endsAt) endsAt = noticed;
        }
        return Status(record.provider, record.registeredAt, record.revokedAt, endsAt, opening.termsId);
    }

    /// @inheritdoc IDataRegistry
    function contains(
        bytes32 collection,
        CollectionOpening calldata opening,
        bytes32 commitment,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 id = Ids.item(_open(collection, opening).provider, commitment);
        return MerkleProof.verifyCalldata(proof, opening.root, id);
    }

    /// @inheritdoc IDataRegistry
    function wasUsable(bytes32 collection, CollectionOpening calldata opening, uint256 when)
        external
        view
        returns (bool)
    {
        Status memory known = status(collection, opening);
        return known.registeredAt <= when && (known.endsAt == 0 || when < known.endsAt);
    }

    /// @inheritdoc IDataRegistry
    function mayUse(bytes32 collection, CollectionOpening calldata opening, address user, uint256 use)
        external
        view
        returns (bool)
    {
        Collection[] memory one = new Collection[](1);
        one[0].id = collection;
        CollectionOpening[] memory openings = new CollectionOpening[](1);
        openings[0] = opening;
        // Through the outside, so that there is one set of rules and a hostile gate cannot make this revert.
        try this.authorise(one, openings, user, use, block.timestamp) returns (Grant[] memory, uint256) {
            return true;
        } catch {
            return false;
        }
    }

    /// @inheritdoc IDataRegistry
    function authorise(
        Collection[] calldata collections,
        CollectionOpening[] calldata openings,
        address user,
        uint256 use,
        uint256 when
    ) external view returns (Grant[] memory grants, uint256 allowed) {
        if (collections.length != openings.length) {
            revert DataRegistry_OpeningsMissing(collections.length, openings.length);
        }
        grants = new Grant[](collections.length);
        allowed = Uses.ALL;
        for (uint256 i; i < collections.length; ++i) {
            bytes32 collection = collections[i].id;
            address provider = _checkTime(collection, openings[i], when);
            (uint256 uses, TermsRecord storage terms) =
                _checkTerms(openings[i].termsId, address(this), collection, provider, user, use, when);
            allowed &= uses;
            grants[i] = Grant(provider, terms.royaltyBps, terms.floorBps);
        }
    }

    /// @inheritdoc IDataRegistry
    function authoriseTerms(
        bytes32 termsId,
        address registry,
        bytes32 id,
        address registrant,
        address user,
        uint256 use,
        uint256 when
    ) external view returns (uint256 allowed) {
        (allowed,) = _checkTerms(termsId, registry, id, registrant, user, use, when);
    }

    function _checkTime(bytes32 collection, CollectionOpening calldata opening, uint256 when)
        private
        view
        returns (address provider)
    {
        CollectionRecord storage record = _open(collection, opening);
        if (record.registeredAt > when) revert DataRegistry_NotRegisteredThen(collection, record.registeredAt, when);
        if (record.revokedAt != 0) {
            uint256 endsAt = uint256(record.revokedAt) + _terms[opening.termsId].noticeSeconds;
            if (when >= endsAt) revert DataRegistry_ConsentRevoked(collection, record.revokedAt, endsAt);
        }
        return record.provider;
    }

    function _checkTerms(
        bytes32 termsId,
        address registry,
        bytes32 id,
        address registrant,
        address user,
        uint256 use,
        uint256 when
    ) private view returns (uint256 uses, TermsRecord storage terms) {
        terms = _definedTerms(termsId);
        uses = terms.uses;
        if (use == 0 || use & ~(uses | Uses.GENERATION) != 0) revert DataRegistry_UseNotAllowed(termsId, use, uses);
        if (terms.validUntil != 0 && when > terms.validUntil) {
            revert DataRegistry_TermsExpired(termsId, terms.validUntil, when);
        }
        if (terms.gated && user != registrant) {
            bytes32 subject = Ids.subject(registry, id);
            if (!IGate(terms.gate).isAllowed(subject, user, use)) {
                revert DataRegistry_GateClosed(subject, terms.gate, user, use);
            }
        }
    }

    /// @dev The record of a collection, when `opening` is what its ID was made of.
    function _open(bytes32 collection, CollectionOpening calldata opening)
        private
        view
        returns (CollectionRecord storage record)
    {
        record = _known(collection);
        if (Ids.collection(record.provider, opening.root, opening.termsId) != collection) {
            revert DataRegistry_WrongOpening(collection, opening.root, opening.termsId);
        }
    }
}
