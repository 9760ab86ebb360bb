// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Grant} from "../types/Grant.sol";
import {Ancestor, Collection} from "../types/Sources.sol";
import {Ids} from "./Ids.sol";
import {SumTree} from "./SumTree.sol";

/// @notice Composes the splits of models and batches, the one way for both registries, so that nobody can get it
/// wrong or leave somebody out. Shares are parts per million of gross.
library Compose {
    uint256 internal constant WHOLE = 1_000_000;
    uint256 internal constant MAX_ANCESTRY = 256;
    /// Keeps every leaf (at most 10,000 times the weight) and every sum below 2^96.
    uint256 internal constant MAX_WEIGHT = 1 << 82;

    error Compose_NoWeight(bytes32 collection);
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

    /// @notice The subtrees of one part of at most 1,024 collections.
    /// @dev Leaves of the data split are `max(weight × royaltyBps, floorBps × totalWeight)`: pro rata by declared
    /// use, with a floor that no other source's weight can dilute. Zero leaves are left out.
    /// @param last The ID before the part, zero at the start.
    /// @param totalWeight Of all parts together.
    function part(
        Collection[] calldata collections,
        Grant[] memory grants,
        address dataRegistry,
        bytes32 last,
        uint256 totalWeight
    ) internal pure returns (Trees memory trees) {
        uint256 count = collections.length;
        if (count == 0) return trees;
        bytes32[] memory hashes = new bytes32[](count);
        uint256[] memory sums = new uint256[](count);
        uint256 paid;
        uint256 asked;
        // At most 1,024 sums of 112 bits.
        unchecked {
            for (uint256 i; i < count; ++i) {
                Collection calldata collection = collections[i];
                bytes32 id = collection.id;
                uint256 weight = collection.weight;
                if (id <= last) revert Compose_CollectionsNotAscending(last, id);
                if (weight == 0) revert Compose_NoWeight(id);
                last = id;
                uint256 share = _shares(grants[i], weight, totalWeight);
                if (share == 0) continue;
                hashes[paid] = SumTree.leaf(Ids.subject(dataRegistry, id), share);
                sums[paid] = share;
                asked += share;
                ++paid;
            }
        }
        // Also keeps the sum below 2^96.
        _withinGross(asked, totalWeight);
        if (paid != 0) (trees.data, trees.shares) = SumTree.root(hashes, sums, paid);
        _copy(collections, hashes, sums);
        (trees.manifest, trees.weight) = SumTree.root(hashes, sums, count);
    }

    function _shares(Grant grant, uint256 weight, uint256 totalWeight) private pure returns (uint256 shares) {
        // 16 bits of basis points, and weights of at most 96.
        unchecked {
            shares = weight * grant.royaltyBps();
            uint256 floor = totalWeight * grant.floorBps();
            if (floor > shares) shares = floor;
        }
    }

    /// @dev `hashes[i] = collections[i].items` and `sums[i] = collections[i].weight`.
    function _copy(Collection[] calldata collections, bytes32[] memory hashes, uint256[] memory sums) private pure {
        assembly ("memory-safe") {
            let from := add(collections.offset, 0x20)
            let to := 0x20
            for { let end := add(to, shl(5, collections.length)) } lt(to, end) { to := add(to, 0x20) } {
                mstore(add(hashes, to), calldataload(from))
                mstore(add(sums, to), calldataload(add(from, 0x20)))
                from := add(from, 0x60)
            }
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
        bytes32[] memory hashes = new bytes32[](count);
        uint256[] memory sums = new uint256[](count);
        uint256 paid;
        for (uint256 i; i < count; ++i) {
            if (parts[i].shares == 0) continue;
            (hashes[paid], sums[paid]) = (parts[i].data, parts[i].shares);
            ++paid;
        }
        uint256 shares;
        uint256 weight;
        for (uint256 i; i < count; ++i) {
            shares += parts[i].shares;
            weight += parts[i].weight;
        }
        _withinGross(shares, weight);
        if (paid != 0) (whole.data, whole.shares) = SumTree.root(hashes, sums, paid);
        for (uint256 i; i < count; ++i) {
            (hashes[i], sums[i]) = (parts[i].manifest, parts[i].weight);
        }
        (whole.manifest, whole.weight) = SumTree.root(hashes, sums, count);
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
        Leaves memory leaves = _leaves(2);
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
        Leaves memory leaves = _leaves(ancestry.length + 2);
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

    struct Leaves {
        bytes32[] hashes;
        uint256[] sums;
        uint256 count;
    }

    function _leaves(uint256 most) private pure returns (Leaves memory) {
        return Leaves(new bytes32[](most), new uint256[](most), 0);
    }

    function _add(Leaves memory leaves, bytes32 payee, uint256 shares) private pure returns (uint256) {
        if (shares != 0) {
            leaves.hashes[leaves.count] = SumTree.leaf(payee, shares);
            leaves.sums[leaves.count] = shares;
            ++leaves.count;
        }
        return shares;
    }

    function _split(Leaves memory leaves, bytes32 salt) private pure returns (bytes32) {
        (bytes32 hash, uint96 sum) = SumTree.root(leaves.hashes, leaves.sums, leaves.count);
        return Ids.split(hash, sum, salt);
    }
}
