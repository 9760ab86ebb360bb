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

    /// @notice Root of the tree over the first `count` nodes; overwrites them.
    /// @dev Levels are paired left to right; an odd last node is promoted unchanged.
    function root(bytes32[] memory hashes, uint256[] memory sums, uint256 count)
        internal
        pure
        returns (bytes32 hash, uint96 total)
    {
        if (count == 0 || count > hashes.length || count > sums.length) revert SumTree_NoShares();
        uint256 sum = _sum(sums, count);
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore8(spot, 0x02)
            for {} gt(count, 1) { count := shr(1, add(count, 1)) } {
                let fromHash := add(hashes, 0x20)
                let fromSum := add(sums, 0x20)
                let toHash := fromHash
                let toSum := fromSum
                for { let end := add(fromHash, shl(6, shr(1, count))) } lt(fromHash, end) {} {
                    let left := mload(fromSum)
                    let right := mload(add(fromSum, 0x20))
                    mstore(add(spot, 1), mload(fromHash))
                    mstore(add(spot, 33), shl(160, left))
                    mstore(add(spot, 45), mload(add(fromHash, 0x20)))
                    mstore(add(spot, 77), shl(160, right))
                    mstore(toHash, keccak256(spot, 89))
                    mstore(toSum, add(left, right))
                    fromHash := add(fromHash, 0x40)
                    fromSum := add(fromSum, 0x40)
                    toHash := add(toHash, 0x20)
                    toSum := add(toSum, 0x20)
                }
                if and(count, 1) {
                    mstore(toHash, mload(fromHash))
                    mstore(toSum, mload(fromSum))
                }
            }
            hash := mload(add(hashes, 0x20))
        }
        // The sum was bounded above.
        total = uint96(sum);
    }

    function _sum(uint256[] memory sums, uint256 count) private pure returns (uint256 sum) {
        bool zero;
        uint256 bits;
        assembly ("memory-safe") {
            let from := add(sums, 0x20)
            for { let end := add(from, shl(5, count)) } lt(from, end) { from := add(from, 0x20) } {
                let shares := mload(from)
                zero := or(zero, iszero(shares))
                bits := or(bits, shares)
                sum := add(sum, shares)
            }
        }
        if (zero) revert SumTree_NoShares();
        // With one of more than 96 bits, the sum may have wrapped around.
        if (bits > type(uint96).max) revert SumTree_TooLarge(bits);
        if (sum > type(uint96).max) revert SumTree_TooLarge(sum);
    }

    /// @notice Climbs from the node (`hash`, `sum`), a leaf or the root of a subtree, up `path` (a 32-byte sibling hash
    /// and a 12-byte sum a level). `sum` must be below 2^96.
    /// @param side Bit i: the sibling of level i is on the left.
    /// @return root_ Root hash reached.
    /// @return total Root sum reached.
    /// @return lo Where the node's interval begins: the sum of everything to its left.
    function climb(bytes32 hash, uint256 sum, uint256 side, bytes calldata path)
        internal
        pure
        returns (bytes32 root_, uint256 total, uint256 lo)
    {
        if (sum == 0) revert SumTree_NoShares();
        uint256 length = path.length;
        if (length % 44 != 0 || length > 44 * MAX_LEVELS) revert SumTree_PathLength(length);
        if (side >> (length / 44) != 0) revert SumTree_Side(side);
        root_ = hash;
        total = sum;
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore8(spot, 0x02)
            let from := path.offset
            for { let end := add(from, length) } lt(from, end) { from := add(from, 44) } {
                let sibling := calldataload(from)
                let other := shr(160, calldataload(add(from, 32)))
                switch and(side, 1)
                case 0 {
                    mstore(add(spot, 1), root_)
                    mstore(add(spot, 33), shl(160, total))
                    mstore(add(spot, 45), sibling)
                    mstore(add(spot, 77), shl(160, other))
                }
                default {
                    mstore(add(spot, 1), sibling)
                    mstore(add(spot, 33), shl(160, other))
                    mstore(add(spot, 45), root_)
                    mstore(add(spot, 77), shl(160, total))
                    lo := add(lo, other)
                }
                root_ := keccak256(spot, 89)
                // Left to grow past 96 bits here: at most 65 * 2^96, caught below, and the hash then means nothing.
                total := add(total, other)
                side := shr(1, side)
            }
        }
        if (total > type(uint96).max) revert SumTree_TooLarge(total);
    }
}
