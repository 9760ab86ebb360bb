// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The Merkle sum tree: every node hashes the sums of both children, so that the intervals of two leaves
/// cannot overlap whatever its author says. Splits and manifests are such trees.
library SumTree {
    /// A node of `part` leaves (a power of two) can stand for them in an upper tree.
    uint256 internal constant PART = 1024;
    uint256 internal constant MAX_LEVELS = 64;

    error SumTree_NoShares();
    error SumTree_PathLength(uint256 length);
    error SumTree_Side(uint256 side);
    error SumTree_TooLarge(uint256 sum);

    function leaf(bytes32 key, uint256 shares) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore8(spot, 0x00)
            mstore(add(spot, 1), key)
            mstore(add(spot, 33), shl(160, shares))
            hash := keccak256(spot, 45)
        }
    }

    function node(bytes32 left, uint256 leftSum, bytes32 right, uint256 rightSum) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore8(spot, 0x02)
            mstore(add(spot, 1), left)
            mstore(add(spot, 33), shl(160, leftSum))
            mstore(add(spot, 45), right)
            mstore(add(spot, 77), shl(160, rightSum))
            hash := keccak256(spot, 89)
        }
    }

    /// @notice Root of the tree over the first `count` nodes; overwrites them.
    /// @dev Levels are paired left to right; an odd last node is promoted unchanged.
    function root(bytes32[] memory hashes, uint256[] memory sums, uint256 count)
        internal
        pure
        returns (bytes32 hash, uint96 total)
    {
        uint256 sum;
        for (uint256 i; i < count; ++i) {
            if (sums[i] == 0) revert SumTree_NoShares();
            sum += sums[i];
        }
        if (sum > type(uint96).max) revert SumTree_TooLarge(sum);
        while (count > 1) {
            uint256 half = count / 2;
            for (uint256 i; i < half; ++i) {
                uint256 left = 2 * i;
                hashes[i] = node(hashes[left], sums[left], hashes[left + 1], sums[left + 1]);
                sums[i] = sums[left] + sums[left + 1];
            }
            if (count % 2 == 1) {
                hashes[half] = hashes[count - 1];
                sums[half] = sums[count - 1];
                ++half;
            }
            count = half;
        }
        // The sum was bounded above.
        return (hashes[0], uint96(sum));
    }

    /// @notice Walks from a leaf up `path` (a 32-byte sibling hash and a 12-byte sum a level).
    /// @param side Bit i: the sibling of level i is on the left.
    /// @return hash Root hash reached.
    /// @return total Root sum reached.
    /// @return lo Where the leaf's interval begins: the sum of everything to its left.
    function walk(bytes32 key, uint96 shares, uint256 side, bytes calldata path)
        internal
        pure
        returns (bytes32 hash, uint256 total, uint256 lo)
    {
        if (shares == 0) revert SumTree_NoShares();
        uint256 length = path.length;
        if (length % 44 != 0 || length > 44 * MAX_LEVELS) revert SumTree_PathLength(length);
        if (side >> (length / 44) != 0) revert SumTree_Side(side);
        hash = leaf(key, shares);
        total = shares;
        uint256 bits = side;
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore8(spot, 0x02)
            let from := path.offset
            for { let end := add(from, length) } lt(from, end) { from := add(from, 44) } {
                let sibling := calldataload(from)
                let sum := shr(160, calldataload(add(from, 32)))
                switch and(bits, 1)
                case 0 {
                    mstore(add(spot, 1), hash)
                    mstore(add(spot, 33), shl(160, total))
                    mstore(add(spot, 45), sibling)
                    mstore(add(spot, 77), shl(160, sum))
                }
                default {
                    mstore(add(spot, 1), sibling)
                    mstore(add(spot, 33), shl(160, sum))
                    mstore(add(spot, 45), hash)
                    mstore(add(spot, 77), shl(160, total))
                    lo := add(lo, sum)
                }
                hash := keccak256(spot, 89)
                // Left to grow past 96 bits here: at most 65 * 2^96, caught below, and the hash then means nothing.
                total := add(total, sum)
                bits := shr(1, bits)
            }
        }
        if (total > type(uint96).max) revert SumTree_TooLarge(total);
    }
}
