// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AfterTime} from "../../contracts/conditions/AfterTime.sol";
import {AllOf} from "../../contracts/conditions/AllOf.sol";
import {AnyOf} from "../../contracts/conditions/AnyOf.sol";
import {Approvals} from "../../contracts/conditions/Approvals.sol";
import {IncomeThreshold} from "../../contracts/conditions/IncomeThreshold.sol";
import {ICondition} from "../../contracts/interfaces/ICondition.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Conditions} from "../../contracts/libraries/Conditions.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {Scheduling} from "./Schedule.t.sol";
import {HostileCondition} from "./utils/HostileConditions.sol";
import {ContractWallet} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 5
contract ConditionsTest is Scheduling {
    bytes32 private constant APPROVE =
        keccak256("ApproveTransfer(address party,bytes32 scheduleId,uint256 nonce,uint256 deadline)");
    bytes32 private constant ID = keccak256("a schedule");

    AfterTime private _time;
    AllOf private _all;
    AnyOf private _any;
    Approvals private _approvals;
    IncomeThreshold private _income;

    function setUp() public override {
        super.setUp();
        _time = new AfterTime();
        _all = new AllOf();
        _any = new AnyOf();
        _approvals = new Approvals();
        _income = new IncomeThreshold(splitter);
    }

    function _met(ICondition check, bytes memory data_) private view returns (bool) {
        return check.isMet(ID, check.start(data_));
    }

    // Time

    function test_afterTimeIsMetFromItsSecondOn() public {
        yes(_met(_time, abi.encode(START)), "now");
        no(_met(_time, abi.encode(START + 1)), "not yet");
        vm.warp(START + 1);
        yes(_met(_time, abi.encode(START + 1)), "from then on");
    }

    function test_RevertWhen_aTimeIsTooLarge() public {
        vm.expectRevert();
        _time.start(abi.encode(uint256(type(uint64).max) + 1));
    }

    // Income

    function test_incomeCountsFromScheduling() public {
        bytes32 payee = _wallet(studio.wallet);
        _pay(payee, "", 500);
        bytes memory started = _income.start(abi.encode(payee, ETHER, 1000, 77));
        eq(keccak256(started), keccak256(abi.encode(payee, ETHER, 1000, 500)), "what there was is written down");
        _pay(payee, "", 999);
        no(_income.isMet(ID, started), "one short");
        _pay(payee, "", 1);
        yes(_income.isMet(ID, started), "reached");
        no(_income.isMet(ID, abi.encode(payee, ETHER, 1, 1501)), "nobody's data makes it fail");
    }

    function test_incomeIsOfOnePayeeInOneToken() public {
        bytes32 payee = _wallet(studio.wallet);
        bytes memory started = _income.start(abi.encode(payee, address(token), 1000, 0));
        _pay(payee, "", 5000);
        _payTokens(_wallet(artist.wallet), "", address(token), 5000);
        no(_income.isMet(ID, started), "ether, and somebody else's");
        _payTokens(payee, "", address(token), 1000);
        yes(_income.isMet(ID, started), "this one");
    }

    function test_RevertWhen_theIncomeIsNothing() public {
        reverts(IncomeThreshold.IncomeThreshold_Nothing.selector);
        _income.start(abi.encode(_wallet(studio.wallet), ETHER, 0, 0));
    }

    function testFuzz_incomeIsMetExactlyFromTheAmountOn(uint96 before, uint96 amount, uint96 then) public {
        vm.assume(before != 0 && amount != 0 && then != 0);
        bytes32 payee = _wallet(studio.wallet);
        _pay(payee, "", before);
        bytes memory started = _income.start(abi.encode(payee, ETHER, amount, 0));
        _pay(payee, "", then);
        yes(_income.isMet(ID, started) == (then >= amount), "exactly");
    }

    // What it costs somebody to push income over a threshold with their own money: what the others' shares take.
    function test_pushingIncomeCostsWhatTheOthersSharesTake() public {
        SumTrees.Leaf[] memory leaves = _split(creator.wallet, 1, studio.wallet, 3);
        bytes32 payee = _key(leaves, "");
        bytes memory started = _income.start(abi.encode(payee, ETHER, 1000, 0));
        vm.deal(creator.wallet, 1000);
        vm.prank(creator.wallet);
        splitter.deposit{value: 1000}(payee, SumTrees.opening(leaves, ""), ETHER, 1000, "");
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        yes(_income.isMet(ID, started), "pushed");
        eq(creator.wallet.balance, 250, "and three quarters are gone");
    }

    // Where all of it comes back, it can be paid in again and again: a threshold on one's own income is none.
    function test_pushingOnesOwnIncomeCostsNothing() public {
        bytes32 payee = _wallet(creator.wallet);
        bytes memory started = _income.start(abi.encode(payee, ETHER, 1000, 0));
        vm.deal(creator.wallet, 100);
        for (uint256 i; i < 10; ++i) {
            vm.prank(creator.wallet);
            splitter.deposit{value: 100}(payee, "", ETHER, 100, "");
        }
        yes(_income.isMet(ID, started), "with a tenth of it");
        eq(creator.wallet.balance, 100, "which is still there");
    }

    // Approvals

    function _parties() private view returns (address[] memory parties) {
        parties = new address[](3);
        (parties[0], parties[1], parties[2]) = (artist.wallet, buyer.wallet, studio.wallet);
        for (uint256 i; i < 3; ++i) {
            for (uint256 j; j + 1 < 3; ++j) {
                if (parties[j] > parties[j + 1]) (parties[j], parties[j + 1]) = (parties[j + 1], parties[j]);
            }
        }
    }

    function _approval(Actor memory by, bytes32 id, uint256 nonce) private view returns (Approval memory) {
        bytes32 structHash = keccak256(abi.encode(APPROVE, by.wallet, id, nonce, START + 1 days));
        return _approve(by, _digest("Kiseki Approvals", address(_approvals), structHash), nonce, START + 1 days);
    }

    function test_twoOfThreeApproveThisVerySchedule() public {
        bytes memory started = _approvals.start(abi.encode(2, _parties()));
        vm.prank(stranger.wallet);
        _approvals.approve(ID);
        vm.prank(artist.wallet);
        _approvals.approve("another");
        no(_approvals.isMet(ID, started), "a stranger, and another schedule");
        vm.expectEmit(address(_approvals));
        emit Approvals.TransferApproved(ID, artist.wallet);
        vm.prank(artist.wallet);
        _approvals.approve(ID);
        vm.recordLogs();
        vm.prank(artist.wallet);
        _approvals.approve(ID);
        eq(vm.getRecordedLogs().length, 0, "it is said once");
        no(_approvals.isMet(ID, started), "one, twice");
        _approvals.approveFor(studio.wallet, ID, _approval(studio, ID, 1));
        yes(_approvals.isMet(ID, started), "and a second, by signature");
    }

    function test_aRelayThatComesSecondHarmsNobody() public {
        Approval memory signed = _approval(artist, ID, 1);
        _approvals.approveFor(artist.wallet, ID, signed);
        _approvals.approveFor(artist.wallet, ID, signed);
        yes(_approvals.hasApproved(ID, artist.wallet), "once is enough");
    }

    function test_aContractApprovesByErc1271() public {
        ContractWallet wallet = new ContractWallet(artist.wallet);
        bytes32 structHash = keccak256(abi.encode(APPROVE, address(wallet), ID, 1, START + 1 days));
        Approval memory signed =
            _approve(artist, _digest("Kiseki Approvals", address(_approvals), structHash), 1, START + 1 days);
        _approvals.approveFor(address(wallet), ID, signed);
        yes(_approvals.hasApproved(ID, address(wallet)), "approved");
    }

    function test_RevertWhen_somebodyElseSignedOrForAnother() public {
        Approval memory signed = _approval(stranger, ID, 1);
        reverts(ISigned.Signed_WrongSignature.selector);
        _approvals.approveFor(artist.wallet, ID, signed);
        signed = _approval(artist, "another", 1);
        reverts(ISigned.Signed_WrongSignature.selector);
        _approvals.approveFor(artist.wallet, ID, signed);
    }

    function test_RevertWhen_thePartiesCannotBe() public {
        address[] memory parties = _parties();
        for (uint256 needed; needed < 5; needed += 4) {
            reverts(abi.encodeWithSelector(Approvals.Approvals_Count.selector, needed, 3));
            _approvals.start(abi.encode(needed, parties));
        }
        (parties[0], parties[1]) = (parties[1], parties[0]);
        reverts(abi.encodeWithSelector(Approvals.Approvals_NotAscending.selector, parties[1]));
        _approvals.start(abi.encode(1, parties));
        parties[0] = parties[1] = parties[2];
        reverts(abi.encodeWithSelector(Approvals.Approvals_NotAscending.selector, parties[1]));
        _approvals.start(abi.encode(1, parties));
        parties[0] = address(0);
        reverts(abi.encodeWithSelector(Approvals.Approvals_NotAscending.selector, address(0)));
        _approvals.start(abi.encode(1, parties));
        reverts(abi.encodeWithSelector(Approvals.Approvals_Count.selector, 1, 33));
        _approvals.start(abi.encode(1, new address[](33)));
    }

    // All and any

    function _two(uint256 first, uint256 second) private view returns (Condition[] memory both) {
        both = new Condition[](2);
        both[0] = Condition(address(_time), abi.encode(first));
        both[1] = Condition(address(_time), abi.encode(second));
    }

    function test_allOfIsAllAndAnyOfIsAny() public view {
        (uint256 now_, uint256 later) = (START, START + 1);
        yes(_met(_all, abi.encode(_two(now_, now_))), "all: both");
        no(_met(_all, abi.encode(_two(now_, later))), "all: the second is not");
        no(_met(_all, abi.encode(_two(later, now_))), "all: the first is not");
        yes(_met(_any, abi.encode(_two(later, now_))), "any: the second");
        yes(_met(_any, abi.encode(_two(now_, later))), "any: the first");
        no(_met(_any, abi.encode(_two(later, later))), "any: neither");
    }

    function test_theyStartWhatTheyHold() public {
        bytes32 payee = _wallet(studio.wallet);
        _pay(payee, "", 500);
        bytes memory nested = abi.encode(_conditions(address(_income), abi.encode(payee, ETHER, 10, 0)));
        bytes memory started = _any.start(abi.encode(_conditions(address(_all), nested)));
        no(_any.isMet(ID, started), "the 500 do not count");
        _pay(payee, "", 10);
        yes(_any.isMet(ID, started), "the 10 do");
    }

    function test_oneThatFailsIsNotMetAndStopsNoOther() public {
        Condition[] memory both = _two(START, START);
        both[0] = Condition(address(condition), "");
        bytes memory data_ = abi.encode(both);
        for (uint256 mood = 1; mood <= uint256(HostileCondition.Mood.Two); ++mood) {
            condition.setMood(HostileCondition.Mood(mood));
            yes(_any.isMet{gas: 3_000_000}(ID, data_), "any: the other is met");
            no(_all.isMet{gas: 3_000_000}(ID, data_), "all: one is not");
        }
    }

    function test_RevertWhen_theyHoldNoneOrMoreThanEightOrWhatRefuses() public {
        ICondition[2] memory both = [ICondition(_all), ICondition(_any)];
        for (uint256 i; i < 2; ++i) {
            reverts(abi.encodeWithSelector(Conditions.Conditions_Count.selector, 0));
            both[i].start(abi.encode(new Condition[](0)));
            reverts(abi.encodeWithSelector(Conditions.Conditions_Count.selector, 9));
            both[i].start(abi.encode(new Condition[](9)));
            reverts(IncomeThreshold.IncomeThreshold_Nothing.selector);
            both[i].start(abi.encode(_conditions(address(_income), abi.encode(1, ETHER, 0, 0))));
        }
        no(_all.isMet(ID, abi.encode(new Condition[](0))), "nothing is not all");
    }

    function test_RevertWhen_allDataTogetherIsTooLarge() public {
        Condition[] memory both = new Condition[](2);
        both[0] = Condition(address(condition), new bytes(Conditions.LARGEST - 32));
        both[1] = Condition(address(condition), new bytes(32));
        uint256 open = vm.snapshotState();
        _schedule(both);
        vm.revertToState(open);
        both[1].data = new bytes(33);
        reverts(abi.encodeWithSelector(Conditions.Conditions_TooLarge.selector, Conditions.LARGEST + 1));
        _schedule(both);
        both[1].data = new bytes(0);
        // Inside others it counts with what holds it.
        bytes memory nested = abi.encode(both);
        reverts(abi.encodeWithSelector(Conditions.Conditions_TooLarge.selector, nested.length));
        _schedule(_conditions(address(_all), nested));
    }

    /// Eight that are each the same bytes of the input are eight in what is started.
    function test_RevertWhen_theDataGrowsInStarting() public {
        bytes memory one = abi.encode(_conditions(address(condition), new bytes(3000)));
        bytes memory folded = abi.encode(uint256(32), uint256(8));
        for (uint256 i; i < 8; ++i) {
            folded = abi.encodePacked(folded, uint256(256));
        }
        // The one element, without the array's head of three words.
        bytes memory element = new bytes(one.length - 96);
        for (uint256 i; i < element.length; ++i) {
            element[i] = one[96 + i];
        }
        folded = abi.encodePacked(folded, element);
        yes(folded.length < 4000, "small");
        eq(abi.decode(folded, (Condition[]))[7].data.length, 3000, "and means eight");
        vm.expectPartialRevert(Conditions.Conditions_TooLarge.selector);
        _all.start(folded);
    }

    function test_theDeepestNestIsAskedCheaply() public {
        bytes memory nest = abi.encode(START);
        ICondition outer = _time;
        while (true) {
            bytes memory more = abi.encode(_conditions(address(outer), nest));
            if (more.length > Conditions.LARGEST) break;
            (outer, nest) = (_all, more);
        }
        _schedule(_conditions(address(_all), nest));
        yes(_all.isMet{gas: 8_000_000}(ID, nest), "down to the time");
    }

    // A ladder, as a worked example: from one threshold on a share of the income, from the next the token.
    function test_aLadderGivesAShareFirstAndThenTheToken() public {
        bytes32 id = rights.rightsOf(tokenId).id;
        bytes32 subject = _subject(address(data), id);
        bytes memory opening = abi.encodePacked(address(data), id);
        // Two tokens stand for it: the collection's own, and one whose income is the share.
        uint256 share = _mintOne(2);
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](2);
        leaves[0] = SumTrees.Leaf(_subject(address(rights), bytes32(tokenId)), 70);
        leaves[1] = SumTrees.Leaf(_subject(address(rights), bytes32(share)), 30);
        vm.prank(artist.wallet);
        data.setPayee(id, _key(leaves, ""), SumTrees.opening(leaves, ""), _unsigned());
        Condition[] memory first = _conditions(address(_income), abi.encode(subject, ETHER, 1000, 0));
        Condition[] memory second = _conditions(address(_income), abi.encode(subject, ETHER, 5000, 0));
        vm.startPrank(artist.wallet);
        rights.schedule(share, creator.wallet, first, DEADLINE);
        rights.schedule(tokenId, creator.wallet, second, DEADLINE);
        vm.stopPrank();
        _pay(subject, opening, 1000);
        rights.execute(Schedule(share, 0, artist.wallet, creator.wallet, first, DEADLINE));
        reverts(IRightsToken.RightsToken_NotMet.selector);
        rights.execute(_made(second, 0));
        _passOn(leaves);
        eq(creator.wallet.balance, 300, "the share, and what it had earned");
        eq(artist.wallet.balance, 700, "the rest");
        _pay(subject, opening, 4000);
        rights.execute(_made(second, 0));
        _passOn(leaves);
        eq(creator.wallet.balance, 4300, "all from then on");
        eq(artist.wallet.balance, 700, "nothing more");
    }

    function _passOn(SumTrees.Leaf[] memory leaves) private {
        bytes32[2] memory tokens = [bytes32(tokenId), _second()];
        for (uint256 i; i < 2; ++i) {
            splitter.claim(_share(leaves, "", i), ETHER, abi.encodePacked(address(rights), tokens[i]));
        }
    }

    /// @dev The token that `_mintOne(2)` made.
    function _second() private view returns (bytes32) {
        bytes32 root = keccak256(abi.encode("root", uint256(2)));
        bytes32 id = keccak256(abi.encodePacked(bytes1(0x05), artist.wallet, root, trainingTerms));
        return _subject(address(data), id);
    }
}
