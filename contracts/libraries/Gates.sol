// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../interfaces/IDataRegistry.sol";
import {IGate} from "../interfaces/IGate.sol";
import {Ask} from "./Ask.sol";
import {Ids} from "./Ids.sol";

/// @title The question to a gate
library Gates {
    /// @notice Reverts `DataRegistry_GateClosed` unless the gate lets `user` through. No gate lets everybody through, and
    /// the registrant needs nobody's leave.
    /// @dev Asks as `Ask.word` does, with a request that every gate of a model's sources is asked in: a thousand of their
    /// own would be a tenth of a megabyte of memory.
    function check(address gate, address registry, bytes32 id, address registrant, address user, uint256 use)
        internal
        view
    {
        if (gate == address(0) || user == registrant) return;
        bytes32 subject = Ids.subject(registry, id);
        bytes4 selector = IGate.isAllowed.selector;
        uint256 gasLimit = Ask.GAS;
        bool open;
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore(spot, selector)
            mstore(add(spot, 4), subject)
            mstore(add(spot, 36), shr(96, shl(96, user)))
            mstore(add(spot, 68), use)
            open := staticcall(gasLimit, gate, spot, 100, 0, 32)
            // Nothing but a true `true` opens, and what is no contract says nothing.
            open := and(open, and(eq(returndatasize(), 32), eq(mload(0), 1)))
        }
        if (!open) revert IDataRegistry.DataRegistry_GateClosed(subject, gate, user, use);
    }
}
