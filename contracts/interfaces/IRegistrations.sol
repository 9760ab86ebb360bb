// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title One number that stands for everything a registry ever registered, in order
/// @notice With this number, whoever shows a list of a registry's IDs can show that the list is complete: if you fold
/// the list from the front you get `log` as of that block. The number is in storage slot 0. So one storage proof
/// (`eth_getProof`) is enough for a reader who trusts only the hash of the block.
///
/// Not protected against: a list that is complete as of one block says nothing about later blocks, and nothing about
/// what was never registered. The list says which IDs exist, not what they stand for.
interface IRegistrations {
    /// @notice Zero if nothing was registered. Otherwise `keccak256(log before ‖ id)` of the last registration. Each ID
    /// is in it once, at the place where it was registered. Registering an ID again adds nothing, and nothing removes
    /// an ID.
    function log() external view returns (bytes32);
}
