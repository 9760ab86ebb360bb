// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LicenseMarket} from "../../contracts/LicenseMarket.sol";
import {Base} from "./utils/Base.sol";
import {MarketHandler} from "./handlers/MarketHandler.sol";

/// @notice Invariants 3 and 5 of DESIGN.md, at the market: every licence was paid for exactly and none changes; nothing
/// stays there.
contract MarketInvariantTest is Base {
    MarketHandler private _handler;

    function setUp() public override {
        super.setUp();
        LicenseMarket market = new LicenseMarket(splitter, rights, data, models, address(outputs));
        _handler =
            new MarketHandler(market, splitter, rights, [artist.wallet, creator.wallet, buyer.wallet, address(0x4e)]);
        _target(address(_handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = selectors[1] = _handler.offer.selector;
        selectors[2] = _handler.end.selector;
        selectors[3] = selectors[4] = selectors[5] = _handler.buy.selector;
        selectors[6] = selectors[7] = _handler.buyMany.selector;
        selectors[8] = _handler.moveRights.selector;
        selectors[9] = _handler.mood.selector;
        selectors[10] = _handler.arm.selector;
        selectors[11] = _handler.wait.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariants would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        for (uint256 i; i < 1500; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            if (r >> 200 & 7 == 0) _handler.mood(r, r >> 8);
            try _handler.offer(r, r >> 8, r >> 16, r >> 24) {} catch {}
            try _handler.buy(_last(i, r), r >> 8, r >> 16) {} catch {}
            try _handler.buyMany(_last(i, r >> 32), _last(i, r >> 40), r >> 48, r >> 56 & 1 == 0) {} catch {}
            if (r >> 64 & 7 == 0) try _handler.moveRights(r, r >> 8) {} catch {}
            if (r >> 72 & 7 == 0) try _handler.end(r, r >> 8) {} catch {}
            if (r >> 80 & 7 == 0) _handler.delegate(r, r >> 8, r >> 16 & 1 == 0);
            _handler.wait(r >> 88);
        }
        for (uint256 i; i < 7; ++i) {
            if (_handler.done(i) < 20) revert NotEqual("each of them, often", i, _handler.done(i));
        }
        _handler.look();
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    function _last(uint256 i, uint256 r) private pure returns (uint256) {
        return i < 8 ? 0 : i - r % 8;
    }

    /// @dev Fewer runs than the ledger's, because all books are held against each other after each.
    /// forge-config: default.invariant.runs = 160
    /// forge-config: long.invariant.runs = 3200
    function invariant_market() external {
        _handler.look();
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }
}
