// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A condition on which a rights token moves
/// @notice Asked with a static call. One that reverts, burns gas or lies harms only the schedules that name it, and
/// those still lapse. Anybody can write another; the token needs no change.
interface ICondition {
    /// @notice Asked once, when a token is scheduled: checks `data`, and says what the condition is from then on.
    /// Reverts when the data means nothing, so that nobody locks a token by a slip.
    function start(bytes calldata data) external view returns (bytes memory);

    /// @notice Whether it is met. Once it is, it should stay so: whoever executes may come later.
    /// @param data What `start` gave.
    function isMet(bytes32 scheduleId, bytes calldata data) external view returns (bool);
}
