// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SoldHandler} from "./handlers/SoldHandler.sol";
import {StainHandler} from "./handlers/StainHandler.sol";
import {Test} from "./utils/Test.sol";

/// @notice Promise 2: what was bought can be used until it ends, whatever providers do.
contract SoldInvariantTest is Test {
    SoldHandler private _handler;

    function setUp() public {
        _handler = new SoldHandler();
        _target(address(_handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = _handler.collect.selector;
        selectors[1] = selectors[2] = _handler.offer.selector;
        selectors[3] = selectors[4] = selectors[5] = _handler.buy.selector;
        selectors[6] = _handler.revoke.selector;
        selectors[7] = selectors[8] = _handler.pass.selector;
        selectors[9] = _handler.mood.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariant would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        for (uint256 i; i < 400; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            if (r & 3 == 0) _handler.collect(r >> 8);
            _handler.offer(r >> 16, r >> 24, r >> 32);
            try _handler.buy(r >> 40, r >> 48, r >> 56 & 7 == 0) {} catch {}
            if (r >> 64 & 15 == 0) _handler.revoke(r >> 72);
            _handler.pass(r >> 80);
        }
        for (uint256 i; i < 5; ++i) {
            if (_handler.done(i) < 20) revert NotEqual("each of them, often", i, _handler.done(i));
        }
        _handler.settle();
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    /// forge-config: default.invariant.runs = 200
    /// forge-config: default.invariant.depth = 100
    /// forge-config: default.invariant.check-interval = 50
    /// forge-config: long.invariant.runs = 8000
    /// forge-config: long.invariant.depth = 100
    /// forge-config: long.invariant.check-interval = 50
    function invariant_whatWasBoughtCanBeUsedUntilItEnds() external view {
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    function afterInvariant() external {
        _handler.settle();
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }
}

/// @notice Promise 3: who looked less than 7 days before registering is never proved false by a revocation.
contract StainInvariantTest is Test {
    StainHandler private _handler;

    function setUp() public {
        _handler = new StainHandler();
        _target(address(_handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = selectors[1] = _handler.look.selector;
        selectors[2] = _handler.revokeItem.selector;
        selectors[3] = selectors[4] = _handler.register.selector;
        selectors[5] = selectors[6] = _handler.pass.selector;
        selectors[7] = _handler.attack.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariant would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        for (uint256 i; i < 300; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            _handler.look(r);
            if (r >> 8 & 1 == 0) _handler.revokeItem(r >> 16, r >> 24);
            if (i > 4) try _handler.register(r >> 32, r >> 40 & 1 == 0) {} catch {}
            _handler.pass(r >> 48);
        }
        for (uint256 i; i < 5; ++i) {
            if (_handler.done(i) < 10) revert NotEqual("each of them, often", i, _handler.done(i));
        }
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    /// forge-config: default.invariant.runs = 200
    /// forge-config: default.invariant.depth = 100
    /// forge-config: default.invariant.check-interval = 50
    /// forge-config: long.invariant.runs = 8000
    /// forge-config: long.invariant.depth = 100
    /// forge-config: long.invariant.check-interval = 50
    function invariant_whoLookedBeforeRegisteringIsNeverStained() external view {
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    function afterInvariant() external {
        _handler.settle();
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }
}
