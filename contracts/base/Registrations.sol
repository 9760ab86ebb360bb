// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistrations} from "../interfaces/IRegistrations.sol";

/// @dev First in a registry's inheritance, so that `log` is at slot 0, where proofs of storage look for it.
abstract contract Registrations is IRegistrations {
    /// @inheritdoc IRegistrations
    bytes32 public log;

    /// @dev `log = keccak256(log ‖ id)`; to be called once for each ID, when it is registered.
    function _append(bytes32 id) internal {
        bytes32 before = log;
        bytes32 next;
        assembly ("memory-safe") {
            mstore(0x00, before)
            mstore(0x20, id)
            next := keccak256(0x00, 0x40)
        }
        log = next;
    }
}
