// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Waterfall} from "../../contracts/Waterfall.sol";
import {Waterfalls} from "../../contracts/Waterfalls.sol";
import {Base} from "./utils/Base.sol";
import {WaterfallHandler} from "./handlers/WaterfallHandler.sol";

/// @notice Promise 4 through waterfalls: what one took in is passed on or waits by name, and no tier is over its size.
contract WaterfallInvariantTest is Base {
    WaterfallHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new WaterfallHandler(splitter, new Waterfalls(splitter, address(new Waterfall(splitter))));
        _target(address(_handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = _handler.pay.selector;
        selectors[1] = _handler.pass.selector;
        selectors[2] = _handler.send.selector;
        selectors[3] = _handler.claim.selector;
        selectors[4] = _handler.mood.selector;
        selectors[5] = _handler.starve.selector;
        selectors[6] = _handler.retry.selector;
        selectors[7] = _handler.list.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariants would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        for (uint256 i; i < 200; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            _handler.mood(r, r >> 8);
            try _handler.pay(r, r >> 8, r >> 16) {} catch {}
            try _handler.send(r >> 24, r >> 32, r >> 40) {} catch {}
            try _handler.claim(r >> 48) {} catch {}
            _handler.list(r >> 72, r >> 80 & 1 == 0);
            try _handler.starve(r >> 88, r >> 96, r >> 104) {} catch {}
            try _handler.pass(r >> 56, r >> 64) {} catch {}
            for (uint256 tier; i % 8 == 0 && tier < 3; ++tier) {
                _handler.list(i / 8, false);
                try _handler.retry(i / 8, 5, tier) {} catch {}
            }
        }
        for (uint256 i; i < 7; ++i) {
            if (_handler.done(i) < 5) revert NotEqual("each of them, more than once", i, _handler.done(i));
        }
        _handler.look();
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    /// forge-config: default.invariant.runs = 80
    /// forge-config: long.invariant.runs = 3200
    function invariant_4() external {
        _handler.look();
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }
}
