// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A key as an account keeps it: the coordinates of a passkey's point, or a wallet's address and zero. No point
/// of P-256 has a y of zero, so that the two cannot be mixed up. All zero is no key.
struct Key {
    bytes32 x;
    bytes32 y;
}
