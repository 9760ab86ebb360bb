// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICondition} from "../interfaces/ICondition.sol";

/// @title Met from a time on
/// @notice Data: `(uint64 time)`, Unix seconds.
contract AfterTime is ICondition {
    /// @inheritdoc ICondition
    function start(bytes calldata data) external pure returns (bytes memory) {
        return abi.encode(abi.decode(data, (uint64)));
    }

    /// @inheritdoc ICondition
    function isMet(bytes32, bytes calldata data) external view returns (bool) {
        return block.timestamp >= abi.decode(data, (uint64));
    }
}
