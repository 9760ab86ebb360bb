// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountHandler} from "./handlers/AccountHandler.sol";
import {Test} from "./utils/Test.sol";

/// @notice Nothing but a key's signature moves money or changes keys, no recovery completes against an owner who stops it in
/// time, the last key stays, and events tell all of it. The chain has the precompile of EIP-7951: that is faster.
/// forge-config: default.evm_version = "osaka"
contract AccountInvariantTest is Test {
    AccountHandler private _handler;

    function setUp() public {
        _handler = new AccountHandler();
        _target(address(_handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = _handler.pay.selector;
        selectors[1] = selectors[2] = _handler.operate.selector;
        selectors[3] = _handler.attack.selector;
        selectors[4] = selectors[5] = _handler.start.selector;
        selectors[6] = _handler.complete.selector;
        selectors[7] = _handler.pass.selector;
        selectors[8] = _handler.mood.selector;
        selectors[9] = _handler.meddle.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariant would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        for (uint256 i; i < 300; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            _handler.pay(r);
            _handler.operate(r >> 8, r >> 16, r >> 24);
            _handler.attack(r >> 32, r >> 40);
            _handler.start(r >> 48, r >> 56, r >> 64);
            _handler.pass(r >> 72);
            _handler.complete();
            if (i % 5 == 0) _handler.mood();
            if (i % 3 == 0) _handler.meddle(r >> 80);
        }
        for (uint256 i; i < 7; ++i) {
            if (_handler.done(i) < 10) revert NotEqual("each of them, often", i, _handler.done(i));
        }
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    /// forge-config: default.invariant.runs = 100
    /// forge-config: default.invariant.depth = 100
    /// forge-config: long.invariant.runs = 4000
    /// forge-config: long.invariant.depth = 100
    function invariant_onlyKeysMoveAnything() external view {
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }
}
