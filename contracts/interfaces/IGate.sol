// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who may use a collection or model
/// @notice Terms name a gate. The registries ask it when something is registered and never later: what was authorised
/// stays registered.
/// A gate opens if it answers true, in one word, within 300,000 gas. Every other answer closes it, and costs the asker
/// no more than that gas. A gate that lies can open or close only what names it.
interface IGate {
    /// @param subject `keccak256(0x04 ‖ registry ‖ id)` of the collection or model.
    /// @param user The developer or creator who wants to use it. Never a relayer.
    /// @param use One bit of `Uses`.
    function isAllowed(bytes32 subject, address user, uint256 use) external view returns (bool);
}
