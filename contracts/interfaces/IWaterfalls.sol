// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Plan} from "../types/Plan.sol";

/// @title Makes waterfalls
/// @notice Anybody can make the waterfall of any plan. A plan has one address, which is the same before and after the
/// waterfall is made.
interface IWaterfalls {
    event WaterfallCreated(address indexed waterfall, Plan plan);

    error Waterfalls_Tiers(uint256 count);
    /// The tier's payee opens neither a split with shares nor a subject that could ever stand for somebody.
    error Waterfalls_Payee(uint256 tier);
    /// The tier does not have one size for every token, or the last tier has a size.
    error Waterfalls_Sizes(uint256 tier);
    error Waterfalls_TokensNotAscending(address token);

    /// @notice Makes the waterfall of a plan. Does nothing if the waterfall exists.
    function create(Plan calldata plan) external returns (address waterfall);

    /// @notice The address where the waterfall of a plan is or will be.
    /// @dev Reverts as `create` does, because money that is sent to an address where nothing can be made would be lost.
    function addressOf(Plan calldata plan) external view returns (address);
}
