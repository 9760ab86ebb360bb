// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {IWaterfalls} from "./interfaces/IWaterfalls.sol";
import {Payees} from "./libraries/Payees.sol";
import {Plan} from "./types/Plan.sol";

contract Waterfalls is IWaterfalls {
    uint256 private constant MOST = 16;

    IRevenueSplitter private immutable SPLITTER;
    address private immutable CODE;

    /// @param code Of every waterfall here (`Waterfall`).
    constructor(IRevenueSplitter splitter, address code) {
        (SPLITTER, CODE) = (splitter, code);
    }

    /// @inheritdoc IWaterfalls
    function create(Plan calldata plan) external returns (address waterfall) {
        waterfall = addressOf(plan);
        if (waterfall.code.length != 0) return waterfall;
        Clones.cloneDeterministicWithImmutableArgs(CODE, abi.encode(plan), 0);
        emit WaterfallCreated(waterfall, plan);
    }

    /// @inheritdoc IWaterfalls
    function addressOf(Plan calldata plan) public view returns (address) {
        _check(plan);
        return Clones.predictDeterministicAddressWithImmutableArgs(CODE, abi.encode(plan), 0);
    }

    /// @dev All that could make a deposit revert for ever.
    function _check(Plan calldata plan) private view {
        uint256 count = plan.tiers.length;
        if (count == 0 || count > MOST) revert Waterfalls_Tiers(count);
        for (uint256 i = 1; i < plan.tokens.length; ++i) {
            if (plan.tokens[i] <= plan.tokens[i - 1]) revert Waterfalls_TokensNotAscending(plan.tokens[i]);
        }
        for (uint256 i; i < count; ++i) {
            bytes calldata payee = plan.tiers[i].payee;
            if (!Payees.opens(payee, address(SPLITTER))) revert Waterfalls_Payee(i);
            uint128[] calldata sizes = plan.tiers[i].sizes;
            if (sizes.length != (i + 1 == count ? 0 : plan.tokens.length)) revert Waterfalls_Sizes(i);
            for (uint256 j; j < sizes.length; ++j) {
                if (sizes[j] == 0) revert Waterfalls_Sizes(i);
            }
        }
    }
}
