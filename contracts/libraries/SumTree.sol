// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The Merkle sum tree: every node hashes the sums of both children, so that the intervals of two leaves
/// cannot overlap whatever its author says. Splits and manifests are such trees.
library SumTree {
    /// A node of `part` leaves (a power of two) can stand for them in an upper tree.
    uint256 internal constant PART = 1024;
    uint256 internal constant MAX_LEVELS = 64;
    /// Of a path, 44 bytes a level.
    uint256 private constant LONGEST = 2816;

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

    /// @notice Nodes of a level, left to right: where in memory they are.
    /// @dev next free place ‖ sum of all ‖ a byte for the prefix ‖ nodes of 44 bytes (hash, uint96 sum), so that two that
    /// stand side by side are, with the prefix before them, what their parent hashes.
    type Nodes is uint256;

    /// Bytes before the first node, and what storing the last one writes past it.
    uint256 private constant HEAD = 65;
    uint256 private constant TAIL = 20;

    /// @notice Room for `most` nodes, none yet.
    function alloc(uint256 most) internal pure returns (Nodes nodes) {
        assembly ("memory-safe") {
            nodes := mload(0x40)
            mstore(nodes, add(nodes, HEAD))
            mstore(add(nodes, 32), 0)
            mstore(0x40, and(add(add(nodes, add(HEAD, TAIL)), add(mul(most, 44), 31)), not(31)))
        }
    }

    /// @notice One more node, a leaf or the root of a subtree, for which there must be room.
    function push(Nodes nodes, bytes32 hash, uint256 sum) internal pure {
        // Both ends in one comparison; a sum of more than 96 bits could make the total wrap around.
        unchecked {
            if (sum - 1 >= type(uint96).max) _refuse(sum);
        }
        assembly ("memory-safe") {
            let next := mload(nodes)
            mstore(next, hash)
            mstore(add(next, 32), shl(160, sum))
            mstore(nodes, add(next, 44))
            mstore(add(nodes, 32), add(mload(add(nodes, 32)), sum))
        }
    }

    function _refuse(uint256 sum) private pure {
        if (sum == 0) revert SumTree_NoShares();
        revert SumTree_TooLarge(sum);
    }

    /// @notice Sum of all nodes.
    function total(Nodes nodes) internal pure returns (uint256 sum) {
        assembly ("memory-safe") {
            sum := mload(add(nodes, 32))
        }
    }

    /// @notice Root of the tree over the nodes; uses them up.
    /// @dev Levels are paired left to right; an odd last node is promoted unchanged.
    function root(Nodes nodes) internal pure returns (bytes32 hash, uint96) {
        uint256 sum = total(nodes);
        if (sum == 0) revert SumTree_NoShares();
        if (sum > type(uint96).max) revert SumTree_TooLarge(sum);
        assembly ("memory-safe") {
            let first := add(nodes, HEAD)
            for { let count := div(sub(mload(nodes), first), 44) } gt(count, 1) { count := shr(1, add(count, 1)) } {
                let from := first
                let to := first
                for { let end := add(from, mul(88, shr(1, count))) } lt(from, end) { from := add(from, 88) } {
                    // What is before the pair is read already, and so is what the parent's place reaches into.
                    let spot := sub(from, 1)
                    mstore8(spot, 0x02)
                    let parent := add(shr(160, mload(add(from, 32))), shr(160, mload(add(from, 76))))
                    mstore(to, keccak256(spot, 89))
                    mstore(add(to, 32), shl(160, parent))
                    to := add(to, 44)
                }
                if and(count, 1) { mcopy(to, from, 44) }
            }
            hash := mload(first)
        }
        return (hash, uint96(sum));
    }

    /// @notice Climbs from the node (`hash`, `sum`), a leaf or the root of a subtree, up `path` (a 32-byte sibling hash
    /// and a 12-byte sum a level). `sum` must be below 2^96.
    /// @param side Bit i: the sibling of level i is on the left.
    /// @return top Root hash reached.
    /// @return all Root sum reached.
    /// @return lo Where the node's interval begins: the sum of everything to its left.
    function climb(bytes32 hash, uint256 sum, uint256 side, bytes calldata path)
        internal
        pure
        returns (bytes32 top, uint256 all, uint256 lo)
    {
        if (sum == 0) revert SumTree_NoShares();
        uint256 length = path.length;
        // Compared with constants only: nothing here can overflow or divide by zero.
        unchecked {
            if (length % 44 != 0 || length > LONGEST) revert SumTree_PathLength(length);
            if (side >> (length / 44) != 0) revert SumTree_Side(side);
        }
        top = hash;
        all = sum;
        assembly ("memory-safe") {
            // 0x02 ‖ left hash ‖ left sum ‖ right hash ‖ right sum, from byte 31 to 120: over the free memory pointer and the
            // zero after it, which are put back. A node's sum is written before its hash, which covers what is before it.
            let free := mload(0x40)
            mstore(0, 0x02)
            let from := path.offset
            let end := add(from, length)
            // Two levels a round, the same twice: the jump back and the shift are for both (260 gas of 20 levels).
            for {} 1 {} {
                if eq(from, end) { break }
                // Sums may grow past 96 bits here: at most 65 * 2^96, caught below, and the hash then means nothing.
                switch and(side, 1)
                case 0 {
                    mstore(44, all)
                    mstore(32, top)
                    calldatacopy(76, from, 44)
                    all := add(and(mload(88), 0xffffffffffffffffffffffff), all)
                }
                default {
                    mstore(88, all)
                    mstore(76, top)
                    calldatacopy(32, from, 44)
                    let other := and(mload(44), 0xffffffffffffffffffffffff)
                    lo := add(other, lo)
                    all := add(other, all)
                }
                top := keccak256(31, 89)
                from := add(44, from)
                if eq(from, end) { break }
                switch and(side, 2)
                case 0 {
                    mstore(44, all)
                    mstore(32, top)
                    calldatacopy(76, from, 44)
                    all := add(and(mload(88), 0xffffffffffffffffffffffff), all)
                }
                default {
                    mstore(88, all)
                    mstore(76, top)
                    calldatacopy(32, from, 44)
                    let other := and(mload(44), 0xffffffffffffffffffffffff)
                    lo := add(other, lo)
                    all := add(other, all)
                }
                top := keccak256(31, 89)
                from := add(44, from)
                side := shr(2, side)
            }
            mstore(0x40, free)
            mstore(0x60, 0)
        }
        if (all > type(uint96).max) revert SumTree_TooLarge(all);
    }
}
