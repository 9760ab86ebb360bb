// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who may use a collection or model
/// @notice Named in terms. The registries ask it when something is registered, never later: what was authorised
/// stays registered. A gate opens by answering true, one word, within 300,000 gas; whatever else it does closes, and costs
/// whoever asks no more than that. One that lies can only close or open what names it.
interface IGate {
    /// @param subject `keccak256(0x04 ‖ registry ‖ id)` of the collection or model.
    /// @param user The developer or creator who would use it; never a relayer.
    /// @param use One bit of `Uses`.
    function isAllowed(bytes32 subject, address user, uint256 use) external view returns (bool);
}
