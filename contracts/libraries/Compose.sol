// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Grant} from "../types/Grant.sol";
import {Ancestor, Collection} from "../types/Sources.sol";
import {Ids} from "./Ids.sol";
import {SumTree} from "./SumTree.sol";

/// @notice Composes the splits of models and batches, the one way for both registries, so that nobody can get it
/// wrong or leave somebody out. Shares are parts per million of gross.
library Compose {
    using SumTree for SumTree.Nodes;

    uint256 internal constant WHOLE = 1_000_000;
    uint256 internal constant MAX_ANCESTRY = 256;
    /// Keeps every leaf (at most 10,000 times the weight) and every sum below 2^96.
    uint256 internal constant MAX_WEIGHT = 1 << 82;

    error Compose_NoWeight(bytes32 collection);
    /// A weight, or the total that was said, is wrong.
    error Compose_HeavierThanAll(bytes32 collection, uint256 weight, uint256 totalWeight);
    error Compose_CollectionsNotAscending(bytes32 last, bytes32 next);
    error Compose_TooManyAncestors(uint256 count);
    /// What data, ancestors and the model itself ask is more than everything: some source must be left out.
    error Compose_LeviesExceedGross(uint256 partsPerMillion);

    /// @notice One part's subtrees, or the whole trees over all parts.
    struct Trees {
        bytes32 manifest;
        uint256 weight;
        bytes32 data;
        uint256 shares;
    }

    /// @notice Sum of the weights. Only `part` sees whether it wrapped around: then one weighs more than all.
    function weigh(Collection[] calldata collections) internal pure returns (uint256 weight) {
        assembly ("memory-safe") {
            let from := add(collections.offset, 0x40)
            for { let end := add(from, mul(collections.length, 0x60)) } lt(from, end) { from := add(from, 0x60) } {
                weight := add(weight, calldataload(from))
            }
        }
    }

    /// @notice The subtrees of one part of at most 1,024 collections.
    /// @dev Leaves of the data split are `max(weight × royaltyBps, floorBps × totalWeight)`: pro rata by declared
    /// use, with a floor that no other source's weight can dilute. Zero leaves are left out.
    /// @param grants One for each collection.
    /// @param last The ID before the part, zero at the start.
    /// @param totalWeight Of all parts together, below `MAX_WEIGHT`.
    function part(
        Collection[] calldata collections,
        Grant[] memory grants,
        address dataRegistry,
        bytes32 last,
        uint256 totalWeight
    ) internal pure returns (Trees memory trees) {
        uint256 count = collections.length;
        if (count == 0) return trees;
        SumTree.Nodes used = SumTree.alloc(count);
        SumTree.Nodes paid = SumTree.alloc(count);
        for (uint256 i; i < count; ++i) {
            (bytes32 id, bytes32 items, uint256 weight, Grant grant) = _at(collections, grants, i);
            if (id <= last) revert Compose_CollectionsNotAscending(last, id);
            last = id;
            if (weight == 0) revert Compose_NoWeight(id);
            if (weight > totalWeight) revert Compose_HeavierThanAll(id, weight, totalWeight);
            used.push(items, weight);
            uint256 share = _shares(grant, weight, totalWeight);
            if (share != 0) paid.push(SumTree.leaf(Ids.subject(dataRegistry, id), share), share);
        }
        // Also keeps the sum below 2^96.
        _withinGross(paid.total(), totalWeight);
        if (paid.total() != 0) (trees.data, trees.shares) = paid.root();
        (trees.manifest, trees.weight) = used.root();
    }

    /// @dev Without the compiler's checks of each index and value: `i` is below both lengths, and weights are compared.
    function _at(Collection[] calldata collections, Grant[] memory grants, uint256 i)
        private
        pure
        returns (bytes32 id, bytes32 items, uint256 weight, Grant grant)
    {
        assembly ("memory-safe") {
            let from := add(collections.offset, mul(i, 0x60))
            id := calldataload(from)
            items := calldataload(add(from, 0x20))
            weight := calldataload(add(from, 0x40))
            grant := mload(add(add(grants, 0x20), shl(5, i)))
        }
    }

    function _shares(Grant grant, uint256 weight, uint256 totalWeight) private pure returns (uint256 shares) {
        // 16 bits of basis points, and weights of at most 82.
        unchecked {
            shares = weight * grant.royaltyBps();
            uint256 floor = totalWeight * grant.floorBps();
            if (floor > shares) shares = floor;
        }
    }

    /// @return data What the shares are of the gross, in parts per million, rounded up.
    function _withinGross(uint256 shares, uint256 weight) private pure returns (uint256 data) {
        data = (100 * shares + weight - 1) / weight;
        if (data > WHOLE) revert Compose_LeviesExceedGross(data);
    }

    /// @notice The trees over all parts. A part in which nobody asks anything is left out of the data split.
    function join(Trees[] memory parts) internal pure returns (Trees memory whole) {
        uint256 count = parts.length;
        if (count == 1) return parts[0];
        if (count == 0) return whole;
        SumTree.Nodes used = SumTree.alloc(count);
        SumTree.Nodes paid = SumTree.alloc(count);
        for (uint256 i; i < count; ++i) {
            used.push(parts[i].manifest, parts[i].weight);
            if (parts[i].shares != 0) paid.push(parts[i].data, parts[i].shares);
        }
        _withinGross(paid.total(), used.total());
        if (paid.total() != 0) (whole.data, whole.shares) = paid.root();
        (whole.manifest, whole.weight) = used.root();
    }

    /// @notice The data split (salt zero: equal ones share one account) and what it is of the gross, rounded up.
    function dataSplit(Trees memory trees) internal pure returns (bytes32 key, uint256 data) {
        if (trees.shares == 0) return (0, 0);
        data = _withinGross(trees.shares, trees.weight);
        // A sum tree's total is below 2^96.
        key = Ids.split(trees.data, uint96(trees.shares), 0);
    }

    /// @notice What a model asks of all that rests on it: its data's part and its developer's.
    function ownSplit(bytes32 model, bytes32 dataKey, uint256 data, bytes32 payee, uint256 ask)
        internal
        pure
        returns (bytes32)
    {
        if (data + ask == 0) return 0;
        SumTree.Nodes leaves = SumTree.alloc(2);
        _add(leaves, dataKey, data);
        _add(leaves, payee, ask);
        return _split(leaves, model);
    }

    /// @notice The split of money paid to a model or batch: data, each distinct ancestor's own split, the rest.
    /// @param ancestry Without the model itself.
    /// @param ownSplits One for each of `ancestry`.
    function split(
        bytes32 id,
        bytes32 dataKey,
        uint256 data,
        Ancestor[] memory ancestry,
        bytes32[] memory ownSplits,
        bytes32 rest
    ) internal pure returns (bytes32) {
        SumTree.Nodes leaves = SumTree.alloc(ancestry.length + 2);
        uint256 asked = _add(leaves, dataKey, data);
        for (uint256 i; i < ancestry.length; ++i) {
            asked += _add(leaves, ownSplits[i], ancestry[i].own);
        }
        if (asked > WHOLE) revert Compose_LeviesExceedGross(asked);
        _add(leaves, rest, WHOLE - asked);
        return _split(leaves, id);
    }

    /// @notice Two ascending lists as one, each model once, so that a base is paid once however many paths lead to it.
    function unite(Ancestor[] memory a, Ancestor[] memory b) internal pure returns (Ancestor[] memory all) {
        all = new Ancestor[](a.length + b.length);
        uint256 i;
        uint256 j;
        uint256 count;
        while (i < a.length && j < b.length) {
            if (a[i].model < b[j].model) {
                all[count++] = a[i++];
            } else {
                if (a[i].model == b[j].model) ++i;
                all[count++] = b[j++];
            }
        }
        while (i < a.length) all[count++] = a[i++];
        while (j < b.length) all[count++] = b[j++];
        if (count > MAX_ANCESTRY) revert Compose_TooManyAncestors(count);
        assembly ("memory-safe") {
            mstore(all, count)
        }
    }

    function total(Ancestor[] memory ancestry) internal pure returns (uint256 asked) {
        for (uint256 i; i < ancestry.length; ++i) {
            asked += ancestry[i].own;
        }
    }

    function _add(SumTree.Nodes leaves, bytes32 payee, uint256 shares) private pure returns (uint256) {
        if (shares != 0) leaves.push(SumTree.leaf(payee, shares), shares);
        return shares;
    }

    function _split(SumTree.Nodes leaves, bytes32 salt) private pure returns (bytes32) {
        (bytes32 hash, uint96 sum) = leaves.root();
        return Ids.split(hash, sum, salt);
    }
}
