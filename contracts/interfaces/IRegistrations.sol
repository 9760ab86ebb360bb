// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title One number that stands for everything a registry ever registered, in order
/// @notice Whoever shows a list of a registry's IDs can show that nothing was left out of it: the list, folded from the
/// front, is `log` at that block. The number lies in storage slot 0, so one storage proof (`eth_getProof`) is enough
/// for who trusts nothing but the hash of the block.
///
/// Not protected against: a list that is whole as of one block says nothing of later ones, and nothing of what was
/// never registered. It says which IDs there are, not what they stand for.
interface IRegistrations {
    /// @notice Zero when nothing was registered; else `keccak256(log before ‖ id)` of the last registration. Each ID is
    /// in it once, where it was registered: registering again adds nothing, and nothing takes an ID out.
    function log() external view returns (bytes32);
}
