// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Plan} from "../types/Plan.sol";

/// @title Makes waterfalls
/// @notice Anybody makes anybody's; a plan has one address, before and after.
interface IWaterfalls {
    event WaterfallCreated(address indexed waterfall, Plan plan);

    error Waterfalls_Tiers(uint256 count);
    /// It opens neither a split that has shares nor a subject that could ever stand for somebody.
    error Waterfalls_Payee(uint256 tier);
    /// Not one for every token, or for the last tier any.
    error Waterfalls_Sizes(uint256 tier);
    error Waterfalls_TokensNotAscending(address token);

    /// @notice Makes the waterfall of a plan, or does nothing if it is there.
    function create(Plan calldata plan) external returns (address waterfall);

    /// @notice Where the waterfall of a plan is, or will be.
    /// @dev Reverts as `create` does: money sent to a place where nothing can be made would be lost.
    function addressOf(Plan calldata plan) external view returns (address);
}
