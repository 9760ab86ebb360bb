// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A condition on which a rights token moves
/// @notice The rights token asks it with static calls. A condition that reverts, burns gas or lies harms only the
/// schedules that name it, and these schedules still lapse. Anybody can write another condition; the token needs no
/// change.
interface ICondition {
    /// @notice The token asks this once, when it is scheduled. The condition checks `data` and returns the data that
    /// counts from then on. It reverts if the data means nothing, so that nobody locks a token by mistake.
    function start(bytes calldata data) external view returns (bytes memory);

    /// @notice Whether the condition is met. Once it is met it should stay met, because whoever executes the transfer
    /// may come later.
    /// @param data What `start` returned.
    function isMet(bytes32 scheduleId, bytes calldata data) external view returns (bool);
}
