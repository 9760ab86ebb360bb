// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GuardianApproval, IAccount} from "../../../contracts/interfaces/IAccount.sol";
import {Call} from "../../../contracts/types/Call.sol";
import {Keyring} from "../utils/Keyring.sol";
import {Vm, vm} from "../utils/Vm.sol";

/// @notice Is called by an account in the middle of an operation, and tries there whatever the handler gave it.
contract Meddler {
    address private _target;
    bytes private _call;
    bool public got;

    function prepare(address target, bytes calldata call_) external {
        (_target, _call, got) = (target, call_, false);
    }

    receive() external payable {
        if (_target != address(0)) (got,) = _target.call(_call);
    }
}

/// @notice An account with everybody around it: an owner with six possible keys, guardians who agree, collude, or sign for
/// another round, and a thief who brings every signature that was ever seen again. What may happen is worked out here a
/// second time, and what did happen is also read from the events alone.
contract AccountHandler is Keyring {
    struct Seen {
        Call[] calls;
        uint256 nonce;
        bytes signature;
        bool used;
    }

    /// What the account must be.
    struct State {
        bool[6] keys;
        uint256 guardians;
        uint256 threshold;
        uint256 wait;
        uint256 round;
        uint256 from;
        uint256 newKey;
    }

    uint256 private constant FOREVER = type(uint256).max;

    string public broken;
    /// Operations, refused ones, starts, refused starts, completions, stops, meddlings.
    uint256[7] public done;
    /// Whether the owner looks before every waiting time is over.
    bool private _awake = true;
    State private _state;
    State private _told;
    Actor[6] private _people;
    Seen[] private _seen;
    Meddler private _meddler = new Meddler();
    uint256 private _in;
    uint256 private _out;
    uint256 private _next;
    uint256 private _now = START;

    constructor() {
        setUp();
        _state.keys[0] = _told.keys[0] = true;
        string[6] memory names = ["one", "two", "three", "four", "five", "six"];
        for (uint256 i; i < 6; ++i) {
            Actor memory one = _actor(names[i]);
            uint256 j = i;
            for (; j > 0 && one.wallet < _people[j - 1].wallet; --j) {
                _people[j] = _people[j - 1];
            }
            _people[j] = one;
        }
    }

    /// @dev Recording begins with each call: between two of them Forge forgets.
    modifier watched() {
        vm.recordLogs();
        _;
        _look();
    }

    // Who there is

    /// @dev Three passkeys and three wallets; the wallets are guardians now and then, too.
    function _key(uint256 which) private view returns (bytes memory) {
        return which < 3 ? _passkey(PHONE + which) : _walletKey(_people[which].wallet);
    }

    function _signed(uint256 which, bytes32 digest) private view returns (bytes memory) {
        return which < 3 ? _byPasskey(PHONE + which, digest) : _byWallet(_people[which], digest);
    }

    function _count() private view returns (uint256 count) {
        for (uint256 i; i < 6; ++i) {
            if (_state.keys[i]) ++count;
        }
    }

    function _names(uint256 mask) private view returns (address[] memory all) {
        all = new address[](6);
        uint256 count;
        for (uint256 i; i < 6; ++i) {
            if (mask >> i & 1 == 1) all[count++] = _people[i].wallet;
        }
        assembly {
            mstore(all, count)
        }
    }

    // What happens

    function pay(uint256 amount) external watched {
        amount = amount % 1 ether;
        vm.deal(buyer.wallet, amount);
        vm.prank(buyer.wallet);
        (bool success,) = address(account).call{value: amount}("");
        if (!success) _break("takes no ether");
        _in += amount;
    }

    /// @dev One of the keys signs up to three calls.
    function operate(uint256 by, uint256 what, uint256 how) external watched {
        _operate(by % 6, what, how);
    }

    /// @return Whether it was executed.
    function _operate(uint256 by, uint256 what, uint256 how) private returns (bool) {
        State memory then = _state;
        uint256 out;
        Call[] memory calls = new Call[](1 + what % 3);
        bool possible = _state.keys[by];
        for (uint256 i; i < calls.length; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(what, how, i)));
            bool fits;
            uint256 value;
            (calls[i], fits, value) = _one(then, dice, address(account).balance - out);
            out += value;
            possible = possible && fits;
        }
        Seen storage seen = _seen.push();
        for (uint256 i; i < calls.length; ++i) {
            seen.calls.push(calls[i]);
        }
        seen.nonce = _next++;
        seen.signature = _signed(by, _executeDigest(address(account), calls, seen.nonce, FOREVER));
        vm.prank(stranger.wallet);
        try account.execute(calls, seen.nonce, FOREVER, seen.signature) {
            if (!possible) _break("executed what must not be");
            seen.used = true;
            if (_state.from != 0 && then.from == 0) ++done[5];
            _state = then;
            _out += out;
            ++done[0];
            return true;
        } catch {
            // Forge records what was taken back, too.
            vm.getRecordedLogs();
            if (possible) _break("did not execute what it must");
            ++done[1];
            return false;
        }
    }

    /// @dev One call, what becomes of `then`, and whether the account lets it pass.
    function _one(State memory then, uint256 dice, uint256 balance)
        private
        view
        returns (Call memory call_, bool fits, uint256 value)
    {
        uint256 which = (dice >> 8) % 6;
        call_.to = address(account);
        fits = true;
        if (dice % 8 < 3) {
            value = (dice >> 16) % (balance + 1 + balance / 8);
            (call_.to, call_.value) = (dice % 8 == 0 ? address(_meddler) : artist.wallet, value);
            fits = value <= balance;
            if (!fits) value = 0;
        } else if (dice % 8 == 3) {
            call_.data = abi.encodeCall(IAccount.addKey, (_key(which)));
            fits = !then.keys[which];
            then.keys[which] = true;
        } else if (dice % 8 < 6) {
            call_.data = abi.encodeCall(IAccount.removeKey, (_key(which)));
            uint256 count;
            for (uint256 i; i < 6; ++i) {
                if (then.keys[i]) ++count;
            }
            fits = then.keys[which] && count > 1;
            then.keys[which] = false;
        } else if (dice % 8 == 6) {
            call_.data = abi.encodeCall(IAccount.stopRecovery, ());
            (then.from, then.round) = (0, then.round + 1);
        } else {
            (then.guardians, then.wait) = ((dice >> 16) % 64, 30 days + (dice >> 32) % 10 days);
            address[] memory all = _names(then.guardians);
            then.threshold = all.length == 0 ? 0 : 1 + (dice >> 24) % all.length;
            if (all.length == 0) then.wait = 0;
            (then.from, then.round) = (0, then.round + 1);
            call_.data = abi.encodeCall(IAccount.setGuardians, (all, then.threshold, then.wait));
        }
    }

    /// @dev What was signed once, by whatever is a key now, comes again, or changed, or with somebody else's signature.
    function attack(uint256 which, uint256 how) external watched {
        if (_seen.length == 0) return;
        Seen storage seen = _seen[which % _seen.length];
        Call[] memory calls = seen.calls;
        (uint256 nonce, bytes memory signature) = (seen.nonce, seen.signature);
        if (how % 4 == 0 && !seen.used) nonce = _next++;
        if (how % 4 == 1) calls[0].value += 1;
        if (how % 4 == 2) signature = _byPasskey(THIEF, _executeDigest(address(account), calls, nonce, FOREVER));
        if (how % 4 == 3 && !seen.used) return;
        vm.prank(stranger.wallet);
        try account.execute(calls, nonce, FOREVER, signature) {
            _break("executed what nobody signed");
        } catch {
            vm.getRecordedLogs();
        }
    }

    /// @dev Some people sign a recovery; they may be guardians or not, enough or not, and of this round or not.
    function start(uint256 who, uint256 newKey, uint256 how) external watched {
        newKey = newKey % 6;
        uint256 round = how % 5 == 0 ? _state.round + 1 : _state.round;
        who = how % 3 == 0 ? who % 64 : _state.guardians;
        address[] memory names = _names(who);
        GuardianApproval[] memory approvals = new GuardianApproval[](names.length);
        bytes32 digest = _recoveryDigest(address(account), _key(newKey), round, FOREVER);
        uint256 count;
        for (uint256 i; i < 6; ++i) {
            if (who >> i & 1 == 1) approvals[count++] = _byGuardian(_people[i], digest);
        }
        _begin(approvals, newKey, who, _state.round);
        // And once more: it counts once.
        _begin(approvals, newKey, who, round);
    }

    function _begin(GuardianApproval[] memory approvals, uint256 newKey, uint256 who, uint256 round) private {
        bytes32 digest = _recoveryDigest(address(account), _key(newKey), round, FOREVER);
        bool signed = approvals.length == 0
            || keccak256(approvals[0].signature) == keccak256(_sign(_people[_first(who)], digest));
        bool possible = signed && round == _state.round && _state.threshold != 0 && approvals.length >= _state.threshold
            && who & ~_state.guardians == 0;
        vm.prank(stranger.wallet);
        try account.startRecovery(_key(newKey), round, FOREVER, approvals) {
            if (!possible) _break("started without its guardians");
            (_state.round, _state.from, _state.newKey) = (round + 1, _now + _state.wait, newKey);
            _follow(vm.getRecordedLogs());
            ++done[2];
        } catch {
            vm.getRecordedLogs();
            if (possible) _break("did not start");
            ++done[3];
        }
    }

    function _first(uint256 mask) private pure returns (uint256 place) {
        while (mask >> place & 1 == 0) ++place;
    }

    function complete() external watched {
        bool possible = _state.from != 0 && _now >= _state.from;
        vm.prank(stranger.wallet);
        try account.completeRecovery() {
            if (!possible) _break("completed before its time");
            if (_awake) _break("completed against an owner who stops in time");
            delete _state.keys;
            _state.keys[_state.newKey] = true;
            _state.from = 0;
            ++done[4];
        } catch {
            vm.getRecordedLogs();
            if (possible) _break("did not complete");
        }
    }

    /// @dev An owner who looks stops what is open in its last second.
    function pass(uint256 time) external watched {
        uint256 to = _now + time % 50 days;
        if (_awake && _state.from != 0 && to >= _state.from) {
            vm.warp(_now = _state.from - 1);
            _stop();
        }
        if (to > _now) vm.warp(_now = to);
    }

    function _stop() private {
        uint256 by;
        while (!_state.keys[by]) ++by;
        Call[] memory calls = _one(address(account), 0, abi.encodeCall(IAccount.stopRecovery, ()));
        uint256 nonce = _next++;
        account.execute(calls, nonce, FOREVER, _signed(by, _executeDigest(address(account), calls, nonce, FOREVER)));
        (_state.from, _state.round) = (0, _state.round + 1);
        ++done[5];
    }

    /// @dev Owners fall asleep, and wake up where nothing is due.
    function mood() external {
        if (_awake || _state.from == 0 || _now < _state.from) _awake = !_awake;
    }

    /// @dev What the account calls in the middle of an operation tries to complete, to execute, or to change it.
    function meddle(uint256 how) external watched {
        if (how % 3 == 0) {
            _meddler.prepare(address(account), abi.encodeCall(IAccount.completeRecovery, ()));
        } else if (how % 3 == 1) {
            _meddler.prepare(address(account), abi.encodeCall(IAccount.addKey, (_passkey(THIEF))));
        } else {
            Call[] memory calls = _one(stranger.wallet, 0, "");
            uint256 by;
            while (!_state.keys[by]) ++by;
            bytes memory signature = _signed(by, _executeDigest(address(account), calls, _next, FOREVER));
            _meddler.prepare(address(account), abi.encodeCall(IAccount.execute, (calls, _next++, FOREVER, signature)));
        }
        uint256 first;
        while (!_state.keys[first]) ++first;
        Call[] memory two = new Call[](2);
        two[0] = Call(address(_meddler), address(account).balance / 2, "");
        two[1] = Call(artist.wallet, 0, "");
        _out += two[0].value;
        account.execute(two, _next, FOREVER, _signed(first, _executeDigest(address(account), two, _next, FOREVER)));
        ++_next;
        if (_meddler.got()) _break("meddled with");
        _meddler.prepare(address(0), "");
        ++done[6];
    }

    // What must be

    function _look() private {
        if (address(account).balance + _out != _in) _break("money that nobody moved");
        if (_count() == 0) _break("no key");
        _follow(vm.getRecordedLogs());
        bytes[] memory keys = account.keys();
        if (keys.length != _count()) _break("another number of keys");
        for (uint256 i; i < 6; ++i) {
            bool there;
            for (uint256 j; j < keys.length; ++j) {
                there = there || keccak256(keys[j]) == keccak256(_key(i));
            }
            if (there != _state.keys[i]) _break("other keys");
            if (there != _told.keys[i]) _break("events tell other keys");
        }
        (address[] memory names, uint256 threshold, uint256 wait) = account.guardians();
        if (keccak256(abi.encode(names)) != keccak256(abi.encode(_names(_state.guardians)))) _break("other guardians");
        if (threshold != _state.threshold || wait != _state.wait) _break("another threshold or wait");
        (bytes memory newKey, uint256 from, uint256 round) = account.recovery();
        if (from != _state.from || round != _state.round) _break("another recovery");
        if (from != 0 && keccak256(newKey) != keccak256(_key(_state.newKey))) _break("another new key");
        if (from != _told.from || round != _told.round || wait != _told.wait || threshold != _told.threshold) {
            _break("events tell another recovery");
        }
        if (_state.guardians != _told.guardians) _break("events tell other guardians");
    }

    /// @dev As an index does, from the events alone.
    function _follow(Vm.Log[] memory logs) private {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(account)) continue;
            bytes32 topic = logs[i].topics[0];
            bytes memory told = logs[i].data;
            if (topic == IAccount.KeyAdded.selector) {
                _told.keys[_which(abi.decode(told, (bytes)))] = true;
            } else if (topic == IAccount.KeyRemoved.selector) {
                _told.keys[_which(abi.decode(told, (bytes)))] = false;
            } else if (topic == IAccount.GuardiansSet.selector) {
                address[] memory names;
                (names, _told.threshold, _told.wait) = abi.decode(told, (address[], uint256, uint256));
                _told.guardians = 0;
                for (uint256 j; j < 6; ++j) {
                    for (uint256 k; k < names.length; ++k) {
                        if (names[k] == _people[j].wallet) _told.guardians |= 1 << j;
                    }
                }
            } else if (topic == IAccount.RecoveryStarted.selector) {
                (, _told.from) = abi.decode(told, (bytes, uint256));
                _told.round = uint256(logs[i].topics[1]) + 1;
            } else if (topic == IAccount.RecoveryStopped.selector) {
                _told.from = 0;
                _told.round = uint256(logs[i].topics[1]) + 1;
            } else if (topic == IAccount.RecoveryCompleted.selector) {
                delete _told.keys;
                _told.keys[_which(abi.decode(told, (bytes)))] = true;
                _told.from = 0;
            }
        }
    }

    function _which(bytes memory key) private view returns (uint256 which) {
        while (keccak256(_key(which)) != keccak256(key)) ++which;
    }

    function _break(string memory how) private {
        if (bytes(broken).length == 0) broken = how;
    }
}
