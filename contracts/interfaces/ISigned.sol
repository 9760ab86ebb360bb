// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What comes with a `…For` call. Anybody may send the call; the signer is the one who acts.
struct Approval {
    /// Any number that the signer has not used before. Nonces need no order, so that several relays can work at the
    /// same time.
    uint256 nonce;
    /// The last second at which the signature counts.
    uint256 deadline;
    /// ECDSA (65 bytes), or whatever the signer's contract accepts under ERC-1271.
    bytes signature;
}

/// @title EIP-712 signatures with unordered nonces
/// @notice A signature binds the chain, the contract, the signer, every value and a deadline. The contract tries ECDSA
/// first and ERC-1271 second, so that plain, EIP-7702 and contract wallets all work.
interface ISigned {
    /// @notice Emitted once for each nonce that was cancelled before it was used.
    event NonceCancelled(address indexed signer, uint256 nonce);

    error Signed_Expired(uint256 deadline);
    error Signed_NonceUsed(address signer, uint256 nonce);
    error Signed_WrongSignature(address signer, bytes32 digest);

    /// @notice Whether a nonce of the signer was used or cancelled.
    function isNonceUsed(address signer, uint256 nonce) external view returns (bool);

    /// @notice Ends every signature of the caller that carries `nonce`. Emits `NonceCancelled`. Does nothing if the
    /// nonce was used or cancelled before: what was done with it stays done.
    /// @dev Not protected against: somebody who sends the signature in the same block, before this call.
    function cancelNonce(uint256 nonce) external;

    /// @notice `cancelNonce` for a signer who has no ether. Anybody may send it with the signer's signature:
    /// `Cancellation(address signer,uint256 cancelled,uint256 nonce,uint256 deadline)`.
    /// @dev Reverts `Signed_Expired`, `Signed_NonceUsed` (if the approval's own nonce was used) or
    /// `Signed_WrongSignature`.
    function cancelNonceFor(address signer, uint256 cancelled, Approval calldata approval) external;
}
