// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AfterTime} from "../../contracts/conditions/AfterTime.sol";
import {IERC5192} from "../../contracts/interfaces/IERC5192.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Conditions} from "../../contracts/libraries/Conditions.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {Base} from "./utils/Base.sol";
import {HostileCondition} from "./utils/HostileConditions.sol";
import {ContractWallet, Reentering, Rejecting} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

/// @notice A token of the artist's, scheduled for the creator once a condition is met.
abstract contract Scheduling is Base {
    uint64 internal constant DEADLINE = uint64(START + 30 days);

    HostileCondition internal condition;
    uint256 internal tokenId;

    function setUp() public virtual override {
        super.setUp();
        condition = new HostileCondition();
        condition.setMood(HostileCondition.Mood.NotMet);
        tokenId = _mintOne(1);
    }

    function _mintOne(uint256 seed) internal returns (uint256) {
        Made memory made = _collect(artist.wallet, seed, trainingTerms);
        vm.prank(artist.wallet);
        return rights.mint(_rightsSpec(address(data), made.id, "document", 250), _noShare());
    }

    function _conditions(address check, bytes memory data_) internal pure returns (Condition[] memory conditions) {
        conditions = new Condition[](1);
        conditions[0] = Condition(check, data_);
    }

    /// @dev As the contracts know it, when its conditions are what `start` gave.
    function _made(Condition[] memory conditions, uint64 nonce) internal view returns (Schedule memory) {
        return Schedule(tokenId, nonce, artist.wallet, creator.wallet, conditions, DEADLINE);
    }

    function _schedule(Condition[] memory conditions) internal returns (bytes32) {
        vm.prank(artist.wallet);
        return rights.schedule(tokenId, creator.wallet, conditions, DEADLINE);
    }

    /// @dev On the condition of moods.
    function _scheduled() internal returns (bytes32 scheduleId, Schedule memory made) {
        made = _made(_conditions(address(condition), "data"), rights.rightsOf(tokenId).schedules);
        scheduleId = _schedule(made.conditions);
    }

    function _state(bytes32 scheduleId) internal view returns (uint256) {
        (IRightsToken.State state,) = rights.stateOf(scheduleId);
        return uint256(state);
    }
}

