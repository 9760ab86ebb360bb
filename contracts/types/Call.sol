// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One call that an account makes.
struct Call {
    address to;
    /// Ether that goes along, in wei.
    uint256 value;
    bytes data;
}
