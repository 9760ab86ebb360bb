// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PayeeHandler} from "./handlers/PayeeHandler.sol";
import {Test} from "./utils/Test.sol";

/// @notice No artist's share moves without their signature. Promise 4.
contract PayeesInvariantTest is Test {
    PayeeHandler private _handler;

    function setUp() public {
        _handler = new PayeeHandler();
        _target(address(_handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](16);
        selectors[0] = selectors[1] = selectors[2] = _handler.set.selector;
        selectors[3] = selectors[4] = selectors[5] = _handler.setFor.selector;
        selectors[6] = selectors[7] = _handler.giveWay.selector;
        selectors[8] = selectors[9] = _handler.giveOrder.selector;
        selectors[10] = _handler.register.selector;
        selectors[11] = _handler.registerAgain.selector;
        selectors[12] = _handler.mint.selector;
        selectors[13] = _handler.pay.selector;
        selectors[14] = _handler.cancel.selector;
        selectors[15] = _handler.pass.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariant would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        for (uint256 i; i < 800; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            if (i % 15 == 0) _handler.register(r);
            _handler.giveWay(r, r >> 8, r >> 32, r >> 48);
            _handler.set(r, r >> 8, r >> 32, r >> 64);
            _handler.giveOrder(r, r >> 80, r >> 96);
            _handler.setFor(r, r >> 104, r >> 112, r >> 80, r >> 120);
            try _handler.registerAgain(r, r >> 16) {} catch {}
            try _handler.mint(r, r >> 24, r >> 40) {} catch {}
            try _handler.lie(r) {} catch {}
            _handler.pay(r, uint96(r >> 128));
        }
        for (uint256 i; i < 8; ++i) {
            yes(_handler.done(i) > 20, "each of them, often");
        }
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
        yes(bytes(_handler.wrong()).length == 0, _handler.wrong());
    }

    /// forge-config: default.invariant.runs = 400
    /// forge-config: default.invariant.depth = 100
    /// forge-config: default.invariant.check-interval = 20
    /// forge-config: long.invariant.runs = 8000
    /// forge-config: long.invariant.depth = 100
    /// forge-config: long.invariant.check-interval = 20
    function invariant_noArtistsShareMovesWithoutTheirSignature() external view {
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
        string memory wrong = _handler.wrong();
        yes(bytes(wrong).length == 0, wrong);
    }
}
