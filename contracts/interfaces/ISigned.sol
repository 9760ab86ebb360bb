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
    event NonceCancelled(address indexed signer, uint256 nonce);

    error Signed_Expired(uint256 deadline);
    error Signed_NonceUsed(address signer, uint256 nonce);
    error Signed_WrongSignature(address signer, bytes32 digest);

    function isNonceUsed(address signer, uint256 nonce) external view returns (bool);

    /// @notice Makes a signature of the caller's that bears `nonce` worthless.
    function cancelNonce(uint256 nonce) external;
}
