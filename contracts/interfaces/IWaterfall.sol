// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Plan} from "../types/Plan.sol";

/// @title A payee that passes money on by tiers
/// @notice Its address follows from its plan, which nobody can change, so money may be sent there before it exists. For
/// the splitter it is a wallet, which any split can name. What each tier has had counts for each token apart; a payment
/// that fills several is divided to the base unit.
///
/// Not protected against: tokens that rebase or lie harm those who are paid in them. A tier whose payee cannot be
/// resolved waits in the splitter and holds up nobody.
interface IWaterfall {
    /// @notice Money went on.
    /// @param before How much of the token had gone through before.
    /// @param amounts Of each tier; together `amount`.
    event Passed(address indexed token, uint256 amount, uint256 before, uint256[] amounts);

    error Waterfall_NotEnoughEther(uint256 amount, uint256 brought);
    error Waterfall_Nothing(address token);

    /// @notice Takes an amount from the caller and passes it on, with what lay here.
    /// @param token Zero for ether, of which more than the amount may be brought: what is here goes on.
    /// @param ref Logged with each deposit: a statement, period or invoice.
    function pay(address token, uint256 amount, bytes32 ref) external payable;

    /// @notice Passes on what lies here, by anybody.
    /// @return amount Zero when nothing does.
    function pass(address token) external returns (uint256 amount);

    /// @notice All that went through.
    function passed(address token) external view returns (uint256);

    /// @notice What each tier would get of an amount that came next.
    function dues(address token, uint256 amount) external view returns (uint256[] memory);

    function plan() external view returns (Plan memory);
}
