// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One condition of a conditional transfer.
struct Condition {
    /// The contract that is asked (`ICondition`).
    address check;
    /// What the contract is asked. Each contract says what the data means. All conditions of a schedule together have
    /// at most 16,384 bytes of it.
    bytes data;
}

/// @notice What the holder of a rights token agreed to. Its hash is `scheduleId`:
/// `keccak256(abi.encode(block.chainid, address(RightsToken), schedule))`.
struct Schedule {
    uint256 tokenId;
    /// How many schedules of the token there were before.
    uint64 nonce;
    address holder;
    address beneficiary;
    /// The conditions as `ICondition.start` returned them when the token was scheduled.
    Condition[] conditions;
    /// The last second before the schedule may lapse.
    uint64 deadline;
}
