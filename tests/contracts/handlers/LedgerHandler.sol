// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RevenueSplitter} from "../../../contracts/RevenueSplitter.sol";
import {IRevenueSplitter} from "../../../contracts/interfaces/IRevenueSplitter.sol";
import {Approval} from "../../../contracts/interfaces/ISigned.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Reentrant} from "../utils/HostilePayees.sol";
import {HostileSubjects} from "../utils/HostileSubjects.sol";
import {BlacklistToken, TwistingToken} from "../utils/HostileTokens.sol";
import {vm} from "../utils/Vm.sol";
import {LedgerCast} from "./LedgerCast.sol";

/// @notice Everything that anybody can do to the ledger, by anybody, to anybody. What achieves nothing reverts, so that
/// Forge counts what achieves something. What must never happen is kept in `broken` for the invariants to find.
contract LedgerHandler is LedgerCast {
    /// The first thing that happened and must not, in words.
    string public broken;

    /// What was made, in each currency, and where the ledger cannot be blamed for it.
    mapping(uint256 c => uint256) public made;
    /// What entered by deposit or sweep, and what was forced on the splitter.
    mapping(uint256 c => uint256) public entered;
    mapping(uint256 c => uint256) public forced;
    /// What each watched account had when somebody last looked.
    mapping(uint256 c => mapping(uint256 watched => uint256)) private _had;

    constructor(RevenueSplitter splitter) LedgerCast(splitter) {
        for (uint256 i; i < 3; ++i) {
            arm(i, i, i, i);
        }
        // Money everywhere, so that claims have something to claim from the first call on.
        for (uint256 c; c < CURRENCIES; ++c) {
            for (uint256 i = firstSplit; i < nodes(); ++i) {
                if (i != NOBODY) deposit(i, c, 1e12 + uint96(i), 0);
            }
        }
    }

    // Paying in

    function deposit(uint256 to, uint256 c, uint96 amount, uint256 by) public {
        c %= CURRENCIES;
        to %= nodes();
        uint256 payer = _payer(by);
        uint256 given = _amount(c, amount);
        _give(c, payer, given);
        // More than needed, now and then: the rest comes back, and not to everybody with thanks.
        uint256 extra = c == ETHER && by % 3 == 0 ? 7 : 0;
        if (extra != 0) _give(c, payer, extra);
        vm.prank(watched[payer]);
        uint256 received =
            SPLITTER.deposit{value: c == ETHER ? given + extra : 0}(keyOf(to), openingOf(to), currencies[c], given, 0);
        if (c != FEE && c != LIAR && received != given) _break("deposited is not what arrived");
        if (to == ZERO || to == ITSELF || to == NOBODY) _break("paid what cannot be paid");
        entered[c] += received;
        _after(c, _mayBePaid(to), payer);
    }

    /// @dev A plain transfer to the payment address, then anybody sweeps.
    function sweep(uint256 to, uint256 c, uint96 amount) external {
        c %= CURRENCIES;
        to %= nodes();
        address from = SPLITTER.paymentAddress(keyOf(to));
        _make(c, from, _amount(c, amount));
        vm.prank(CALLER);
        entered[c] += SPLITTER.sweep(keyOf(to), openingOf(to), currencies[c]);
        if (to == ZERO || to == ITSELF || to == NOBODY) _break("paid what cannot be paid");
        if (c != LIAR && _balance(c, from) != 0) _break("swept and not empty");
        _after(c, _mayBePaid(to), watched.length);
    }

    /// @dev What a self-destructing contract, a block reward or a plain token transfer can do.
    function force(uint256 c, uint96 amount) external {
        c %= CURRENCIES;
        uint256 before = _balance(c, address(SPLITTER));
        _make(c, address(SPLITTER), amount % 1e9 + 1);
        forced[c] += _balance(c, address(SPLITTER)) - before;
    }

    // Passing on

    function claim(uint256 split, uint256 leaf, uint256 c, bool open, bool byPayee) external {
        c %= CURRENCIES;
        (Place storage place, uint256 amount) = _somethingDue(split, leaf, c);
        bool isWallet = place.payee < WALLETS;
        address caller = byPayee && isWallet ? watched[place.payee] : CALLER;
        bytes memory opening = open && place.payee >= firstSubject ? openingOf(place.payee) : bytes("");
        vm.prank(caller);
        if (SPLITTER.claim(place.share, currencies[c], opening) != amount) _break("claimed is not what was due");
        if (place.payee == ZERO || place.payee == ITSELF) _break("paid what cannot be paid");
        _after(c, isWallet || opening.length != 0 ? _mayBePaid(place.payee) : 0, watched.length);
    }

    /// @dev What waits in a subject; when nothing does, something is paid in while it does not answer. `to` is whom it
    /// stands for then, unless it stays as it is.
    function resolve(uint256 subject, uint256 c, uint256 to, bool mended) external {
        c %= CURRENCIES;
        uint256 node = firstSubject + subject % SUBJECTS;
        if (SPLITTER.held(keyOf(node), currencies[c]) == 0) {
            REGISTRY.set(subjectId(node), HostileSubjects.Mood.Reverting, 0, 0);
            deposit(node, c, uint96(1 + to % 1e9), 2);
            mended = true;
        }
        if (mended) REGISTRY.set(subjectId(node), HostileSubjects.Mood.Answering, keyOf(to % nodes()), 0);
        uint256 amount = SPLITTER.held(keyOf(node), currencies[c]);
        vm.prank(CALLER);
        uint256 moved = SPLITTER.resolve(address(REGISTRY), subjectId(node), currencies[c]);
        if (moved != amount) _break("resolved is not what was held");
        _after(c, _mayBePaid(node), watched.length);
    }

    /// @dev What an honest wallet is due goes where it signed and nowhere else, whoever brings it; to another wallet's
    /// loss or a hostile one's gain only as it signed.
    function redirect(uint256 split, uint256 leaf, uint256 c, uint256 to) external {
        c %= CURRENCIES;
        to %= WALLETS;
        (Place storage place, uint256 amount) = _somethingDue(split, leaf, c);
        if (place.payee >= HONEST) revert("only who signs");
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(
            SPLITTER.redirect, (watched[place.payee], watched[to], _approval(place.payee, watched[to], amount))
        );
        calls[1] = abi.encodeCall(SPLITTER.claim, (place.share, currencies[c], ""));
        uint256 had = _balance(c, watched[to]);
        vm.prank(CALLER);
        SPLITTER.multicall(calls, false);
        if (c != FEE && c != LIAR && _balance(c, watched[to]) - had != amount) {
            _break("redirected is not what was due");
        }
        _after(c, 1 << to, watched.length);
    }

    /// @dev The same of what an honest wallet is due through a subject: what waited for it, or what comes in.
    function redirectThrough(uint256 subject, uint256 c, uint256 whose, uint256 to, uint96 amount, bool waits)
        external
    {
        c %= CURRENCIES;
        (whose, to) = (whose % HONEST, to % WALLETS);
        uint256 node = firstSubject + subject % SUBJECTS;
        if (waits) {
            REGISTRY.set(subjectId(node), HostileSubjects.Mood.Reverting, 0, 0);
            deposit(node, c, amount, 2);
        }
        REGISTRY.set(subjectId(node), HostileSubjects.Mood.Answering, keyOf(whose), 0);
        bytes[] memory calls = new bytes[](2);
        calls[0] =
            abi.encodeCall(SPLITTER.redirect, (watched[whose], watched[to], _approval(whose, watched[to], amount)));
        calls[1] = abi.encodeCall(SPLITTER.resolve, (address(REGISTRY), subjectId(node), currencies[c]));
        if (!waits) {
            _make(c, SPLITTER.paymentAddress(keyOf(node), openingOf(node)), _amount(c, amount));
            calls[1] = abi.encodeCall(SPLITTER.sweep, (keyOf(node), openingOf(node), currencies[c]));
        }
        uint256 waited = SPLITTER.held(keyOf(node), currencies[c]);
        uint256 had = _balance(c, watched[to]);
        vm.prank(CALLER);
        uint256 came = abi.decode(SPLITTER.multicall(calls, false)[1].data, (uint256));
        if (!waits) entered[c] += came;
        uint256 due = waits ? waited : waited + came;
        uint256 left = SPLITTER.held(keyOf(node), currencies[c]);
        if (left != 0 && left != due) _break("redirected in part");
        if (c != FEE && c != LIAR && left == 0 && _balance(c, watched[to]) - had != due) {
            _break("redirected through a subject is not what was due");
        }
        _after(c, 1 << to, watched.length);
    }

    function _approval(uint256 payee, address to, uint256 nonce) private view returns (Approval memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Kiseki RevenueSplitter"),
                keccak256("1"),
                block.chainid,
                address(SPLITTER)
            )
        );
        bytes32 told = keccak256(
            abi.encode(
                keccak256("Redirect(address payee,address to,uint256 nonce,uint256 deadline)"),
                watched[payee],
                to,
                nonce,
                block.timestamp
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(payee), keccak256(abi.encodePacked(hex"1901", domain, told)));
        return Approval(nonce, block.timestamp, abi.encodePacked(r, s, v));
    }

    /// @dev A leaf that the author of a split lied about, or a zero one, can never be shown.
    function lie(uint256 which, uint256 c) external {
        c %= CURRENCIES;
        vm.prank(CALLER);
        try SPLITTER.claim(_lies[which % _lies.length], currencies[c], "") returns (uint256) {
            _break("a false leaf was believed");
        } catch {}
        _after(c, 0, watched.length);
    }

    // Several calls in one

    /// @dev Four calls of any kind on one value, most of which work.
    function multicall(uint256 seed, uint256 c, uint96 amount, bool allowFailure) external {
        c %= CURRENCIES;
        uint256 given = _amount(c, amount);
        _give(c, PAYER, given);
        bytes[] memory calls = new bytes[](4);
        uint256 mask;
        uint256 nested = 4;
        for (uint256 i; i < 4; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            uint256 kind = random % (allowFailure ? 5 : 3);
            if (kind == 4) nested = i;
            uint256 touched;
            (calls[i], touched) = _part(kind, random >> 8, c, given / 4);
            mask |= touched;
        }
        vm.prank(watched[PAYER]);
        IRevenueSplitter.Result[] memory results =
            SPLITTER.multicall{value: c == ETHER ? given : 0}(calls, allowFailure);
        if (nested < 4 && results[nested].success) _break("a multicall in a multicall");
        for (uint256 i; i < 4; ++i) {
            bytes4 selector = bytes4(calls[i]);
            if (results[i].success && (selector == SPLITTER.deposit.selector || selector == SPLITTER.sweep.selector)) {
                entered[c] += abi.decode(results[i].data, (uint256));
            }
        }
        _after(c, mask, PAYER);
    }

    function _part(uint256 kind, uint256 random, uint256 c, uint256 amount)
        private
        view
        returns (bytes memory call, uint256 mask)
    {
        uint256 to = random % nodes();
        if (kind == 0 && to != ZERO && to != ITSELF && to != NOBODY) {
            call = abi.encodeCall(SPLITTER.deposit, (keyOf(to), openingOf(to), currencies[c], amount, 0));
            return (call, _mayBePaid(to));
        }
        if (kind == 2) {
            // What the payment address among the wallets was paid comes back in.
            return (abi.encodeCall(SPLITTER.sweep, (keyOf(firstSplit), openingOf(firstSplit), currencies[c])), 0);
        }
        if (kind == 3) {
            to = firstSubject + random % SUBJECTS;
            call = abi.encodeCall(SPLITTER.resolve, (address(REGISTRY), subjectId(to), currencies[c]));
            return (call, _mayBePaid(to));
        }
        if (kind == 4) return (abi.encodeCall(SPLITTER.multicall, (new bytes[](0), true)), 0);
        Place storage place = _placeOf(random, random >> 8);
        call = abi.encodeCall(SPLITTER.claim, (place.share, currencies[c], ""));
        return (call, place.payee < WALLETS ? _mayBePaid(place.payee) : 0);
    }

    // Changing one's mind

    /// @dev One subject's answer: any node, itself, zero, the splitter, what nobody can open; in any mood.
    function changeSubject(uint256 subject, uint256 to, uint256 other, uint256 mood) external {
        // Half of them just answer, or money would wait for ever.
        uint256 choice = mood % 16 > 7 ? 0 : mood % 8;
        REGISTRY.set(
            bytes32(subject % SUBJECTS), HostileSubjects.Mood(choice), keyOf(to % nodes()), keyOf(other % nodes())
        );
    }

    function blacklist(uint256 who, bool on) external {
        BlacklistToken(currencies[BLACKLIST]).list(watched[who % WALLETS], on);
    }

    function twist(uint256 mood) external {
        TwistingToken(currencies[LIAR]).setMood(TwistingToken.Mood(mood % 6));
    }

    /// @dev What those who reenter say when they are called: each of the ledger's entries in turn.
    function arm(uint256 who, uint256 kind, uint256 split, uint256 c) public {
        bytes memory call;
        (Place storage place, address currency) = (_placeOf(split % 3, kind >> 8), currencies[c % CURRENCIES]);
        if (kind % 5 == 0) call = abi.encodeCall(SPLITTER.claim, (place.share, currency, ""));
        if (kind % 5 == 1) call = abi.encodeCall(SPLITTER.deposit, (keyOf(0), "", address(0), 1, 0));
        if (kind % 5 == 2) {
            call = abi.encodeCall(SPLITTER.resolve, (address(REGISTRY), subjectId(firstSubject), currency));
        }
        if (kind % 5 == 3) call = abi.encodeCall(SPLITTER.sweep, (keyOf(firstSplit), openingOf(firstSplit), currency));
        if (kind % 5 == 4) call = abi.encodeCall(SPLITTER.multicall, (new bytes[](0), true));
        _reentrant(who % 3).arm(address(SPLITTER), call);
    }

    // The end of a run

    /// @dev Everything that is due to whom can be paid is paid, however hostile the others are.
    function settle(uint256 c) external {
        if (c == BLACKLIST) {
            for (uint256 i; i < WALLETS; ++i) {
                BlacklistToken(currencies[c]).list(watched[i], false);
            }
        }
        for (uint256 i; i < _places.length; ++i) {
            Place storage place = _places[i];
            if (place.payee >= HONEST) continue;
            uint256 amount = _due(place, c);
            if (amount == 0) continue;
            uint256 had = _balance(c, watched[place.payee]);
            vm.prank(CALLER);
            if (SPLITTER.claim(place.share, currencies[c], "") != amount) _break("settled is not what was due");
            uint256 paid = _balance(c, watched[place.payee]) - had;
            if (paid != amount - (c == FEE ? amount / 100 : 0)) _break("an honest payee got less");
            _after(c, _mayBePaid(place.payee), watched.length);
        }
        REGISTRY.set(0, HostileSubjects.Mood.Answering, keyOf(0), 0);
        vm.prank(CALLER);
        SPLITTER.resolve(address(REGISTRY), subjectId(firstSubject), currencies[c]);
        _after(c, _mayBePaid(firstSubject), watched.length);
        if (SPLITTER.held(keyOf(firstSubject), currencies[c]) != 0) _break("an honest subject still holds");
    }

    // Keeping watch

    /// @dev Invariant 3: of all accounts only those richer that this call could pay. And nothing is left locked.
    function _after(uint256 c, uint256 mayBePaid, uint256 payer) private {
        for (uint256 i; i < watched.length; ++i) {
            uint256 has = _balance(c, watched[i]);
            uint256 had = _had[c][i];
            if (has == had) continue;
            if (has > had && mayBePaid >> i & 1 == 0 && c != LIAR) _break("somebody else was paid");
            // Only the payment address is emptied, and only into the ledger; a payer parts with what it pays.
            if (has < had && i != payer && i != ADDRESS && c != LIAR) _break("somebody else paid");
            _had[c][i] = has;
        }
        try SPLITTER.multicall(new bytes[](0), false) returns (IRevenueSplitter.Result[] memory) {}
        catch {
            _break("the lock is not free");
        }
        for (uint256 i; i < 3; ++i) {
            if (_reentrant(i).gotIn() != 0) _break("reentered");
        }
    }

    function _reentrant(uint256 which) private view returns (Reentrant) {
        return
            which == 0
                ? Reentrant(watched[REENTERING])
                : which == 1 ? Reentrant(currencies[HOOKED]) : Reentrant(REGISTRY);
    }

    function _break(string memory what) private {
        if (bytes(broken).length == 0) broken = what;
    }

    function _payer(uint256 by) private pure returns (uint256) {
        return by % 8 == 0 ? REENTERING : by % 8 == 1 ? FLOODING : PAYER;
    }

    function _amount(uint256 c, uint96 amount) private pure returns (uint256) {
        return c == HUGE ? uint256(amount) << 31 | 4 : c == LIAR || amount < 4 ? amount % 1e9 + 4 : amount;
    }

    /// @dev Makes money for `who`, to be paid in.
    function _give(uint256 c, uint256 who, uint256 amount) private {
        _make(c, watched[who], amount);
        _had[c][who] = _balance(c, watched[who]);
        if (c == ETHER) return;
        vm.prank(watched[who]);
        TestToken(currencies[c]).approve(address(SPLITTER), amount);
    }

    function _make(uint256 c, address to, uint256 amount) private {
        made[c] += amount;
        if (c == ETHER) vm.deal(to, to.balance + amount);
        else TestToken(currencies[c]).mint(to, amount);
    }

    /// @dev A leaf to which something is due, from the one given on.
    function _somethingDue(uint256 split, uint256 leaf, uint256 c)
        private
        view
        returns (Place storage place, uint256 amount)
    {
        place = _placeOf(split, leaf);
        for (uint256 i; i < 6 && amount == 0; ++i) {
            place = _placeOf(split, leaf + i);
            amount = _due(place, c);
        }
        require(amount != 0, "nothing due");
    }

    function _due(Place storage place, uint256 c) private view returns (uint256) {
        uint256 received = SPLITTER.received(place.split, currencies[c]);
        return received * place.shares / place.total - SPLITTER.claimed(place.split, currencies[c], place.lo);
    }
}
