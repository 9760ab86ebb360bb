// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What comes with a `…For` call: anybody may send it, the signer is the one who acts.
struct Approval {
    /// Any number not used before; nonces need no order, so that relays can run side by side.
    uint256 nonce;
    /// Last second at which the signature counts.
    uint256 deadline;
    /// ECDSA (65 bytes), or whatever the signer's contract accepts under ERC-1271.
    bytes signature;
}

/// @title EIP-712 signatures with unordered nonces
/// @notice A signature binds chain, contract, signer, every value and a deadline. ECDSA is tried first and ERC-1271
/// after, so that plain, EIP-7702 and contract wallets all work.
interface ISigned {
    /// @notice Once for each nonce that was cancelled before anything used it up.
    event NonceCancelled(address indexed signer, uint256 nonce);

    error Signed_Expired(uint256 deadline);
    error Signed_NonceUsed(address signer, uint256 nonce);
    error Signed_WrongSignature(address signer, bytes32 digest);

    function isNonceUsed(address signer, uint256 nonce) external view returns (bool);

    /// @notice Makes a signature of the caller's that bears `nonce` worthless. Does nothing when the nonce was used or
    /// cancelled before: what was done with it stays done. Emits `NonceCancelled`.
    /// @dev Not protected against: whoever sends the signature in the same block, before this.
    function cancelNonce(uint256 nonce) external;

    /// @notice `cancelNonce` by anybody who has the signer's word, for signers without ether:
    /// `Cancellation(address signer,uint256 cancelled,uint256 nonce,uint256 deadline)`.
    /// @dev Reverts `Signed_Expired`, `Signed_NonceUsed` (of the approval's own nonce) or `Signed_WrongSignature`.
    function cancelNonceFor(address signer, uint256 cancelled, Approval calldata approval) external;
}
