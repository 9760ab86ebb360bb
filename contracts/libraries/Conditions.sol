// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICondition} from "../interfaces/ICondition.sol";
import {Ask} from "./Ask.sol";
import {Condition} from "../types/Schedule.sol";

/// @title Starting and asking conditions, whoever wrote them
library Conditions {
    /// Of one schedule, or of one condition that holds others.
    uint256 internal constant MOST = 8;
    /// Bytes of data of all of them together, as started, and so with all that they hold. Whatever could be scheduled
    /// must fit the transactions that end it, which bring and hash all of it again.
    uint256 internal constant LARGEST = 16_384;

    error Conditions_Count(uint256 count);
    error Conditions_NoContract(address check);
    error Conditions_TooLarge(uint256 size);

    /// @notice What the conditions are from now on; reverts as the first that refuses does.
    function start(Condition[] memory conditions) internal view returns (Condition[] memory) {
        if (conditions.length == 0 || conditions.length > MOST) revert Conditions_Count(conditions.length);
        uint256 size;
        for (uint256 i; i < conditions.length; ++i) {
            Condition memory condition = conditions[i];
            if (condition.check.code.length == 0) revert Conditions_NoContract(condition.check);
            condition.data = ICondition(condition.check).start(condition.data);
            size += condition.data.length;
        }
        if (size > LARGEST) revert Conditions_TooLarge(size);
        return conditions;
    }

    /// @notice Whether one is met: it answers true. With all gas, because it may hold others: who scheduled chose it, and
    /// one that burns it keeps nothing but that schedule from being executed.
    function isMet(Condition memory condition, bytes32 scheduleId) internal view returns (bool) {
        (, bytes32 answer) =
            Ask.word(condition.check, gasleft(), abi.encodeCall(ICondition.isMet, (scheduleId, condition.data)));
        return uint256(answer) == 1;
    }
}
