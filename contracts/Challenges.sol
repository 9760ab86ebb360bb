// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Falsity, IChallenges} from "./interfaces/IChallenges.sol";
import {IDataRegistry} from "./interfaces/IDataRegistry.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {Ids} from "./libraries/Ids.sol";
import {Shown} from "./libraries/Shown.sol";
import {SumTree} from "./libraries/SumTree.sol";
import {Collection, ShownSources} from "./types/Sources.sol";
import {Notice} from "./types/Terms.sol";

contract Challenges is IChallenges {
    using SumTree for SumTree.Nodes;

    IDataRegistry private immutable DATA;
    IModelRegistry private immutable MODELS;

    mapping(bytes32 model => State) private _states;

    constructor(IDataRegistry data, IModelRegistry models) {
        DATA = data;
        MODELS = models;
    }

    // Proving a manifest false

    /// @inheritdoc IChallenges
    function outOfOrder(
        bytes32 model,
        bytes32 weights,
        ShownSources calldata shown,
        uint256 source,
        Leaf calldata first,
        Leaf calldata second
    ) external {
        _judgedAt(model, weights, shown);
        Collection calldata collection = _source(shown, source);
        bool inOrder = _lo(collection, first) >= _lo(collection, second) || first.id < second.id;
        if (inOrder) revert Challenges_InOrder(first.id, second.id);
        if (_isNew(model, Falsity.OUT_OF_ORDER)) {
            emit OutOfOrder(model, collection.id, msg.sender, first.id, second.id);
        }
    }

    /// @inheritdoc IChallenges
    function revokedItem(
        bytes32 model,
        bytes32 weights,
        ShownSources calldata shown,
        uint256 source,
        Leaf calldata leaf
    ) external {
        uint256 judgedAt = _judgedAt(model, weights, shown);
        Collection calldata collection = _source(shown, source);
        _lo(collection, leaf);
        uint256 revokedAt = _revokedAt(leaf.id);
        if (revokedAt == 0 || !_hadEffect(revokedAt, _notice(DATA.status(collection.id).termsId), judgedAt)) {
            revert Challenges_NotRevoked(leaf.id);
        }
        if (_isNew(model, Falsity.REVOKED_ITEM)) {
            emit RevokedItem(model, collection.id, msg.sender, leaf.id, uint40(revokedAt));
        }
    }

    function _source(ShownSources calldata shown, uint256 source) private pure returns (Collection calldata) {
        uint256 count = shown.collections.length;
        if (source >= count) revert Challenges_NoSuchSource(source, count);
        return shown.collections[source];
    }

    /// @dev Where the leaf's interval begins in the collection.
    function _lo(Collection calldata collection, Leaf calldata leaf) private pure returns (uint256 lo) {
        bytes32 root;
        uint256 total;
        (root, total, lo) = SumTree.climb(SumTree.leaf(leaf.id, leaf.weight), leaf.weight, leaf.side, leaf.path);
        if (root != collection.items || total != collection.weight) {
            revert Challenges_NotInManifest(collection.id, root, total, lo);
        }
    }

    /// @dev Whether this was not on record; it is afterwards.
    function _isNew(bytes32 model, uint8 problem) private returns (bool) {
        State storage state = _states[model];
        if (state.problems & problem != 0) return false;
        if (state.problems == 0) state.challengedAt = uint40(block.timestamp);
        state.problems |= problem;
        return true;
    }

    // Checking a manifest

    /// @inheritdoc IChallenges
    function checkManifest(bytes32 model, bytes32 weights, ShownSources calldata shown, Slice[] calldata slices)
        external
    {
        uint256 judgedAt = _judgedAt(model, weights, shown);
        State memory state = _states[model];
        if (state.problems != 0) revert Challenges_ProvenFalse(model, state.problems);
        if (!_walk(state, shown, slices, judgedAt)) return;
        if (state.part == shown.parts.length) {
            state.checkedAt = uint40(block.timestamp);
            emit ManifestChecked(model, msg.sender);
        }
        _states[model] = state;
    }

    /// @dev Whether it went on at all.
    function _walk(State memory state, ShownSources calldata shown, Slice[] calldata slices, uint256 judgedAt)
        private
        view
        returns (bool moved)
    {
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        for (uint256 i; i < slices.length; ++i) {
            Slice calldata slice = slices[i];
            uint256 place = _place(shown.part, slice.source, slice.lo);
            uint256 next = _place(state.part, state.source, state.lo);
            if (place > next) revert Challenges_NotNext(state.part, state.source, state.lo);
            if (place < next) {
                // Walked before; or it begins there and ends further on: then it is walked again from its beginning, and
                // holds in its own order what was last.
                bool sameSource = place >> 96 == next >> 96;
                if (!sameSource || slice.lo + _sum(slice.leaves) <= state.lo) continue;
                state.last = 0;
            }
            _step(state, _source(shown, slice.source), slice, judgedAt);
            if (state.lo == shown.collections[slice.source].weight) _leave(state, shown.collections.length);
            moved = true;
            // Nothing of a slice is needed after it, and memory that grows costs its square.
            assembly ("memory-safe") {
                mstore(0x40, free)
            }
        }
    }

    /// @dev What the leaves weigh, as they are given.
    function _sum(bytes calldata leaves) private pure returns (uint256 sum) {
        assembly ("memory-safe") {
            let from := add(leaves.offset, 32)
            for { let end := add(from, leaves.length) } lt(from, end) { from := add(from, 44) } {
                sum := add(sum, shr(160, calldataload(from)))
            }
        }
    }

    /// @dev The collection is walked to its end.
    function _leave(State memory state, uint256 count) private pure {
        (state.lo, state.last) = (0, 0);
        if (++state.source == count) (state.source, state.part) = (0, state.part + 1);
    }

    /// @dev Places in the order in which they are walked.
    function _place(uint256 part, uint256 source, uint256 lo) private pure returns (uint256) {
        return part << 128 | source << 96 | lo;
    }

    function _step(State memory state, Collection calldata collection, Slice calldata slice, uint256 judgedAt)
        private
        view
    {
        IDataRegistry.Status memory known = DATA.status(collection.id);
        bytes32[] memory ids = _ids(known.provider, slice.leaves, state.last);
        (bytes32 node, uint256 sum) = _node(ids, slice.leaves);
        _under(collection, slice, node, sum);
        _members(collection.id, known, slice, ids);
        _standing(ids, known.termsId, judgedAt);
        state.lo = slice.lo + uint96(sum);
        state.last = ids[ids.length - 1];
    }

    /// @dev Reverts with the first whose revocation had taken effect. The notice is the same for all, so it is asked once, and
    /// only where something is revoked at all: no item costs more than another.
    function _standing(bytes32[] memory ids, bytes32 termsId, uint256 judgedAt) private view {
        uint256 notice; // an item's is never zero
        unchecked {
            for (uint256 i; i < ids.length; ++i) {
                uint256 revokedAt = _revokedAt(ids[i]);
                if (revokedAt == 0) continue;
                if (notice == 0) notice = _notice(termsId);
                if (_hadEffect(revokedAt, notice, judgedAt)) revert Challenges_Revoked(ids[i], revokedAt);
            }
        }
    }

    /// @dev The IDs, derived with the provider, so that neither another's item nor a node inside the collection's tree can
    /// pass for one; strictly ascending from `last` on.
    function _ids(address provider, bytes calldata leaves, bytes32 last) private pure returns (bytes32[] memory ids) {
        uint256 count = leaves.length / 44;
        if (count == 0 || leaves.length % 44 != 0) revert Challenges_LeavesLength(leaves.length);
        ids = new bytes32[](count);
        uint256 bad;
        assembly ("memory-safe") {
            let from := leaves.offset
            // 0x01 ‖ provider ‖ commitment, 53 bytes in the scratch space.
            mstore(0x00, or(shl(248, 1), shr(8, shl(96, provider))))
            let to := add(ids, 0x20)
            for { let end := add(to, shl(5, count)) } lt(to, end) { to := add(to, 0x20) } {
                calldatacopy(0x15, from, 0x20)
                from := add(from, 44)
                let id := keccak256(0x00, 0x35)
                mstore(to, id)
                if iszero(gt(id, last)) {
                    bad := id
                    break
                }
                last := id
            }
        }
        if (bad != 0) revert Challenges_NotAscending(last, bytes32(bad));
    }

    /// @dev The node whose leaves these are.
    function _node(bytes32[] memory ids, bytes calldata leaves) private pure returns (bytes32 node, uint256 sum) {
        SumTree.Nodes nodes = SumTree.alloc(ids.length);
        // Of the leaf i the weight is at 44 i + 32.
        uint256 from;
        assembly {
            from := add(leaves.offset, 32)
        }
        for (uint256 i; i < ids.length; ++i) {
            uint256 weight;
            assembly {
                weight := shr(160, calldataload(from))
                from := add(from, 44)
            }
            nodes.push(SumTree.leaf(ids[i], weight), weight);
        }
        return nodes.root();
    }

    function _under(Collection calldata collection, Slice calldata slice, bytes32 node, uint256 sum) private pure {
        (bytes32 root, uint256 total, uint256 lo) = SumTree.climb(node, sum, slice.side, slice.path);
        if (root != collection.items || total != collection.weight || lo != slice.lo) {
            revert Challenges_NotInManifest(collection.id, root, total, lo);
        }
        // Leaves without weight would stand under a sibling that weighs nothing, and nobody could walk them.
        bytes calldata path = slice.path;
        for (uint256 i = 32; i < path.length; i += 44) {
            if (bytes12(path[i:i + 12]) == 0) revert SumTree.SumTree_NoShares();
        }
    }

    function _members(bytes32 collection, IDataRegistry.Status memory known, Slice calldata slice, bytes32[] memory ids)
        private
        pure
    {
        bool[] memory flags = _flags(slice, ids.length);
        bytes32 root = MerkleProof.processMultiProof(slice.proof, flags, ids);
        if (Ids.collection(known.provider, root, known.termsId) != collection) {
            revert Challenges_NotInCollection(collection, root);
        }
    }

    function _flags(Slice calldata slice, uint256 count) private pure returns (bool[] memory flags) {
        uint256 hashes = slice.proof.length;
        flags = new bool[](count + hashes - 1);
        uint256 unset = flags.length;
        uint256 most = slice.flags.length << 8;
        if (unset < most) most = unset;
        uint256 word;
        unchecked {
            for (uint256 i; i < most; ++i) {
                if (i & 255 == 0) word = slice.flags[i >> 8];
                if (word & 1 != 0) {
                    flags[i] = true;
                    --unset;
                }
                word >>= 1;
            }
        }
        // With this many, the multiproof never asks for more than there is.
        if (unset != hashes) revert Challenges_WrongFlags(unset, hashes);
    }

    // Both

    /// @dev When consent of the model's sources was judged; reverts unless they are the ones shown.
    function _judgedAt(bytes32 model, bytes32 weights, ShownSources calldata shown) private view returns (uint256) {
        IModelRegistry.Model memory record = MODELS.modelOf(model);
        bytes32 id = Ids.model(record.developer, weights, Shown.hash(shown), record.termsId);
        if (id != model || !Shown.partIsTrue(shown)) revert Challenges_SourcesNotShown(model);
        if (shown.parts.length == 0) revert Challenges_NoManifest(model);
        return record.judgedAt;
    }

    /// @dev The one rule of what a manifest must not declare: an item whose revocation had taken effect at `judgedAt`.
    function _hadEffect(uint256 revokedAt, uint256 notice, uint256 judgedAt) private pure returns (bool) {
        return revokedAt + notice <= judgedAt;
    }

    /// @dev An item has a notice of its own where the terms have a shorter one, so that its provider cannot make a model
    /// false that is on its way.
    function _notice(bytes32 termsId) private view returns (uint256) {
        return Notice.ofItem(DATA.termsOf(termsId).noticeSeconds);
    }

    /// @dev Zero when it is not.
    function _revokedAt(bytes32 id) private view returns (uint256 revokedAt) {
        // `DATA.itemRevokedAt(id)`, in the scratch space: it is asked once for every item.
        address data = address(DATA);
        bytes4 selector = IDataRegistry.itemRevokedAt.selector;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, id)
            // A getter reverts only where the gas runs out.
            if iszero(staticcall(gas(), data, 0x00, 0x24, 0x00, 0x20)) { revert(0x00, 0x00) } // unreachable: in a test
            revokedAt := mload(0x00)
        }
    }

    // Asking

    /// @inheritdoc IChallenges
    function stateOf(bytes32 model) external view returns (State memory) {
        return _states[model];
    }
}
