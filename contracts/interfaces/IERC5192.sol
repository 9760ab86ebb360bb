// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ERC-5192: whether a token is locked
/// @notice Interface ID 0xb45a3c0e. A locked token is not transferred.
interface IERC5192 {
    /// @notice The token became locked, or was minted so.
    event Locked(uint256 tokenId);
    /// @notice The token became free to move, or was minted so.
    event Unlocked(uint256 tokenId);

    /// @notice Reverts for a token that does not exist.
    function locked(uint256 tokenId) external view returns (bool);
}
