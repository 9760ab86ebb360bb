// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./utils/Base.sol";
import {LedgerHandler} from "./handlers/LedgerHandler.sol";

contract LedgerInvariantTest is Base {
    LedgerHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new LedgerHandler(splitter);
        _target(address(_handler));
    }

    // If the handler's calls did nothing, the invariants would say nothing.
    function test_theHandlerWorks() public {
        for (uint256 c; c < 3; ++c) {
            for (uint256 i; i < _handler.nodes(); ++i) {
                _handler.deposit(i, c, 1e9);
                _handler.sweep(i, c, 1e9);
            }
            for (uint256 i; i < 9; ++i) {
                _handler.claim(i / 3, i % 3, c, true);
            }
            for (uint256 i; i < 2; ++i) {
                _handler.setPayee(i, i, 0);
                _handler.resolve(i, c);
            }
            _handler.multicall(4, c, 100, 10, true);
            _ledger(_handler.currencies(c));
            _world(_handler.currencies(c), c);
        }
        // All but what goes to the wallet that rejects ether: a deposit, a sweep and a claim.
        eq(_handler.done(), 3 * (2 * _handler.nodes() + 9 + 2 + 1) - 3, "done");
    }

    /// @dev One campaign for all three.
    function invariant_1_2_3() external view {
        for (uint256 c; c < _handler.CURRENCIES(); ++c) {
            _ledger(_handler.currencies(c));
            _world(_handler.currencies(c), c);
        }
    }

    // Invariant 1: for each token, the splitter holds at least the sum over splits and subjects of received − passed
    // on. Nobody gives it anything here, so it holds exactly that.
    // Invariant 2: no split or subject passes on more than it received; no leaf more than its share of it.
    function _ledger(address currency) private view {
        uint256 owed;
        for (uint256 i = _handler.firstSplit(); i < _handler.nodes(); ++i) {
            LedgerHandler.Node memory node = _handler.nodeOf(i);
            uint256 received = splitter.received(node.key, currency);
            if (node.leaves.length == 0) {
                uint256 held = splitter.held(node.key, currency);
                yes(held <= received, "subject");
                owed += held;
                continue;
            }
            uint256 total;
            for (uint256 j; j < node.leaves.length; ++j) {
                total += node.leaves[j].shares;
            }
            uint256 lo;
            uint256 passedOn;
            for (uint256 j; j < node.leaves.length; ++j) {
                uint256 claimed = splitter.claimed(node.key, currency, uint96(lo));
                yes(claimed <= received * node.leaves[j].shares / total, "leaf");
                passedOn += claimed;
                lo += node.leaves[j].shares;
            }
            yes(passedOn <= received, "split");
            owed += received - passedOn;
        }
        eq(_handler.balanceOf(currency, address(splitter)), owed, "held");
    }

    // Invariant 3: money leaves only to a payee proved under a split, or to whom a subject resolves. What came in is
    // here or with the wallets that are payees; whoever made the calls has nothing of it.
    function _world(address currency, uint256 which) private view {
        eq(_handler.balanceOf(currency, _handler.CALLER()), 0, "the caller");
        // The third takes a fee of every transfer, on the way out too.
        if (which == 2) return;
        uint256 found = _handler.balanceOf(currency, address(splitter));
        for (uint256 i; i < _handler.firstSplit(); ++i) {
            found += _handler.balanceOf(currency, _handler.wallets(i));
        }
        eq(found, _handler.paidIn(currency), "in = out");
    }
}
