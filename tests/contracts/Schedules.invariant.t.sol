// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Escrow} from "../../contracts/conditions/Escrow.sol";
import {Base} from "./utils/Base.sol";
import {ScheduleHandler} from "./handlers/ScheduleHandler.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Invariant 6 of DESIGN.md, and the escrow: every unit is with the payer, the holder or in escrow.
contract SchedulesInvariantTest is Base {
    ScheduleHandler private _handler;

    function setUp() public override {
        super.setUp();
        uint256[3] memory tokens;
        for (uint256 i; i < 3; ++i) {
            Made memory made = _collect(artist.wallet, i, trainingTerms);
            vm.prank(artist.wallet);
            tokens[i] = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        }
        address[4] memory people = [artist.wallet, creator.wallet, buyer.wallet, address(0x4e)];
        _handler = new ScheduleHandler(rights, new Escrow(rights), tokens, people);
        _target(address(_handler));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = selectors[1] = _handler.schedule.selector;
        selectors[2] = selectors[3] = _handler.execute.selector;
        selectors[4] = _handler.lapse.selector;
        selectors[5] = _handler.cancel.selector;
        selectors[6] = _handler.transfer.selector;
        selectors[7] = selectors[8] = _handler.payIn.selector;
        selectors[9] = selectors[10] = _handler.settle.selector;
        selectors[11] = _handler.mood.selector;
        selectors[12] = _handler.arm.selector;
        selectors[13] = _handler.wait.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariants would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        for (uint256 i; i < 2000; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            _handler.mood(r >> 200 & 1 == 0 ? 0 : r >> 201);
            try _handler.schedule(r, r >> 8, r >> 16, r >> 24) {} catch {}
            try _handler.payIn(_last(r), r >> 8, r >> 16, r >> 24) {} catch {}
            try _handler.transfer(r, r >> 8, r >> 16) {} catch {}
            try _handler.execute(_last(r), r >> 8) {} catch {}
            if (r >> 32 & 7 == 0) try _handler.cancel(_last(r), r >> 8) {} catch {}
            if (r >> 40 & 3 == 0) _handler.wait(r >> 48);
            try _handler.lapse(_last(r >> 60)) {} catch {}
            try _handler.settle(_last(r >> 70), r >> 80, r >> 90, r >> 100) {} catch {}
        }
        for (uint256 i; i < 7; ++i) {
            yes(_handler.done(i) > 20, "each of them, often");
        }
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    /// @dev One of the latest.
    function _last(uint256 r) private view returns (uint256) {
        uint256 count = _handler.count();
        return count < 4 ? 0 : count - 1 - r % 4;
    }

    /// forge-config: default.invariant.runs = 160
    /// forge-config: long.invariant.runs = 6400
    function invariant_6() external {
        _handler.look();
        for (uint256 c; c < 3; ++c) {
            eq(_handler.escrowed(c), _handler.inEscrow(c), "what lies in escrow");
        }
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    function afterInvariant() external {
        _handler.end();
        _handler.look();
        for (uint256 c; c < 3; ++c) {
            eq(_handler.escrowed(c), 0, "nothing stays in escrow");
        }
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }
}
