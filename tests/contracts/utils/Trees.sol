// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The trees once more, written as plainly as possible from DESIGN.md, to hold the contracts against.
library SumTrees {
    struct Leaf {
        bytes32 key;
        uint96 shares;
    }

    function leafHash(Leaf memory leaf) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), leaf.key, leaf.shares));
    }

    function up(bytes32[] memory hashes, uint256[] memory sums)
        internal
        pure
        returns (bytes32[] memory upHashes, uint256[] memory upSums)
    {
        uint256 count = (hashes.length + 1) / 2;
        upHashes = new bytes32[](count);
        upSums = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint256 left = 2 * i;
            if (left + 1 == hashes.length) {
                (upHashes[i], upSums[i]) = (hashes[left], sums[left]);
            } else {
                upHashes[i] = keccak256(
                    abi.encodePacked(
                        bytes1(0x02), hashes[left], uint96(sums[left]), hashes[left + 1], uint96(sums[left + 1])
                    )
                );
                upSums[i] = sums[left] + sums[left + 1];
            }
        }
    }

    function nodes(Leaf[] memory leaves) internal pure returns (bytes32[] memory hashes, uint256[] memory sums) {
        hashes = new bytes32[](leaves.length);
        sums = new uint256[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            (hashes[i], sums[i]) = (leafHash(leaves[i]), leaves[i].shares);
        }
    }

    function rootOf(bytes32[] memory hashes, uint256[] memory sums) internal pure returns (bytes32, uint256) {
        while (hashes.length > 1) (hashes, sums) = up(hashes, sums);
        return (hashes[0], sums[0]);
    }

    function root(Leaf[] memory leaves) internal pure returns (bytes32, uint256) {
        (bytes32[] memory hashes, uint256[] memory sums) = nodes(leaves);
        return rootOf(hashes, sums);
    }

    function proof(Leaf[] memory leaves, uint256 index) internal pure returns (bytes memory path, uint256 side) {
        return proof(leaves, 0, index);
    }

    /// @notice Of the node with this index, `levels` above the leaves.
    function proof(Leaf[] memory leaves, uint256 levels, uint256 index)
        internal
        pure
        returns (bytes memory path, uint256 side)
    {
        (bytes32[] memory hashes, uint256[] memory sums) = nodes(leaves);
        for (; levels > 0; --levels) {
            (hashes, sums) = up(hashes, sums);
        }
        uint256 level;
        while (hashes.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < hashes.length) {
                path = abi.encodePacked(path, hashes[sibling], uint96(sums[sibling]));
                if (sibling < index) side |= 1 << level;
                ++level;
            }
            (hashes, sums) = up(hashes, sums);
            index /= 2;
        }
    }

    /// @notice root ‖ total ‖ salt.
    function opening(Leaf[] memory leaves, bytes32 salt) internal pure returns (bytes memory) {
        (bytes32 hash, uint256 total) = root(leaves);
        return abi.encodePacked(hash, uint96(total), salt);
    }

    function key(bytes memory splitOpening) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x03), splitOpening));
    }
}

/// @notice OpenZeppelin's `SimpleMerkleTree` as its library builds it: one array, the root first.
library IdTrees {
    function tree(bytes32[] memory ids) internal pure returns (bytes32[] memory nodes) {
        nodes = new bytes32[](2 * ids.length - 1);
        for (uint256 i; i < ids.length; ++i) {
            nodes[nodes.length - 1 - i] = ids[i];
        }
        for (uint256 i = nodes.length - ids.length; i > 0; --i) {
            (bytes32 a, bytes32 b) = (nodes[2 * i - 1], nodes[2 * i]);
            nodes[i - 1] = a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
        }
    }

    function root(bytes32[] memory ids) internal pure returns (bytes32) {
        return tree(ids)[0];
    }

    function proof(bytes32[] memory ids, uint256 index) internal pure returns (bytes32[] memory path) {
        bytes32[] memory nodes = tree(ids);
        path = new bytes32[](64);
        uint256 length;
        for (uint256 spot = nodes.length - 1 - index; spot > 0; spot = (spot - 1) / 2) {
            path[length++] = nodes[spot % 2 == 1 ? spot + 1 : spot - 1];
        }
        assembly ("memory-safe") {
            mstore(path, length)
        }
    }

    /// @notice That all of `some` are in the tree, in the order of `ids`; flags as bits, 256 a word.
    function multiproof(bytes32[] memory ids, bytes32[] memory some)
        internal
        pure
        returns (bytes32[] memory path, uint256[] memory flags)
    {
        bytes32[] memory nodes = tree(ids);
        bool[] memory known = new bool[](nodes.length);
        uint256 found;
        for (uint256 i; i < ids.length && found < some.length; ++i) {
            if (ids[i] != some[found]) continue;
            known[nodes.length - 1 - i] = true;
            ++found;
        }
        path = new bytes32[](64 * some.length);
        flags = new uint256[](some.length / 4 + 1);
        uint256 length;
        uint256 step;
        // From the last pair of the array to the first: that is the order in which the queue comes to them.
        for (uint256 right = nodes.length - 1; right > 1; right -= 2) {
            if (!known[right] && !known[right - 1]) continue;
            if (known[right] && known[right - 1]) flags[step / 256] |= 1 << (step % 256);
            else path[length++] = nodes[known[right] ? right - 1 : right];
            known[(right - 1) / 2] = true;
            ++step;
        }
        assembly ("memory-safe") {
            mstore(path, length)
        }
    }
}
