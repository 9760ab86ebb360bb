// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title A payment address
/// @notice Deployed by the splitter when it is first swept, at an address known in advance. Whatever is here goes
/// to the splitter, which credits the payee whom the address was made for.
contract Forwarder {
    error Forwarder_NotSplitter(address caller);

    address private immutable SPLITTER = msg.sender;

    receive() external payable {}

    /// @notice Sends all of `token` (zero for ether) to the splitter, at its call.
    /// @dev Checks no call: the splitter credits what arrives, and reverts when nothing does. Every byte here is paid
    /// for once for each payment address, so that it is written in assembly and without libraries.
    function flush(address token) external {
        address splitter = SPLITTER;
        if (msg.sender != splitter) revert Forwarder_NotSplitter(msg.sender);
        bytes4 balanceOf = IERC20.balanceOf.selector;
        bytes4 transfer = IERC20.transfer.selector;
        assembly ("memory-safe") {
            switch token
            case 0 { pop(call(gas(), splitter, selfbalance(), 0, 0, 0, 0)) }
            default {
                let spot := mload(0x40)
                mstore(spot, balanceOf)
                mstore(add(spot, 4), address())
                pop(staticcall(gas(), token, spot, 36, add(spot, 36), 32))
                mstore(spot, transfer)
                mstore(add(spot, 4), splitter)
                pop(call(gas(), token, 0, spot, 68, 0, 0))
            }
        }
    }
}
