// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ERC-5192: whether a token is locked
/// @notice Interface ID 0xb45a3c0e. A locked token cannot be transferred.
interface IERC5192 {
    /// @notice The token became locked, or was minted locked.
    event Locked(uint256 tokenId);
    /// @notice The token became free to move, or was minted free.
    event Unlocked(uint256 tokenId);

    /// @notice Whether the token is locked. Reverts for a token that does not exist.
    function locked(uint256 tokenId) external view returns (bool);
}
