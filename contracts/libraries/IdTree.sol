// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The tree of a collection or batch: OpenZeppelin's SimpleMerkleTree over strictly ascending IDs.
library IdTree {
    /// A slice's IDs fit the 131,072 bytes of transaction that public mempools accept.
    uint256 internal constant SLICE = 4000;

    error IdTree_Empty();
    error IdTree_TooMany(uint256 count, uint256 most);
    /// The ID of `commitments[index]` is not greater than the one before: sort by ID, drop duplicates.
    error IdTree_NotAscending(uint256 index);

    /// @notice Root of one slice, its IDs derived with `registrant`, so that nobody can commit others' IDs.
    /// @dev The tree is a queue from which two are taken and their hash appended until one is left. The queue lives
    /// in a ring of n words: the k-th hash goes where the k-th word was, which has been read by then. Nothing is
    /// allocated; the words lie beyond the free memory pointer.
    function root(address registrant, bytes32[] calldata commitments) internal pure returns (bytes32 result) {
        uint256 count = commitments.length;
        if (count == 0) revert IdTree_Empty();
        if (count > SLICE) revert IdTree_TooMany(count, SLICE);
        uint256 bad;
        assembly ("memory-safe") {
            let base := mload(0x40)
            let end := add(base, shl(5, count))
            let from := commitments.offset
            let last := 0
            // 0x01 ‖ registrant ‖ commitment, 53 bytes in the scratch space.
            mstore(0x00, or(shl(248, 1), shr(8, shl(96, registrant))))
            for { let to := base } lt(to, end) { to := add(to, 0x20) } {
                calldatacopy(0x15, from, 0x20)
                from := add(from, 0x20)
                let id := keccak256(0x00, 0x35)
                if iszero(gt(id, last)) {
                    bad := add(1, shr(5, sub(to, base)))
                    break
                }
                mstore(to, id)
                last := id
            }
            let read := base
            let write := base
            let tail := sub(end, 0x20)
            for {} lt(write, tail) { write := add(write, 0x20) } {
                let a := mload(read)
                read := add(read, 0x20)
                if eq(read, end) { read := base }
                let b := mload(read)
                read := add(read, 0x20)
                if eq(read, end) { read := base }
                switch lt(a, b)
                case 0 {
                    mstore(0x00, b)
                    mstore(0x20, a)
                }
                default {
                    mstore(0x00, a)
                    mstore(0x20, b)
                }
                mstore(write, keccak256(0x00, 0x40))
            }
            result := mload(read)
        }
        if (bad != 0) revert IdTree_NotAscending(bad - 1);
    }
}
