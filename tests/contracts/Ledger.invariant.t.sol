// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./utils/Base.sol";
import {LedgerCast} from "./handlers/LedgerCast.sol";
import {LedgerHandler} from "./handlers/LedgerHandler.sol";

/// @notice Invariants 1, 2 and 3 of DESIGN.md, with everybody hostile who can be.
contract LedgerInvariantTest is Base {
    struct Leaf {
        bytes32 split;
        uint96 lo;
        uint96 shares;
        uint96 total;
        uint256 payee;
    }

    LedgerHandler private _handler;
    Leaf[] private _leaves;
    uint256 private _firstSplit;
    uint256 private _firstSubject;
    uint256 private _nodes;

    function setUp() public override {
        super.setUp();
        _handler = new LedgerHandler(splitter);
        LedgerCast.Place[] memory places = _handler.places();
        for (uint256 i; i < places.length; ++i) {
            LedgerCast.Place memory place = places[i];
            _leaves.push(Leaf(place.split, place.lo, place.share.shares, place.total, place.payee));
        }
        (_firstSplit, _firstSubject) = (_handler.firstSplit(), _handler.firstSubject());
        _nodes = _handler.nodes();
        _target(address(_handler));
    }

    /// @dev Which the fuzzer calls, money more often than moods.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](17);
        selectors[0] = selectors[1] = _handler.deposit.selector;
        selectors[2] = selectors[3] = selectors[4] = _handler.claim.selector;
        selectors[5] = _handler.sweep.selector;
        selectors[6] = _handler.resolve.selector;
        selectors[7] = _handler.multicall.selector;
        selectors[8] = _handler.changeSubject.selector;
        selectors[9] = _handler.force.selector;
        selectors[10] = _handler.lie.selector;
        selectors[11] = _handler.arm.selector;
        selectors[12] = _handler.twist.selector;
        selectors[13] = _handler.blacklist.selector;
        selectors[14] = _handler.multicall.selector;
        selectors[15] = _handler.redirect.selector;
        selectors[16] = _handler.redirectThrough.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    // If the handler's calls did nothing, the invariants would say nothing.
    function test_manyOfTheCallsAchieveSomething() external {
        uint256[5] memory done;
        for (uint256 i; i < 200; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            try _handler.deposit(r, r >> 8, uint96(r >> 16), r >> 112) {
                ++done[0];
            } catch {}
            try _handler.claim(r, r >> 8, r >> 16, r >> 24 & 1 == 0, false) {
                ++done[1];
            } catch {}
            try _handler.sweep(r >> 8, r >> 16, uint96(r >> 24)) {
                ++done[2];
            } catch {}
            try _handler.resolve(r, r >> 8, r >> 16, r >> 24 & 1 == 0) {
                ++done[3];
            } catch {}
            try _handler.multicall(r, r >> 8, uint96(r >> 16), r >> 112 & 1 == 0) {
                ++done[4];
            } catch {}
            _handler.changeSubject(r, r >> 8, r >> 16, r >> 24);
        }
        (uint256 redirected, uint256 through) = (0, 0);
        for (uint256 i; i < 100; ++i) {
            uint256 r = uint256(keccak256(abi.encode("redirect", i)));
            try _handler.redirect(r, r >> 8, r >> 16, r >> 24) {
                ++redirected;
            } catch {}
        }
        yes(redirected > 5, "and some that are redirected");
        for (uint256 i; i < 100; ++i) {
            uint256 r = uint256(keccak256(abi.encode("through", i)));
            try _handler.redirectThrough(r, r >> 8, r >> 16, r >> 24, uint96(r >> 32), r >> 128 & 1 == 0) {
                ++through;
            } catch {}
        }
        yes(through > 20, "and some through a subject");
        for (uint256 i; i < done.length; ++i) {
            yes(done[i] > 80, "at least two in five");
        }
    }

    /// @dev One campaign for all three.
    function invariant_1_2_3() external view {
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
        for (uint256 c; c < _handler.CURRENCIES(); ++c) {
            if (c == _handler.LIAR()) continue;
            _books(c);
            _world(c);
        }
    }

    /// @dev However the run went: whoever is honest is paid to the base unit.
    function afterInvariant() external {
        for (uint256 c; c < _handler.CURRENCIES(); ++c) {
            if (c == _handler.LIAR()) continue;
            _handler.settle(c);
            _books(c);
            _settled(c);
        }
        yes(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    // Invariant 1: for each token, the splitter holds at least the sum over splits and subjects of received − passed
    // on; only what was forced on it is more, to the base unit.
    // Invariant 2: no split or subject passes on more than it received; no leaf more than its share of it.
    function _books(uint256 c) private view {
        address currency = _handler.currencies(c);
        uint256 owed = splitter.received(_handler.keyOf(_handler.NOBODY()), currency);
        uint256 income;
        for (uint256 i; i < _nodes; ++i) {
            bytes32 key = _handler.keyOf(i);
            income += splitter.income(key, currency);
            if (i < _firstSplit) continue;
            // Of a subject only what waits is kept.
            owed += i < _firstSubject ? splitter.received(key, currency) : splitter.held(key, currency);
        }
        bytes32 split;
        uint256 left;
        for (uint256 i; i < _leaves.length; ++i) {
            Leaf memory leaf = _leaves[i];
            if (leaf.split != split) (split, left) = (leaf.split, splitter.received(leaf.split, currency));
            uint256 claimed = splitter.claimed(leaf.split, currency, leaf.lo);
            uint256 received = splitter.received(leaf.split, currency);
            yes(claimed * leaf.total <= received * leaf.shares, "2: a leaf was passed more than its share");
            yes(claimed <= left, "2: a split passed on more than it received");
            left -= claimed;
            owed -= claimed;
        }
        eq(_handler.balance(c, address(splitter)), owed + _handler.forced(c), "1: what is held");
        eq(income, _handler.entered(c), "income is what entered");
    }

    // Invariant 3: money leaves only to a payee proved under a split, to whom a subject resolves, or to where that payee
    // signed. The handler looks at every call who got richer; here, that nothing went where nobody looks.
    function _world(uint256 c) private view {
        if (c == _handler.FEE()) return;
        uint256 found = _handler.balance(c, address(splitter));
        for (uint256 i; i < 10; ++i) {
            found += _handler.balance(c, _handler.watched(i));
        }
        eq(found, _handler.made(c), "3: in = out");
        eq(_handler.balance(c, _handler.CALLER()), 0, "3: who calls gets nothing");
    }

    // Exactly its share rounded down, so at most one base unit per leaf is outstanding.
    function _settled(uint256 c) private view {
        address currency = _handler.currencies(c);
        for (uint256 i; i < _leaves.length; ++i) {
            Leaf memory leaf = _leaves[i];
            if (leaf.payee >= _handler.HONEST()) continue;
            uint256 received = splitter.received(leaf.split, currency);
            eq(
                splitter.claimed(leaf.split, currency, leaf.lo),
                received * leaf.shares / leaf.total,
                "an honest payee is owed"
            );
        }
    }
}
