// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RightsToken} from "../../../contracts/RightsToken.sol";
import {Escrow} from "../../../contracts/conditions/Escrow.sol";
import {IRightsToken} from "../../../contracts/interfaces/IRightsToken.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Condition, Schedule} from "../../../contracts/types/Schedule.sol";
import {HostileCondition} from "../utils/HostileConditions.sol";
import {Rejecting} from "../utils/Mocks.sol";
import {ReenteringToken} from "../utils/HostileTokens.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Everything that anybody can do to some tokens that are scheduled on hostile conditions and sold through the
/// escrow. What must never happen is kept in `broken`.
contract ScheduleHandler {
    uint256 public constant TOKENS = 3;
    uint256 public constant PEOPLE = 4;
    uint256 public constant CURRENCIES = 3;

    RightsToken public immutable RIGHTS;
    Escrow public immutable ESCROW;
    HostileCondition public immutable CONDITION;

    string public broken;
    /// What each did that achieved something: scheduled, executed, lapsed, cancelled, transferred, paid in, settled.
    uint256[7] public done;

    uint256[TOKENS] public tokens;
    address[PEOPLE] public people;
    address[CURRENCIES] public currencies;
    /// All that were ever made, and what each was last seen as.
    Schedule[] private _schedules;
    bytes32[] public scheduleIds;
    IRightsToken.State[] private _states;
    /// What lies in escrow, in each currency, by our own books.
    mapping(uint256 c => uint256) public inEscrow;
    mapping(bytes32 payment => address payer) private _payers;

    constructor(RightsToken rights, Escrow escrow, uint256[TOKENS] memory tokens_, address[PEOPLE] memory people_) {
        (RIGHTS, ESCROW) = (rights, escrow);
        (tokens, people) = (tokens_, people_);
        CONDITION = new HostileCondition();
        // One that takes no ether: its money must be able to wait.
        vm.etch(people[3], address(new Rejecting()).code);
        currencies[1] = address(new TestToken());
        currencies[2] = address(new ReenteringToken());
        for (uint256 i; i < PEOPLE; ++i) {
            vm.deal(people[i], 1e30);
            for (uint256 c = 1; c < CURRENCIES; ++c) {
                TestToken(currencies[c]).mint(people[i], 1e30);
                vm.prank(people[i]);
                TestToken(currencies[c]).approve(address(escrow), type(uint256).max);
            }
        }
    }

    function count() external view returns (uint256) {
        return scheduleIds.length;
    }

    function mood(uint256 which) external {
        CONDITION.setMood(HostileCondition.Mood(which % 10));
    }

    /// @dev What a condition and a currency call when they are called.
    function arm(uint256 which, uint256 s) external {
        if (scheduleIds.length == 0) revert("none");
        Schedule memory made = _schedules[s % _schedules.length];
        bytes memory call_ = which % 3 == 0
            ? abi.encodeCall(RIGHTS.execute, (made))
            : which % 3 == 1
                ? abi.encodeCall(RIGHTS.lapse, (made))
                : abi.encodeCall(ESCROW.settle, (scheduleIds[s % scheduleIds.length], currencies[1], 1 + which % 3));
        CONDITION.arm(which % 2 == 0 ? address(RIGHTS) : address(ESCROW), call_);
        ReenteringToken(currencies[2]).arm(which % 3 == 2 ? address(ESCROW) : address(RIGHTS), call_);
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + time % 2 days);
    }

    function schedule(uint256 t, uint256 to, uint256 kind, uint256 price) external {
        uint256 tokenId = tokens[t % TOKENS];
        address holder = RIGHTS.ownerOf(tokenId);
        Condition[] memory conditions = new Condition[](1 + kind % 2);
        conditions[0] = kind % 3 == 0
            ? Condition(address(CONDITION), "")
            : Condition(address(ESCROW), abi.encode(currencies[kind % CURRENCIES], 1 + price % 3));
        if (kind % 2 == 1) conditions[1] = Condition(address(CONDITION), "");
        uint64 nonce = RIGHTS.rightsOf(tokenId).schedules;
        uint64 deadline = uint64(block.timestamp + 1 days);
        address beneficiary = people[to % PEOPLE];
        vm.prank(holder);
        bytes32 scheduleId = RIGHTS.schedule(tokenId, beneficiary, conditions, deadline);
        Schedule storage made = _schedules.push();
        (made.tokenId, made.nonce, made.holder, made.beneficiary, made.deadline) =
        (tokenId, nonce, holder, beneficiary, deadline);
        for (uint256 i; i < conditions.length; ++i) {
            made.conditions.push(conditions[i]);
        }
        if (RIGHTS.scheduleIdOf(made) != scheduleId) _break("another ID than of what was agreed");
        scheduleIds.push(scheduleId);
        _states.push(IRightsToken.State.Open);
        ++done[0];
    }

    function execute(uint256 s, uint256 by) external {
        Schedule memory made = _some(s);
        address before = RIGHTS.ownerOf(made.tokenId);
        bool met = _isMet(made, scheduleIds[s % scheduleIds.length]);
        vm.prank(people[by % PEOPLE]);
        RIGHTS.execute{gas: 10_000_000}(made);
        if (!met) _break("executed though a condition is not met");
        if (before != made.holder) _break("moved from somebody else");
        if (RIGHTS.ownerOf(made.tokenId) != made.beneficiary) _break("moved to somebody else");
        ++done[1];
    }

    function lapse(uint256 s) external {
        Schedule memory made = _some(s);
        RIGHTS.lapse(made);
        if (block.timestamp <= made.deadline) _break("lapsed before its deadline");
        if (RIGHTS.ownerOf(made.tokenId) != made.holder) _break("lapsed and not with the holder");
        ++done[2];
    }

    function cancel(uint256 s, uint256 by) external {
        Schedule memory made = _some(s);
        address party = people[by % PEOPLE];
        if (by % 2 == 0) party = by % 4 == 0 ? made.holder : made.beneficiary;
        vm.prank(party);
        RIGHTS.cancel(made);
        if (party != made.holder && party != made.beneficiary) _break("cancelled by a stranger");
        ++done[3];
    }

    /// @dev By the holder, or whom it approved, or nobody in particular.
    function transfer(uint256 t, uint256 to, uint256 by) external {
        uint256 tokenId = tokens[t % TOKENS];
        address holder = RIGHTS.ownerOf(tokenId);
        address mover = people[by % PEOPLE];
        vm.prank(holder);
        RIGHTS.setApprovalForAll(mover, by % 3 != 0);
        bool locked = RIGHTS.locked(tokenId);
        bool allowed = mover == holder || by % 3 != 0;
        vm.prank(mover);
        RIGHTS.transferFrom(holder, people[to % PEOPLE], tokenId);
        if (locked) _break("6: a locked token was moved");
        if (!allowed) _break("moved by a stranger");
        ++done[4];
    }

    function payIn(uint256 s, uint256 c, uint256 price, uint256 by) external {
        _some(s);
        c %= CURRENCIES;
        price = 1 + price % 3;
        bytes32 scheduleId = scheduleIds[s % scheduleIds.length];
        address payer = people[by % PEOPLE];
        vm.prank(payer);
        ESCROW.pay{value: c == 0 ? price : 0}(scheduleId, currencies[c], price);
        inEscrow[c] += price;
        _payers[keccak256(abi.encode(scheduleId, c, price))] = payer;
        ++done[5];
    }

    function settle(uint256 s, uint256 c, uint256 price, uint256 by) external {
        c %= CURRENCIES;
        price = 1 + price % 3;
        if (scheduleIds.length == 0) revert("none");
        Schedule memory made = _schedules[s % _schedules.length];
        bytes32 scheduleId = scheduleIds[s % scheduleIds.length];
        address payer = _payers[keccak256(abi.encode(scheduleId, c, price))];
        (IRightsToken.State state,) = RIGHTS.stateOf(scheduleId);
        address whose = state == IRightsToken.State.Executed ? made.holder : payer;
        address to = by % 2 == 0 ? whose : people[1];
        uint256 before = _balance(c, to);
        if (by % 2 == 0) {
            ESCROW.settle(scheduleId, currencies[c], price);
        } else {
            vm.prank(by % 4 == 1 ? whose : people[2]);
            ESCROW.settleTo(scheduleId, currencies[c], price, to);
            if (by % 4 != 1 && people[2] != whose) _break("settled by a stranger");
        }
        if (state == IRightsToken.State.Open) _break("settled while it is open");
        if (_balance(c, to) != before + price) _break("the price did not arrive where it belongs");
        inEscrow[c] -= price;
        delete _payers[keccak256(abi.encode(scheduleId, c, price))];
        ++done[6];
    }

    /// @notice Looks at every schedule: it never leaves an end, and at most one of a token is open.
    function look() external {
        uint256[TOKENS] memory open;
        for (uint256 i; i < scheduleIds.length; ++i) {
            (IRightsToken.State state, address holder) = RIGHTS.stateOf(scheduleIds[i]);
            IRightsToken.State before = _states[i];
            if (before != IRightsToken.State.Open && state != before) _break("left its end");
            if (state == IRightsToken.State.None) _break("forgotten");
            if (holder != _schedules[i].holder) _break("another holder");
            _states[i] = state;
            if (state != IRightsToken.State.Open) continue;
            for (uint256 t; t < TOKENS; ++t) {
                if (tokens[t] == _schedules[i].tokenId) ++open[t];
            }
            if (RIGHTS.openOf(_schedules[i].tokenId) != scheduleIds[i]) _break("open and not the token's");
            if (RIGHTS.ownerOf(_schedules[i].tokenId) != holder) _break("6: open and with somebody else");
        }
        for (uint256 t; t < TOKENS; ++t) {
            if (open[t] > 1) _break("two are open");
            if ((open[t] == 1) != RIGHTS.locked(tokens[t])) _break("locked is not open");
        }
    }

    /// @notice However the run went, all that is open can be ended, whatever its conditions do.
    function end() external {
        vm.warp(block.timestamp + 2 days);
        for (uint256 i; i < scheduleIds.length; ++i) {
            (IRightsToken.State state,) = RIGHTS.stateOf(scheduleIds[i]);
            if (state == IRightsToken.State.Open) RIGHTS.lapse(_schedules[i]);
        }
        for (uint256 i; i < scheduleIds.length; ++i) {
            for (uint256 c; c < CURRENCIES; ++c) {
                for (uint256 price = 1; price <= 3; ++price) {
                    bytes32 payment = keccak256(abi.encode(scheduleIds[i], c, price));
                    address payer = _payers[payment];
                    if (payer == address(0)) continue;
                    (IRightsToken.State state, address holder) = RIGHTS.stateOf(scheduleIds[i]);
                    vm.prank(state == IRightsToken.State.Executed ? holder : payer);
                    ESCROW.settleTo(scheduleIds[i], currencies[c], price, people[0]);
                    inEscrow[c] -= price;
                    delete _payers[payment];
                }
            }
        }
    }

    function _some(uint256 s) private view returns (Schedule memory) {
        if (scheduleIds.length == 0) revert("none");
        return _schedules[s % _schedules.length];
    }

    /// @dev By our own reading of each condition.
    function _isMet(Schedule memory made, bytes32 scheduleId) private view returns (bool) {
        for (uint256 i; i < made.conditions.length; ++i) {
            if (made.conditions[i].check == address(CONDITION)) {
                uint256 mood_ = uint256(CONDITION.mood());
                if (mood_ != 0 && mood_ < 8) return false;
            } else {
                (address currency, uint256 price) = abi.decode(made.conditions[i].data, (address, uint256));
                uint256 c = currency == address(0) ? 0 : currency == currencies[1] ? 1 : 2;
                if (_payers[keccak256(abi.encode(scheduleId, c, price))] == address(0)) return false;
            }
        }
        return true;
    }

    function _balance(uint256 c, address of_) private view returns (uint256) {
        return c == 0 ? of_.balance : TestToken(currencies[c]).balanceOf(of_);
    }

    function escrowed(uint256 c) external view returns (uint256) {
        return _balance(c, address(ESCROW));
    }

    function _break(string memory how) private {
        if (bytes(broken).length == 0) broken = how;
    }
}
