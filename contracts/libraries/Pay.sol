// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Money out of this contract
/// @notice The one place that sends it. Whoever is paid can refuse, and then only loses its turn: it can neither burn more
/// of somebody else's gas than the limit, nor make them pay for memory.
library Pay {
    /// For a payout that the payee did not ask for: enough for any wallet; too little to make others' transactions fail.
    uint256 internal constant ETHER_GAS = 100_000;
    /// The same for a token, whose own work comes on top.
    uint256 internal constant TOKEN_GAS = 300_000;

    /// @notice Sends `amount` of `token`, zero for ether. Who calls to be paid itself gets all gas.
    /// @dev Copies nothing that a payee returns, and of a token one word.
    /// @return success False when nothing was sent.
    function out(address to, address token, uint256 amount) internal returns (bool success) {
        uint256 gasLimit = gasleft();
        if (token == address(0)) {
            if (to != msg.sender) gasLimit = ETHER_GAS;
            assembly ("memory-safe") {
                success := call(gasLimit, to, amount, 0, 0, 0, 0)
            }
            return success;
        }
        if (to != msg.sender) gasLimit = TOKEN_GAS;
        bytes4 selector = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore(spot, selector)
            mstore(add(spot, 4), shr(96, shl(96, to)))
            mstore(add(spot, 36), amount)
            success := call(gasLimit, token, 0, spot, 68, 0, 32)
            // As in SafeERC20: true, or from a contract nothing at all.
            switch returndatasize()
            case 0 { success := and(success, gt(extcodesize(token), 0)) }
            default { success := and(success, and(gt(returndatasize(), 31), eq(mload(0), 1))) }
        }
    }
}