// Promise 5, invariant 6
contract ScheduleTest is Scheduling {
    bytes32 private constant CANCEL =
        keccak256("Cancel(bytes32 scheduleId,address party,uint256 nonce,uint256 deadline)");

    uint256 private constant OPEN = uint256(IRightsToken.State.Open);
    uint256 private constant EXECUTED = uint256(IRightsToken.State.Executed);
    uint256 private constant LAPSED = uint256(IRightsToken.State.Lapsed);

    // Scheduling

    function test_locksTheTokenUnderTheHashOfAllThatWasAgreed() public {
        Schedule memory made = _made(_conditions(address(condition), "data"), 0);
        bytes32 expected = keccak256(abi.encode(block.chainid, address(rights), made));
        vm.expectEmit(address(rights));
        emit IRightsToken.TransferScheduled(expected, tokenId, creator.wallet, made, 0, 0);
        vm.expectEmit(address(rights));
        emit IERC5192.Locked(tokenId);
        eq(_schedule(made.conditions), expected, "the ID");
        eq(rights.scheduleIdOf(made), expected, "as anybody computes it");
        eq(rights.openOf(tokenId), expected, "open");
        yes(rights.locked(tokenId), "locked");
        eq(_state(expected), OPEN, "state");
        (, address holder) = rights.stateOf(expected);
        eq(holder, artist.wallet, "holder");
        eq(rights.rightsOf(tokenId).schedules, 1, "counted");
    }

    function test_anotherIsAnotherThoughItSaysTheSame() public {
        (bytes32 first, Schedule memory made) = _scheduled();
        vm.warp(DEADLINE + 1);
        rights.lapse(made);
        vm.warp(START);
        (bytes32 second,) = _scheduled();
        no(first == second, "the nonce tells them apart");
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotOpen.selector, first));
        rights.execute(made);
    }

    function test_RevertWhen_notTheHolderItself() public {
        vm.startPrank(artist.wallet);
        rights.approve(stranger.wallet, tokenId);
        rights.setApprovalForAll(stranger.wallet, true);
        vm.stopPrank();
        reverts(
            abi.encodeWithSelector(IRightsToken.RightsToken_NotHolder.selector, tokenId, artist.wallet, stranger.wallet)
        );
        vm.prank(stranger.wallet);
        rights.schedule(tokenId, creator.wallet, _conditions(address(condition), ""), DEADLINE);
    }

    function test_RevertWhen_notMinted() public {
        reverts(bytes4(keccak256("ERC721NonexistentToken(uint256)")));
        rights.schedule(1, creator.wallet, _conditions(address(condition), ""), DEADLINE);
    }

    function test_RevertWhen_scheduledAlready() public {
        (bytes32 scheduleId,) = _scheduled();
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_Locked.selector, tokenId, scheduleId));
        _schedule(_conditions(address(condition), "other"));
    }

    function test_RevertWhen_theBeneficiaryCannotBe() public {
        address[4] memory wrong = [address(0), artist.wallet, address(rights), address(splitter)];
        for (uint256 i; i < wrong.length; ++i) {
            reverts(
                i < 2
                    ? abi.encodeWithSelector(IRightsToken.RightsToken_Beneficiary.selector, wrong[i])
                    : abi.encodeWithSelector(IRightsToken.RightsToken_NotThere.selector, wrong[i])
            );
            vm.prank(artist.wallet);
            rights.schedule(tokenId, wrong[i], _conditions(address(condition), ""), DEADLINE);
        }
    }

    function test_RevertWhen_theDeadlineHasPassed() public {
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_DeadlinePassed.selector, START - 1));
        vm.prank(artist.wallet);
        rights.schedule(tokenId, creator.wallet, _conditions(address(condition), ""), uint64(START - 1));
    }

    function test_RevertWhen_noConditionOrMoreThanEight() public {
        reverts(abi.encodeWithSelector(Conditions.Conditions_Count.selector, 0));
        _schedule(new Condition[](0));
        reverts(abi.encodeWithSelector(Conditions.Conditions_Count.selector, 9));
        _schedule(new Condition[](9));
    }

    function test_RevertWhen_aConditionIsNoContractOrRefusesItsData() public {
        reverts(abi.encodeWithSelector(Conditions.Conditions_NoContract.selector, stranger.wallet));
        _schedule(_conditions(stranger.wallet, ""));
        address time = address(new AfterTime());
        vm.expectRevert();
        _schedule(_conditions(time, "short"));
        no(rights.locked(tokenId), "not locked by a slip");
    }

    function test_eightConditionsMustAllBeMet() public {
        Condition[] memory eight = new Condition[](8);
        HostileCondition[8] memory checks;
        for (uint256 i; i < 8; ++i) {
            checks[i] = new HostileCondition();
            checks[i].setMood(HostileCondition.Mood.NotMet);
            eight[i] = Condition(address(checks[i]), "");
        }
        bytes32 scheduleId = _schedule(eight);
        Schedule memory made = _made(eight, 0);
        for (uint256 i; i < 8; ++i) {
            reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotMet.selector, scheduleId, i));
            rights.execute(made);
            checks[i].setMood(HostileCondition.Mood.Met);
        }
        rights.execute(made);
        eq(rights.ownerOf(tokenId), creator.wallet, "moved");
    }

    // Executing

    function test_movesByAnybodyOnceItIsMet() public {
        (bytes32 scheduleId, Schedule memory made) = _scheduled();
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotMet.selector, scheduleId, 0));
        rights.execute(made);
        condition.setMood(HostileCondition.Mood.Met);
        vm.expectEmit(address(rights));
        emit IERC5192.Unlocked(tokenId);
        vm.expectEmit(address(rights));
        emit IRightsToken.TransferExecuted(scheduleId, tokenId);
        vm.prank(stranger.wallet);
        rights.execute(made);
        eq(rights.ownerOf(tokenId), creator.wallet, "the beneficiary has it");
        eq(_state(scheduleId), EXECUTED, "state");
        eq(rights.openOf(tokenId), 0, "nothing is open");
        no(rights.locked(tokenId), "unlocked");
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotOpen.selector, scheduleId));
        rights.execute(made);
        vm.warp(DEADLINE + 1);
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotOpen.selector, scheduleId));
        rights.lapse(made);
    }

    function test_movesAfterTheDeadlineTooUntilItHasLapsed() public {
        (, Schedule memory made) = _scheduled();
        vm.warp(DEADLINE + 1 days);
        condition.setMood(HostileCondition.Mood.Met);
        rights.execute(made);
        eq(rights.ownerOf(tokenId), creator.wallet, "moved");
    }

    // A receiver's hook could keep the token from moving once the condition is met.
    function test_aBeneficiaryCannotStopItWithAHook() public {
        made_ = address(new Rejecting());
        vm.prank(artist.wallet);
        rights.schedule(tokenId, made_, _conditions(address(condition), ""), DEADLINE);
        condition.setMood(HostileCondition.Mood.Met);
        rights.execute(Schedule(tokenId, 0, artist.wallet, made_, _conditions(address(condition), ""), DEADLINE));
        eq(rights.ownerOf(tokenId), made_, "moved all the same");
    }

    address private made_;

    function test_RevertWhen_anythingIsOtherThanAgreed() public {
        (, Schedule memory made) = _scheduled();
        condition.setMood(HostileCondition.Mood.Met);
        for (uint256 i; i < 6; ++i) {
            Schedule memory other = _made(_conditions(address(condition), "data"), 0);
            if (i == 0) other.beneficiary = stranger.wallet;
            if (i == 1) other.holder = stranger.wallet;
            if (i == 2) other.deadline = 0;
            if (i == 3) other.nonce = 1;
            if (i == 4) other.conditions[0].data = "else";
            if (i == 5) other.tokenId = 5;
            reverts(IRightsToken.RightsToken_NotOpen.selector);
            rights.execute(other);
            reverts(IRightsToken.RightsToken_NotOpen.selector);
            rights.lapse(other);
        }
        rights.execute(made);
    }

    // Invariant 6
    function test_nothingElseMovesALockedToken() public {
        vm.startPrank(artist.wallet);
        rights.approve(stranger.wallet, tokenId);
        rights.setApprovalForAll(developer.wallet, true);
        vm.stopPrank();
        (bytes32 scheduleId, Schedule memory made) = _scheduled();
        address[3] memory movers = [artist.wallet, stranger.wallet, developer.wallet];
        bytes memory locked = abi.encodeWithSelector(IRightsToken.RightsToken_Locked.selector, tokenId, scheduleId);
        for (uint256 i; i < movers.length; ++i) {
            reverts(locked);
            vm.prank(movers[i]);
            rights.transferFrom(artist.wallet, buyer.wallet, tokenId);
            reverts(locked);
            vm.prank(movers[i]);
            rights.safeTransferFrom(artist.wallet, creator.wallet, tokenId);
        }
        vm.prank(artist.wallet);
        rights.approve(buyer.wallet, tokenId);
        reverts(locked);
        vm.prank(buyer.wallet);
        rights.transferFrom(artist.wallet, buyer.wallet, tokenId);
        condition.setMood(HostileCondition.Mood.Met);
        rights.execute(made);
        eq(rights.getApproved(tokenId), address(0), "what was approved is not any more");
        reverts(bytes4(keccak256("ERC721InsufficientApproval(address,uint256)")));
        vm.prank(buyer.wallet);
        rights.transferFrom(creator.wallet, buyer.wallet, tokenId);
    }

    function test_whatItEarnedAndNobodyClaimedGoesWithIt() public {
        bytes32 subject = _subject(address(rights), bytes32(tokenId));
        ContractWallet holder = new ContractWallet(artist.wallet);
        vm.prank(artist.wallet);
        rights.transferFrom(artist.wallet, address(holder), tokenId);
        // A holder with code is paid only at its own call, so it waits.
        _pay(subject, abi.encodePacked(address(rights), bytes32(tokenId)), 1000);
        Condition[] memory conditions = _conditions(address(condition), "");
        vm.prank(address(holder));
        rights.schedule(tokenId, creator.wallet, conditions, DEADLINE);
        condition.setMood(HostileCondition.Mood.Met);
        rights.execute(Schedule(tokenId, 0, address(holder), creator.wallet, conditions, DEADLINE));
        splitter.resolve(address(rights), bytes32(tokenId), ETHER);
        eq(creator.wallet.balance, 1000, "the new holder's");
    }

    // Hostile conditions

    function test_aConditionThatRevertsBurnsFloodsOrLiesHarmsOnlyItsOwn() public {
        (bytes32 scheduleId, Schedule memory made) = _scheduled();
        for (uint256 mood = 1; mood <= uint256(HostileCondition.Mood.Two); ++mood) {
            condition.setMood(HostileCondition.Mood(mood));
            // A schedule costs whoever executes it, and nobody else.
            try rights.execute{gas: 3_000_000}(made) {
                revert("a condition like that is not met");
            } catch {}
            yes(rights.locked(tokenId), "still locked");
        }
        vm.warp(DEADLINE + 1);
        rights.lapse(made);
        eq(_state(scheduleId), LAPSED, "and it lapses");
        eq(rights.ownerOf(tokenId), artist.wallet, "where it was");
    }

    function test_aConditionCannotWriteOrReenter() public {
        (, Schedule memory made) = _scheduled();
        condition.arm(address(rights), abi.encodeCall(rights.execute, (made)));
        condition.setMood(HostileCondition.Mood.Prying);
        rights.execute(made);
        eq(condition.gotIn(), 0, "nothing was let in");
        eq(rights.ownerOf(tokenId), creator.wallet, "once");
        uint256 other = _mintOne(2);
        condition.setMood(HostileCondition.Mood.Writing);
        vm.prank(artist.wallet);
        rights.schedule(other, creator.wallet, _conditions(address(condition), ""), DEADLINE);
        rights.execute(Schedule(other, 0, artist.wallet, creator.wallet, _conditions(address(condition), ""), DEADLINE));
        eq(rights.ownerOf(other), creator.wallet, "a condition that could write would say no");
    }

    // Ending it

    function test_lapsesByAnybodyAfterTheDeadline() public {
        (bytes32 scheduleId, Schedule memory made) = _scheduled();
        vm.warp(DEADLINE);
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_DeadlineNotPassed.selector, DEADLINE));
        rights.lapse(made);
        vm.warp(DEADLINE + 1);
        vm.expectEmit(address(rights));
        emit IRightsToken.TransferLapsed(scheduleId, tokenId);
        vm.prank(stranger.wallet);
        rights.lapse(made);
        eq(_state(scheduleId), LAPSED, "state");
        eq(rights.openOf(tokenId), 0, "nothing is open");
        condition.setMood(HostileCondition.Mood.Met);
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotOpen.selector, scheduleId));
        rights.execute(made);
        vm.prank(artist.wallet);
        rights.transferFrom(artist.wallet, buyer.wallet, tokenId);
        eq(rights.ownerOf(tokenId), buyer.wallet, "free again");
    }

    function test_bothTogetherCanEndItByTwoCalls() public {
        for (uint256 i; i < 2; ++i) {
            (bytes32 scheduleId, Schedule memory made) = _scheduled();
            (address first, address second) = i == 0 ? (artist.wallet, creator.wallet) : (creator.wallet, artist.wallet);
            vm.expectEmit(address(rights));
            emit IRightsToken.CancelAgreed(scheduleId, first);
            vm.prank(first);
            rights.cancel(made);
            vm.prank(first);
            rights.cancel(made);
            eq(_state(scheduleId), OPEN, "not alone, however often");
            vm.prank(second);
            rights.cancel(made);
            eq(_state(scheduleId), LAPSED, "together");
            no(rights.locked(tokenId), "unlocked");
        }
    }

    function test_bothTogetherCanEndItByTwoSignatures() public {
        (bytes32 scheduleId, Schedule memory made) = _scheduled();
        vm.prank(stranger.wallet);
        rights.cancelFor(made, artist.wallet, _cancelled(artist, scheduleId, 1));
        eq(_state(scheduleId), OPEN, "one is not enough");
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 1));
        rights.cancelFor(made, artist.wallet, _cancelled(artist, scheduleId, 1));
        rights.cancelFor(made, creator.wallet, _cancelled(creator, scheduleId, 1));
        eq(_state(scheduleId), LAPSED, "two are");
    }

    function test_RevertWhen_whoCancelsIsNeitherOrDidNotSign() public {
        (bytes32 scheduleId, Schedule memory made) = _scheduled();
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotAParty.selector, scheduleId, stranger.wallet));
        vm.prank(stranger.wallet);
        rights.cancel(made);
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotAParty.selector, scheduleId, stranger.wallet));
        rights.cancelFor(made, stranger.wallet, _cancelled(stranger, scheduleId, 1));
        Approval memory wrong = _cancelled(stranger, scheduleId, 2);
        reverts(ISigned.Signed_WrongSignature.selector);
        rights.cancelFor(made, artist.wallet, wrong);
        Approval memory other = _cancelled(artist, "another", 3);
        reverts(ISigned.Signed_WrongSignature.selector);
        rights.cancelFor(made, artist.wallet, other);
    }

    function _cancelled(Actor memory by, bytes32 scheduleId, uint256 nonce) private view returns (Approval memory) {
        bytes32 structHash = keccak256(abi.encode(CANCEL, scheduleId, by.wallet, nonce, START + 1 days));
        return _approve(by, _digest("Kiseki RightsToken", address(rights), structHash), nonce, START + 1 days);
    }

    // Executed by the payment that made it due

    function test_aPayersMulticallExecutesWhatItsPaymentMadeDue() public {
        address income = vm.deployCode("IncomeThreshold.sol", abi.encode(splitter));
        bytes32 payee = _wallet(studio.wallet);
        _schedule(_conditions(income, abi.encode(payee, ETHER, 1000, 0)));
        Schedule memory made = _made(_conditions(income, abi.encode(payee, ETHER, 1000, 0)), 0);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(splitter.deposit, (payee, "", ETHER, 999, ""));
        calls[1] = abi.encodeCall(splitter.execute, (address(rights), made));
        vm.prank(buyer.wallet);
        IRevenueSplitter.Result[] memory results = splitter.multicall{value: 999}(calls, false);
        no(abi.decode(results[1].data, (bool)), "not yet, and the payment stands");
        eq(studio.wallet.balance, 999, "paid");
        calls[0] = abi.encodeCall(splitter.deposit, (payee, "", ETHER, 1, ""));
        vm.prank(buyer.wallet);
        results = splitter.multicall{value: 5}(calls, false);
        yes(abi.decode(results[1].data, (bool)), "in the same transaction");
        eq(rights.ownerOf(tokenId), creator.wallet, "moved");
        vm.prank(buyer.wallet);
        results = splitter.multicall{value: 1}(calls, false);
        no(abi.decode(results[1].data, (bool)), "somebody was quicker, and the payment stands");
        eq(studio.wallet.balance, 1001, "paid");
    }

    function test_nothingGetsIntoTheLedgerWhileItExecutes() public {
        (, Schedule memory made) = _scheduled();
        Prying prying = new Prying(splitter);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(splitter.execute, (address(prying), made));
        vm.deal(address(prying), 1);
        uint256 before = buyer.wallet.balance;
        vm.prank(buyer.wallet);
        splitter.multicall{value: 10}(calls, false);
        eq(prying.entered(), 0, "nothing was let in");
        eq(prying.tried(), 1, "though it tried");
        eq(buyer.wallet.balance, before, "and what the payer brought came back");
        yes(!_executes(stranger.wallet, made), "nobody there: not executed");
    }

    function _executes(address where, Schedule memory made) private returns (bool) {
        return splitter.execute(where, made);
    }

    // The splitter calls this one function of whatever address it is given, so it must not be one that a token has.
    function test_whatItCallsIsNoFunctionOfAToken() public view {
        bytes4 called = rights.execute.selector;
        string[14] memory known = [
            "transfer(address,uint256)",
            "transferFrom(address,address,uint256)",
            "approve(address,uint256)",
            "increaseAllowance(address,uint256)",
            "transferAndCall(address,uint256)",
            "transferAndCall(address,uint256,bytes)",
            "send(address,uint256,bytes)",
            "operatorSend(address,address,uint256,bytes,bytes)",
            "burn(uint256)",
            "burn(uint256,bytes)",
            "authorizeOperator(address)",
            "withdraw(uint256)",
            "safeTransferFrom(address,address,uint256)",
            "setApprovalForAll(address,bool)"
        ];
        for (uint256 i; i < known.length; ++i) {
            no(called == bytes4(keccak256(bytes(known[i]))), known[i]);
        }
    }
}

/// @notice In place of a rights token: tries to draw what the payer brought.
contract Prying {
    IRevenueSplitter private immutable SPLITTER;
    uint256 public entered;
    uint256 public tried;

    constructor(IRevenueSplitter splitter) {
        SPLITTER = splitter;
    }

    receive() external payable {}

    fallback() external payable {
        ++tried;
        bytes32 me = bytes32(uint256(uint160(address(this))));
        try SPLITTER.deposit(me, "", address(0), 1, "") {
            ++entered;
        } catch {}
        try SPLITTER.multicall(new bytes[](0), true) {
            ++entered;
        } catch {}
        assembly {
            return(0, 100000)
        }
    }
}
