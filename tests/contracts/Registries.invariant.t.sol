// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryHandler} from "./handlers/RegistryHandler.sol";
import {Test} from "./utils/Test.sol";

/// @notice Invariants 4 and 5 of DESIGN.md, and 1 over splits that the registries composed.
contract RegistriesInvariantTest is Test {
    RegistryHandler private _handler;

    function setUp() public {
        _handler = new RegistryHandler();
        _target(address(_handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](18);
        selectors[0] = selectors[1] = _handler.train.selector;
        selectors[2] = selectors[3] = _handler.draw.selector;
        selectors[4] = _handler.collect.selector;
        selectors[5] = _handler.revoke.selector;
        selectors[6] = _handler.setPayee.selector;
        selectors[7] = _handler.pass.selector;
        selectors[8] = _handler.setGate.selector;
        selectors[9] = _handler.allow.selector;
        selectors[10] = _handler.mint.selector;
        selectors[11] = _handler.transfer.selector;
        selectors[12] = _handler.pay.selector;
        selectors[13] = _handler.claim.selector;
        selectors[14] = _handler.collectAgain.selector;
        selectors[15] = _handler.consent.selector;
        selectors[16] = _handler.collectUnder.selector;
        selectors[17] = _handler.endConsent.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariants would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        uint256[5] memory done;
        for (uint256 i; i < 60; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            _handler.collect(r, r >> 8);
            try _handler.train(r, r >> 8, r >> 16, r & 1 == 0) {
                ++done[0];
            } catch {}
            try _handler.draw(r >> 8, r, r >> 1 & 1 == 0) {
                ++done[1];
            } catch {}
            _handler.pay(r, uint96(r >> 8));
            try _handler.claim(r, r >> 8) {
                ++done[2];
            } catch {}
            try _handler.setPayee(r, r >> 8, r >> 16) {
                ++done[3];
            } catch {}
            _handler.consent(r, r >> 8);
            try _handler.collectUnder(r, r >> 8) {
                ++done[4];
            } catch {}
        }
        for (uint256 i; i < done.length; ++i) {
            yes(done[i] > 20, "at least a third");
        }
    }

    /// @dev Invariant 4: once registered, registrant, terms, sources, split and time never change; revoking adds a time.
    /// Invariant 5: no model or batch on a source that is unknown, revoked, expired, behind a closed gate, or whose levy
    /// is not in the split. The handler judges each registration as it is made; and nothing is registered for a provider
    /// beyond what it registers itself and its standing consents. The log of each registry is the fold of what it holds.
    /// forge-config: default.invariant.runs = 200
    /// forge-config: default.invariant.depth = 100
    /// forge-config: default.invariant.check-interval = 20
    /// forge-config: long.invariant.runs = 8000
    /// forge-config: long.invariant.depth = 100
    /// forge-config: long.invariant.check-interval = 20
    function invariant_4_5() external view {
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
        string memory changed = _handler.changed();
        yes(bytes(changed).length == 0, changed);
    }

    /// @dev Invariant 1 and promise 4: all that was paid reaches people, but for at most one base unit a leaf.
    function afterInvariant() external {
        uint256 leaves = _handler.settle();
        eq(_handler.earned() + _handler.held(), _handler.paid(), "1: in = out + held");
        yes(_handler.held() <= leaves, "more than rounding is left");
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }
}
