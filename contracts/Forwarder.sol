// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title A payment address
/// @notice Deployed by the splitter when it is first swept, at an address known in advance. Whatever is here goes
/// to the splitter, which credits the payee whom the address was made for.
contract Forwarder {
    error Forwarder_NotSplitter(address caller);

    address private immutable SPLITTER = msg.sender;

    receive() external payable {}

    /// @notice Sends all of `token` (zero for ether) to the splitter, at its call.
    function flush(address token) external {
        if (msg.sender != SPLITTER) revert Forwarder_NotSplitter(msg.sender);
        if (token == address(0)) {
            Address.sendValue(payable(SPLITTER), address(this).balance);
        } else {
            SafeERC20.safeTransfer(IERC20(token), SPLITTER, IERC20(token).balanceOf(address(this)));
        }
    }
}
