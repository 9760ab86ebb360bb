// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One condition of a conditional transfer.
struct Condition {
    /// The contract that is asked (`ICondition`).
    address check;
    /// What it is asked; each contract says what it means. At most 16,384 bytes in all conditions of a schedule together.
    bytes data;
}

/// @notice What a rights token's holder agreed to. Its hash is `scheduleId`:
/// `keccak256(abi.encode(block.chainid, address(RightsToken), schedule))`.
struct Schedule {
    uint256 tokenId;
    /// How many schedules of the token there were before.
    uint64 nonce;
    address holder;
    address beneficiary;
    /// As they are from the moment of scheduling on (`ICondition.start`).
    Condition[] conditions;
    /// Last second before it may lapse.
    uint64 deadline;
}
