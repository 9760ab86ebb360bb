// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Consents} from "./base/Consents.sol";
import {Registrations} from "./base/Registrations.sol";
import {TermsOnRecord} from "./base/TermsOnRecord.sol";
import {IDataRegistry} from "./interfaces/IDataRegistry.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRightsToken} from "./interfaces/IRightsToken.sol";
import {Approval} from "./interfaces/ISigned.sol";
import {Gates} from "./libraries/Gates.sol";
import {Ids} from "./libraries/Ids.sol";
import {IdTree} from "./libraries/IdTree.sol";
import {Payees} from "./libraries/Payees.sol";
import {Grant, grantOf} from "./types/Grant.sol";
import {Record, recordOf} from "./types/Record.sol";
import {Notice, Uses} from "./types/Terms.sol";
import {TermsHead} from "./types/TermsHead.sol";

contract DataRegistry is Registrations, TermsOnRecord, Consents {
    bytes32 private constant REVOCATION =
        keccak256("Revocation(address provider,bytes32 collection,uint256 nonce,uint256 deadline)");
    bytes32 private constant ITEM_REVOCATION =
        keccak256("ItemRevocation(address provider,bytes32 commitment,uint256 nonce,uint256 deadline)");
    bytes32 private constant PAYEE_CHANGE =
        keccak256("PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)");
    bytes32 private constant PAYEE_WAIVER =
        keccak256("PayeeWaiver(address payee,bytes32 collection,bytes32 to,uint256 nonce,uint256 deadline)");

    address private immutable SPLITTER;
    IRightsToken private immutable RIGHTS_TOKEN;

    mapping(bytes32 collection => Record) private _collections;
    /// @dev Hash of what is not in the ID (count, first payee, origin), so that equal can be told from different.
    mapping(bytes32 collection => bytes32 details) private _details;
    /// @dev Zero for the provider's wallet.
    mapping(bytes32 collection => bytes32 payee) private _payees;
    /// @inheritdoc IDataRegistry
    mapping(bytes32 id => uint40 revokedAt) public itemRevokedAt;

    constructor(address splitter, IRightsToken rightsToken) EIP712("Kiseki DataRegistry", "1") {
        SPLITTER = splitter;
        RIGHTS_TOKEN = rightsToken;
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
    function registerUnder(
        address provider,
        bytes32[] calldata commitments,
        CollectionSpec calldata spec,
        uint32 perMonth,
        Approval calldata approval
    ) external returns (bytes32 collection) {
        bytes32 root = IdTree.root(provider, commitments);
        collection = _commitUnder(provider, root, uint64(commitments.length), spec, perMonth, approval);
        emit CollectionPublished(collection, provider, commitments);
    }

    /// @inheritdoc IDataRegistry
    function commitUnder(
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec,
        uint32 perMonth,
        Approval calldata approval
    ) external returns (bytes32) {
        return _commitUnder(provider, root, count, spec, perMonth, approval);
    }

    /// @inheritdoc IDataRegistry
    function publish(bytes32 collection, bytes32 root, bytes32[] calldata commitments, bytes32[] calldata proof)
        external
    {
        address provider = _open(collection, root);
        bytes32 slice = IdTree.root(provider, commitments);
        if (!MerkleProof.verifyCalldata(proof, root, slice)) {
            revert DataRegistry_NotUnderRoot(collection, slice);
        }
        emit CollectionPublished(collection, provider, commitments);
    }

    /// @inheritdoc IDataRegistry
    function setPayee(bytes32 collection, bytes32 payee, bytes calldata opening, Approval calldata waiver) external {
        _ownedBy(collection, msg.sender);
        if (payeeOf(collection, msg.sender) != payee) _setPayee(collection, msg.sender, payee, opening, waiver);
    }

    /// @inheritdoc IDataRegistry
    function setPayeeFor(
        address provider,
        bytes32 collection,
        bytes32 payee,
        bytes calldata opening,
        Approval calldata approval,
        Approval calldata waiver
    ) external {
        _ownedBy(collection, provider);
        bool same = payeeOf(collection, provider) == payee;
        // A payee can change back, so a signature that came too late is used up all the same.
        if (same && isNonceUsed(provider, approval.nonce)) return;
        _spend(
            provider,
            keccak256(abi.encode(PAYEE_CHANGE, provider, collection, payee, approval.nonce, approval.deadline)),
            approval
        );
        if (!same) _setPayee(collection, provider, payee, opening, waiver);
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
        _consented(provider, root, count, spec, approval);
        _store(collection, details, provider, root, count, spec);
    }

    function _commitUnder(
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec,
        uint32 perMonth,
        Approval calldata approval
    ) private returns (bytes32 collection) {
        bytes32 details;
        (collection, details) = _identify(provider, root, count, spec);
        if (details == 0) return collection;
        bytes32 consent = _consentedUnder(provider, spec, perMonth, approval);
        _store(collection, details, provider, root, count, spec);
        emit RegisteredUnder(collection, consent, msg.sender, approval.nonce);
    }

    /// @return collection The ID.
    /// @return details Zero when it is registered with these very values.
    function _identify(address provider, bytes32 root, uint64 count, CollectionSpec calldata spec)
        private
        view
        returns (bytes32 collection, bytes32 details)
    {
        collection = Ids.collection(provider, root, spec.termsId);
        details = _hash(count, Payees.named(spec.payee, provider), spec.origin);
        bytes32 known = _details[collection];
        if (known == 0) return (collection, details);
        if (known != details) revert DataRegistry_DifferentValues(collection);
        return (collection, 0);
    }

    /// @dev `keccak256(abi.encode(count, payee, origin))`.
    function _hash(uint256 count, bytes32 payee, bytes32 from) private pure returns (bytes32 details) {
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore(spot, count)
            mstore(add(spot, 32), payee)
            mstore(add(spot, 64), from)
            details := keccak256(spot, 96)
        }
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
        bytes32 payee = Payees.named(spec.payee, provider);
        Payees.checkOf(collection, payee, spec.opening, SPLITTER, RIGHTS_TOKEN);
        _collections[collection] = recordOf(provider, SafeCast.toUint32(block.timestamp), uint32(_known(spec.termsId)));
        _details[collection] = details;
        _append(collection);
        if (payee != Payees.wallet(provider)) _payees[collection] = payee;
        emit CollectionRegistered(collection, provider, spec.termsId, root, count, payee, spec.origin);
    }

    /// @dev On the provider's word, which is no word about another's money.
    function _setPayee(
        bytes32 collection,
        address provider,
        bytes32 payee,
        bytes calldata opening,
        Approval calldata waiver
    ) private {
        bytes32 before = payeeOf(collection, provider);
        if (!Payees.isWallet(before)) revert DataRegistry_PayeeIsFixed(collection, before);
        Payees.checkOf(collection, payee, opening, SPLITTER, RIGHTS_TOKEN);
        if (before != Payees.wallet(provider)) _waive(collection, Payees.toAddress(before), payee, waiver);
        _payees[collection] = payee;
        emit PayeeChanged(collection, payee);
    }

    /// @dev On the word of the wallet that is paid: its own call, or its signature.
    function _waive(bytes32 collection, address payee, bytes32 to, Approval calldata approval) private {
        // What the provider sells as its own was its own.
        if (to == Ids.subject(address(RIGHTS_TOKEN), Ids.subject(address(this), collection))) {
            revert DataRegistry_PayeeIsAnothers(collection, payee);
        }
        if (payee == msg.sender) return;
        bytes32 structHash =
            keccak256(abi.encode(PAYEE_WAIVER, payee, collection, to, approval.nonce, approval.deadline));
        _spend(payee, structHash, approval);
    }

    // Revoking

    /// @inheritdoc IDataRegistry
    function revoke(bytes32 collection) external {
        if (_ownedBy(collection, msg.sender).revokedAt() == 0) _revoke(collection, msg.sender);
    }

    /// @inheritdoc IDataRegistry
    function revokeFor(address provider, bytes32 collection, Approval calldata approval) external {
        if (_ownedBy(collection, provider).revokedAt() != 0) return;
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
        Record record = _collections[collection];
        if (_terms[record.terms()].noticeSeconds == Notice.NEVER) revert DataRegistry_Irrevocable(collection);
        _collections[collection] = record.revokedSince(SafeCast.toUint32(block.timestamp));
        emit CollectionRevoked(collection, provider);
    }

    function _revokeItem(address provider, bytes32 commitment) private {
        itemRevokedAt[Ids.item(provider, commitment)] = uint40(block.timestamp);
        emit ItemRevoked(provider, commitment);
    }

    function _ownedBy(bytes32 collection, address caller) private view returns (Record record) {
        record = _record(collection);
        address provider = record.provider();
        if (provider != caller) revert DataRegistry_NotProvider(collection, provider, caller);
    }

    function _record(bytes32 collection) private view returns (Record record) {
        record = _collections[collection];
        if (Record.unwrap(record) == 0) revert DataRegistry_UnknownCollection(collection);
    }

    /// @dev The provider, when `root` is what the ID was made of.
    function _open(bytes32 collection, bytes32 root) private view returns (address provider) {
        Record record = _record(collection);
        provider = record.provider();
        if (Ids.collection(provider, root, _terms[record.terms()].id) != collection) {
            revert DataRegistry_WrongRoot(collection, root);
        }
    }

    // Asking

    /// @inheritdoc IRegistry
    function registrantOf(bytes32 collection) external view returns (address) {
        return _collections[collection].provider();
    }

    /// @inheritdoc IRegistry
    function payeeOf(bytes32 collection, address) public view returns (bytes32) {
        return Payees.named(_payees[collection], _collections[collection].provider());
    }

    /// @inheritdoc IDataRegistry
    function status(bytes32 collection) public view returns (Status memory) {
        Record record = _record(collection);
        TermsRecord storage terms = _terms[record.terms()];
        uint64 endsAt = terms.validUntil == 0 || terms.validUntil == type(uint64).max ? 0 : terms.validUntil + 1;
        uint40 revokedAt = uint40(record.revokedAt());
        if (revokedAt != 0) {
            uint64 noticed = uint64(revokedAt) + terms.noticeSeconds;
            if (endsAt == 0 || noticed < endsAt) endsAt = noticed;
        }
        return Status(record.provider(), uint40(record.registeredAt()), revokedAt, endsAt, terms.id);
    }

    /// @inheritdoc IDataRegistry
    function contains(bytes32 collection, bytes32 root, bytes32 commitment, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleProof.verifyCalldata(proof, root, Ids.item(_open(collection, root), commitment));
    }

    /// @inheritdoc IDataRegistry
    function wasUsable(bytes32 collection, uint256 when) external view returns (bool) {
        Status memory known = status(collection);
        return known.registeredAt <= when && (known.endsAt == 0 || when < known.endsAt);
    }

    /// @inheritdoc IDataRegistry
    function mayUse(bytes32 collection, address user, uint256 use) external view returns (bool) {
        bytes32[] memory one = new bytes32[](1);
        one[0] = collection;
        // Through the outside, so that there is one set of rules and a hostile gate cannot make this revert.
        try this.authorise(one, user, use, block.timestamp) returns (Grant[] memory, uint256) {
            return true;
        } catch {
            return false;
        }
    }

    /// @inheritdoc IDataRegistry
    function authorise(bytes32[] calldata collections, address user, uint256 use, uint256 when)
        external
        view
        returns (Grant[] memory grants, uint256 allowed)
    {
        grants = new Grant[](collections.length);
        allowed = Uses.ALL;
        uint256 terms;
        TermsHead head;
        for (uint256 i; i < collections.length; ++i) {
            bytes32 collection;
            // In bounds, and so is `grants[i]` below: a model of a thousand collections comes by a thousand times.
            assembly ("memory-safe") {
                collection := calldataload(add(collections.offset, shl(5, i)))
            }
            Record record = _record(collection);
            // Many collections share terms; those that follow each other are read and judged once.
            if (record.terms() != terms) {
                terms = record.terms();
                head = _terms[terms].head;
                _checkTerms(terms, head, head.uses(), use, when);
                allowed &= head.uses();
            }
            address provider = record.provider();
            _checkTime(collection, record, when);
            Gates.check(head.gate(), address(this), collection, provider, user, use);
            Grant grant = grantOf(provider, head.royaltyBps(), head.floorBps());
            assembly ("memory-safe") {
                mstore(add(add(grants, 0x20), shl(5, i)), grant)
            }
        }
    }

    function _checkTime(bytes32 collection, Record record, uint256 when) private view {
        uint256 registeredAt = record.registeredAt();
        if (registeredAt > when) revert DataRegistry_NotRegisteredThen(collection, registeredAt, when);
        uint256 revokedAt = record.revokedAt();
        if (revokedAt == 0) return;
        uint256 endsAt = revokedAt + _terms[record.terms()].noticeSeconds;
        if (when >= endsAt) revert DataRegistry_ConsentRevoked(collection, revokedAt, endsAt);
    }

    // Selling licences

    /// @inheritdoc IDataRegistry
    function sureUntil(bytes32 collection) external view returns (uint256 until) {
        Record record = _collections[collection];
        if (Record.unwrap(record) == 0 || record.revokedAt() != 0) return 0;
        TermsRecord storage terms = _terms[record.terms()];
        uint256 notice = terms.noticeSeconds;
        // Revoked right now, it holds to the second before the notice is over.
        until = notice == Notice.NEVER ? type(uint256).max : block.timestamp + notice - 1;
        uint256 validUntil = terms.validUntil;
        if (validUntil != 0 && validUntil < until) return validUntil;
    }
}
