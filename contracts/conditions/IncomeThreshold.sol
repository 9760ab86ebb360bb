// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICondition} from "../interfaces/ICondition.sol";
import {IRevenueSplitter} from "../interfaces/IRevenueSplitter.sol";

/// @title Met once a payee's income since scheduling has reached an amount
/// @notice Data: `(bytes32 payee, address token, uint256 amount, uint256 from)`; scheduling writes the income there was
/// into `from`. Income is what came in from outside, by deposit or sweep, and never falls.
///
/// Not protected against: whoever would have the token moved can pay the payee themselves. That costs what the others'
/// shares of it take: all of it where others are paid all of it, nothing but gas where it comes back to the payer, who
/// can pay the same money in again. Name a payee that pays many, and a token that is worth something.
contract IncomeThreshold is ICondition {
    error IncomeThreshold_Nothing();

    IRevenueSplitter private immutable SPLITTER;

    constructor(IRevenueSplitter splitter) {
        SPLITTER = splitter;
    }

    /// @inheritdoc ICondition
    function start(bytes calldata data) external view returns (bytes memory) {
        (bytes32 payee, address token, uint256 amount,) = _read(data);
        if (amount == 0) revert IncomeThreshold_Nothing();
        return abi.encode(payee, token, amount, SPLITTER.income(payee, token));
    }

    /// @inheritdoc ICondition
    function isMet(bytes32, bytes calldata data) external view returns (bool) {
        (bytes32 payee, address token, uint256 amount, uint256 from) = _read(data);
        uint256 income = SPLITTER.income(payee, token);
        return income >= from && income - from >= amount;
    }

    function _read(bytes calldata data) private pure returns (bytes32, address, uint256, uint256) {
        return abi.decode(data, (bytes32, address, uint256, uint256));
    }
}
