// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// @notice What a test needs of its framework, and no more.
abstract contract Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    bool public constant IS_TEST = true;

    error NotEqual(string what, uint256 got, uint256 expected);
    error NotEqualBytes(string what, bytes32 got, bytes32 expected);
    error NotTrue(string what);

    address[] private _targets;

    /// @dev Forge asks whom the invariant tests may call.
    function targetContracts() external view returns (address[] memory) {
        return _targets;
    }

    function _target(address handler) internal {
        _targets.push(handler);
    }

    function eq(uint256 got, uint256 expected, string memory what) internal pure {
        if (got != expected) revert NotEqual(what, got, expected);
    }

    function eq(bytes32 got, bytes32 expected, string memory what) internal pure {
        if (got != expected) revert NotEqualBytes(what, got, expected);
    }

    function eq(address got, address expected, string memory what) internal pure {
        eq(bytes32(uint256(uint160(got))), bytes32(uint256(uint160(expected))), what);
    }

    function yes(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    function no(bool condition, string memory what) internal pure {
        if (condition) revert NotTrue(what);
    }

    /// @dev `value` folded into [low, high].
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        if (value >= low && value <= high) return value;
        uint256 size = high - low + 1;
        return size == 0 ? value : low + value % size;
    }

    function reverts(bytes memory reason) internal {
        vm.expectRevert(reason);
    }

    function reverts(bytes4 selector) internal {
        vm.expectPartialRevert(selector);
    }
}
