// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICondition} from "../interfaces/ICondition.sol";
import {Conditions} from "../libraries/Conditions.sol";
import {Condition} from "../types/Schedule.sol";

/// @title Met when one of up to eight others is
/// @notice Data: `(Condition[] conditions)`, which may hold others again. One that reverts is not met; one that burns
/// all gas leaves a 64th of it for those after it.
contract AnyOf is ICondition {
    using Conditions for Condition;

    /// @inheritdoc ICondition
    function start(bytes calldata data) external view returns (bytes memory) {
        return abi.encode(Conditions.start(abi.decode(data, (Condition[]))));
    }

    /// @inheritdoc ICondition
    function isMet(bytes32 scheduleId, bytes calldata data) external view returns (bool) {
        Condition[] memory conditions = abi.decode(data, (Condition[]));
        for (uint256 i; i < conditions.length; ++i) {
            if (conditions[i].isMet(scheduleId)) return true;
        }
        return false;
    }
}
