// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Waterfall} from "../../contracts/Waterfall.sol";
import {Waterfalls} from "../../contracts/Waterfalls.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {IWaterfall} from "../../contracts/interfaces/IWaterfall.sol";
import {IWaterfalls} from "../../contracts/interfaces/IWaterfalls.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {Plan, Tier} from "../../contracts/types/Plan.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {Sources} from "../../contracts/types/Sources.sol";
import {Base} from "./utils/Base.sol";
import {HostileSubjects, SlowSubject} from "./utils/HostileSubjects.sol";
import {
    BlacklistToken,
    BurningHookToken,
    BurningToken,
    ReenteringToken,
    RoundingToken
} from "./utils/HostileTokens.sol";
import {FeeToken, Reentering, Rejecting} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Waterfalls, and payees that are splits of one or two.
abstract contract Falling is Base {
    Waterfalls internal falls;

    function setUp() public virtual override {
        super.setUp();
        falls = new Waterfalls(splitter, address(new Waterfall(splitter)));
    }

    function _only(address who) internal pure returns (SumTrees.Leaf[] memory leaves) {
        leaves = new SumTrees.Leaf[](1);
        leaves[0] = SumTrees.Leaf(_wallet(who), 1);
    }

    /// @dev A tier for one wallet; with sizes in one token unless it is the last.
    function _tier(address who, uint256 size) internal pure returns (Tier memory) {
        return _tierOf(SumTrees.opening(_only(who), ""), size);
    }

    function _tierOf(bytes memory opening, uint256 size) internal pure returns (Tier memory tier) {
        tier.payee = opening;
        tier.sizes = new uint128[](size == 0 ? 0 : 1);
        if (size != 0) tier.sizes[0] = uint128(size);
    }

    function _plan(address currency, Tier memory a, Tier memory b, Tier memory c)
        internal
        pure
        returns (Plan memory plan)
    {
        plan.tokens = new address[](1);
        plan.tokens[0] = currency;
        plan.tiers = new Tier[](3);
        (plan.tiers[0], plan.tiers[1], plan.tiers[2]) = (a, b, c);
    }

    /// @dev To the artist 100, to the studio 50, the rest to the creator.
    function _usual(address currency) internal pure returns (Plan memory) {
        return _plan(currency, _tier(ARTIST, 100), _tier(STUDIO, 50), _tier(CREATOR, 0));
    }

    address internal constant ARTIST = address(0xa1);
    address internal constant STUDIO = address(0xa2);
    address internal constant CREATOR = address(0xa3);

    function _received(address who, address currency) internal view returns (uint256) {
        return splitter.received(SumTrees.key(SumTrees.opening(_only(who), "")), currency);
    }

    function _had(address currency, uint256 a, uint256 b, uint256 c) internal view {
        eq(_received(ARTIST, currency), a, "the first tier");
        eq(_received(STUDIO, currency), b, "the second");
        eq(_received(CREATOR, currency), c, "the last");
    }
}

// Promise 4: exactly, across every boundary
contract WaterfallTest is Falling {
    IWaterfall private _fall;

    function setUp() public override {
        super.setUp();
        _fall = IWaterfall(falls.create(_usual(ETHER)));
        vm.prank(buyer.wallet);
        token.approve(address(_fall), type(uint256).max);
    }

    function _payEther(uint256 amount) private {
        vm.prank(buyer.wallet);
        _fall.pay{value: amount}(ETHER, amount, "ref");
    }

    // Making

    function test_itsAddressFollowsFromItsPlanAndMoneyMayBeThereBefore() public {
        Plan memory plan = _usual(ETHER);
        plan.salt = "another";
        address expected = falls.addressOf(plan);
        vm.deal(expected, 120);
        vm.expectEmit(address(falls));
        emit IWaterfalls.WaterfallCreated(expected, plan);
        vm.prank(stranger.wallet);
        eq(falls.create(plan), expected, "where it was foretold");
        eq(falls.create(plan), expected, "and again, nothing");
        eq(keccak256(abi.encode(IWaterfall(expected).plan())), keccak256(abi.encode(plan)), "its plan");
        eq(IWaterfall(expected).pass(ETHER), 120, "what was there before");
        _had(ETHER, 100, 20, 0);
        no(expected == address(_fall), "the salt keeps them apart");
    }

    function test_RevertWhen_aPlanCannotBe() public {
        Plan memory plan = _usual(ETHER);
        plan.tiers = new Tier[](0);
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Tiers.selector, 0));
        falls.create(plan);
        plan.tiers = new Tier[](17);
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Tiers.selector, 17));
        falls.create(plan);
        plan = _usual(ETHER);
        plan.tiers[1].payee = abi.encodePacked(STUDIO);
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Payee.selector, 1));
        falls.create(plan);
        // A subject of the splitter's own could never be paid.
        plan.tiers[1].payee = abi.encodePacked(address(splitter), bytes32("id"));
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Payee.selector, 1));
        falls.create(plan);
        plan = _usual(ETHER);
        plan.tiers[2].sizes = new uint128[](1);
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Sizes.selector, 2));
        falls.create(plan);
        plan = _usual(ETHER);
        plan.tiers[0].sizes = new uint128[](0);
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Sizes.selector, 0));
        falls.create(plan);
        plan.tiers[0].sizes = new uint128[](1);
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Sizes.selector, 0));
        falls.create(plan);
        plan = _usual(ETHER);
        plan.tokens = new address[](2);
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_TokensNotAscending.selector, address(0)));
        falls.create(plan);
    }

    function test_sixteenTiersOfTheLargestSizesWork() public {
        Plan memory plan = _usual(ETHER);
        plan.tiers = new Tier[](16);
        for (uint256 i; i < 16; ++i) {
            plan.tiers[i] = _tier(ARTIST, i == 15 ? 0 : type(uint128).max);
        }
        IWaterfall fall = IWaterfall(falls.create(plan));
        vm.deal(address(fall), 1000);
        eq(fall.pass(ETHER), 1000, "passed");
        eq(fall.dues(ETHER, 2 ** 140)[1], type(uint128).max, "no sum of sizes overflows");
    }

    // Passing

    function test_aPaymentThatCrossesBoundariesIsDividedToTheUnit() public {
        _payEther(99);
        _had(ETHER, 99, 0, 0);
        uint256[] memory amounts = new uint256[](3);
        (amounts[0], amounts[1], amounts[2]) = (1, 50, 7);
        vm.expectEmit(address(_fall));
        emit IWaterfall.Passed(ETHER, 58, 99, amounts);
        _payEther(58);
        _had(ETHER, 100, 50, 7);
        _payEther(1000);
        _had(ETHER, 100, 50, 1007);
        eq(_fall.passed(ETHER), 1157, "in");
        eq(address(_fall).balance, 0, "= out");
    }

    function test_eachTokenIsCountedApart() public {
        TestToken yen = token;
        TestToken dollar = TestToken(vm.deployCode("TestToken.sol"));
        (address low, address high) =
            address(yen) < address(dollar) ? (address(yen), address(dollar)) : (address(dollar), address(yen));
        Plan memory plan = _usual(ETHER);
        plan.tokens = new address[](2);
        (plan.tokens[0], plan.tokens[1]) = (low, high);
        for (uint256 i; i < 2; ++i) {
            plan.tiers[i].sizes = new uint128[](2);
            // 15,000,000 yen without decimals and 100,000 dollars of six.
            uint128 inYen = uint128(15_000_000 * (i + 1));
            uint128 inDollars = uint128(100_000e6 * (i + 1));
            (plan.tiers[i].sizes[0], plan.tiers[i].sizes[1]) =
                low == address(yen) ? (inYen, inDollars) : (inDollars, inYen);
        }
        IWaterfall fall = IWaterfall(falls.create(plan));
        yen.mint(address(fall), 20_000_000);
        dollar.mint(address(fall), 300_001e6);
        fall.pass(address(yen));
        fall.pass(address(dollar));
        _had(address(yen), 15_000_000, 5_000_000, 0);
        _had(address(dollar), 100_000e6, 200_000e6, 1e6);
    }

    // Paying in another currency does not go around those who recoup.
    function test_anotherTokenGoesToTheFirstTier() public {
        vm.prank(buyer.wallet);
        _fall.pay(address(token), 5000, "");
        _had(address(token), 5000, 0, 0);
    }

    function test_isAWalletForEverySplit() public {
        SumTrees.Leaf[] memory leaves = _split(address(_fall), 9, stranger.wallet, 1);
        _pay(_key(leaves, ""), SumTrees.opening(leaves, ""), 200);
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        eq(address(_fall).balance, 180, "paid out to it");
        vm.prank(stranger.wallet);
        eq(_fall.pass(ETHER), 180, "by anybody");
        _had(ETHER, 100, 50, 30);
        eq(_fall.pass(ETHER), 0, "and then nothing");
    }

    function test_whatIsForcedOnItGoesOnToo() public {
        vm.deal(address(_fall), 30);
        vm.prank(buyer.wallet);
        _fall.pay{value: 90}(ETHER, 80, "");
        _had(ETHER, 100, 20, 0);
    }

    function test_RevertWhen_nothingIsPaidOrLessBrought() public {
        reverts(abi.encodeWithSelector(IWaterfall.Waterfall_Nothing.selector, ETHER));
        _fall.pay(ETHER, 0, "");
        reverts(abi.encodeWithSelector(IWaterfall.Waterfall_NotEnoughEther.selector, 2, 1));
        vm.prank(buyer.wallet);
        _fall.pay{value: 1}(ETHER, 2, "");
    }

    function testFuzz_isWhatASimpleCountSays(uint64 a, uint64 b, uint96[6] calldata payments) public {
        vm.assume(a != 0 && b != 0);
        IWaterfall fall = IWaterfall(falls.create(_plan(ETHER, _tier(ARTIST, a), _tier(STUDIO, b), _tier(CREATOR, 0))));
        uint256 sum;
        for (uint256 i; i < payments.length; ++i) {
            if (payments[i] == 0) continue;
            uint256[] memory dues = fall.dues(ETHER, payments[i]);
            eq(dues[0] + dues[1] + dues[2], payments[i], "in = out");
            sum += payments[i];
            vm.deal(address(fall), payments[i]);
            fall.pass(ETHER);
            uint256 first = sum < a ? sum : a;
            uint256 second = sum - first < b ? sum - first : b;
            _had(ETHER, first, second, sum - first - second);
        }
    }

    // Nobody holds up anybody

    function test_whoRefusesMoneyHoldsUpNobody() public {
        address refusing = address(new Rejecting());
        Plan memory plan = _plan(ETHER, _tier(refusing, 10), _tier(STUDIO, 10), _tier(CREATOR, 0));
        _fall = IWaterfall(falls.create(plan));
        _payEther(30);
        eq(_received(refusing, ETHER), 10, "it waits");
        eq(_received(STUDIO, ETHER), 10, "the next is paid");
        eq(_received(CREATOR, ETHER), 10, "and the last");
    }

    function test_aHostileSubjectHoldsUpNobodyAndGetsInNowhere() public {
        HostileSubjects hostile = new HostileSubjects();
        for (uint256 mood; mood <= uint256(HostileSubjects.Mood.Long); ++mood) {
            bytes32 id = bytes32(mood + 1);
            hostile.set(id, HostileSubjects.Mood(mood), _wallet(STUDIO), 0);
            Plan memory plan =
                _plan(ETHER, _tierOf(abi.encodePacked(address(hostile), id), 10), _tier(STUDIO, 10), _tier(CREATOR, 0));
            IWaterfall fall = IWaterfall(falls.create(plan));
            hostile.arm(address(fall), abi.encodeCall(fall.pass, (ETHER)));
            vm.deal(address(fall), 30);
            eq(fall.pass{gas: 5_000_000}(ETHER), 30, "passed");
            eq(_received(CREATOR, ETHER), 10 * (mood + 1), "the last is paid");
        }
        eq(hostile.gotIn(), 0, "nobody got in");
    }

    function test_aTokenThatReentersOrTakesAFeeIsPassedOnce() public {
        ReenteringToken currency = new ReenteringToken();
        IWaterfall fall = IWaterfall(falls.create(_usual(address(currency))));
        currency.mint(address(fall), 160);
        currency.arm(address(fall), abi.encodeCall(fall.pass, (address(currency))));
        eq(fall.pass(address(currency)), 160, "once");
        eq(currency.gotIn(), 0, "nobody got in");
        _had(address(currency), 100, 50, 10);
        currency.mint(address(fall), 7);
        currency.mint(buyer.wallet, 20);
        vm.startPrank(buyer.wallet);
        currency.approve(address(fall), 20);
        fall.pay(address(currency), 20, "");
        vm.stopPrank();
        eq(currency.gotIn(), 0, "nor while it is taken from who pays");
        _had(address(currency), 100, 50, 37);
        FeeToken fee = new FeeToken();
        fall = IWaterfall(falls.create(_usual(address(fee))));
        fee.mint(address(fall), 16_000);
        eq(fall.pass(address(fee)), 16_000, "what left counts");
        eq(fee.balanceOf(address(fall)), 0, "nothing stays");
        _had(address(fee), 99, 50, 15_850 - 158);
    }

    // Nobody freezes anything: what a tier cannot take waits for it, by name

    function _waits(address currency, uint256 a, uint256 b, uint256 c) private view {
        eq(_fall.waiting(currency, 0), a, "waits for the first");
        eq(_fall.waiting(currency, 1), b, "for the second");
        eq(_fall.waiting(currency, 2), c, "for the last");
        eq(_fall.waitingInAll(currency), a + b + c, "in all");
    }

    // A fee that rounds the last unit of a tier away once stopped everything in that token for ever.
    function test_aUnitThatAFeeRoundsAwayWaitsAndFreezesNothing() public {
        RoundingToken fee = new RoundingToken();
        _fall = IWaterfall(falls.create(_usual(address(fee))));
        fee.mint(address(_fall), 99);
        _fall.pass(address(fee));
        fee.mint(address(_fall), 11);
        vm.expectEmit(address(_fall));
        emit IWaterfall.Waits(address(fee), 0, 1);
        eq(_fall.pass(address(fee)), 11, "all of it is divided");
        _had(address(fee), 98, 9, 0);
        _waits(address(fee), 1, 0, 0);
        eq(_fall.pass(address(fee)), 0, "what waits is not new");
        fee.mint(address(_fall), 100);
        eq(_fall.pass(address(fee)), 100, "and stays out of what comes");
        _had(address(fee), 98, 9 + 39, 59);
        _waits(address(fee), 1, 0, 0);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NothingReceived.selector, address(fee)));
        _fall.retry(address(fee), 0);
        _waits(address(fee), 1, 0, 0);
        eq(fee.balanceOf(address(_fall)), 1, "it is here");
    }

    function test_anybodyTriesAgainWhatWaits() public {
        BlacklistToken currency = new BlacklistToken();
        _fall = IWaterfall(falls.create(_usual(address(currency))));
        currency.mint(address(_fall), 160);
        currency.list(address(_fall), true);
        eq(_fall.pass(address(currency)), 160, "divided, though nobody can be paid");
        _waits(address(currency), 100, 50, 10);
        eq(_fall.passed(address(currency)), 160, "once");
        vm.expectRevert("listed");
        _fall.retry(address(currency), 0);
        currency.list(address(_fall), false);
        currency.mint(address(_fall), 7);
        eq(_fall.pass(address(currency)), 7, "new money alone");
        _had(address(currency), 0, 0, 7);
        vm.expectEmit(address(_fall));
        emit IWaterfall.Retried(address(currency), 1, 50);
        vm.prank(stranger.wallet);
        eq(_fall.retry(address(currency), 1), 50, "by anybody");
        _waits(address(currency), 100, 0, 10);
        reverts(abi.encodeWithSelector(IWaterfall.Waterfall_NothingWaits.selector, address(currency), 1));
        _fall.retry(address(currency), 1);
        _fall.retry(address(currency), 0);
        _fall.retry(address(currency), 2);
        _had(address(currency), 100, 50, 17);
        _waits(address(currency), 0, 0, 0);
    }

    // Of a token whose balances shrink there may be less than what waits: then nothing is new.
    function test_whatShrinksBelowWhatWaitsIsNoNewMoney() public {
        BlacklistToken currency = new BlacklistToken();
        _fall = IWaterfall(falls.create(_usual(address(currency))));
        currency.mint(address(_fall), 120);
        currency.list(address(_fall), true);
        _fall.pass(address(currency));
        currency.list(address(_fall), false);
        currency.burn(address(_fall), 110);
        eq(_fall.pass(address(currency)), 0, "nothing");
        _waits(address(currency), 100, 20, 0);
        vm.expectRevert();
        _fall.retry(address(currency), 1);
        currency.mint(address(_fall), 10);
        eq(_fall.retry(address(currency), 1), 20, "whoever can be paid is");
    }

    // With whatever gas: it is passed on as ever, or nothing happens. The most that a tier can cost, a subject and a wallet
    // that burn all they may, is within what every tier gets.
    function test_littleGasMakesNobodyWait() public {
        BurningHookToken currency = new BurningHookToken();
        SlowSubject slow = new SlowSubject(_wallet(address(new Rejecting())));
        Plan memory plan = _plan(
            address(currency), _tierOf(abi.encodePacked(slow, bytes32("id")), 10), _tier(STUDIO, 10), _tier(CREATOR, 0)
        );
        _fall = IWaterfall(falls.create(plan));
        uint256 passed;
        for (uint256 gas = 30_000; gas < 1_500_000; gas += 20_011) {
            uint256 state = vm.snapshotState();
            currency.mint(address(_fall), 30);
            (bool success,) = address(_fall).call{gas: gas}(abi.encodeCall(_fall.pass, (address(currency))));
            _waits(address(currency), 0, 0, 0);
            vm.revertToState(state);
            no(passed != 0 && !success, "more gas does no harm");
            if (success) ++passed;
        }
        yes(passed > 20, "with enough it is passed on");
    }

    function test_RevertWhen_aTierFailsWithTooLittleGas() public {
        BlacklistToken currency = new BlacklistToken();
        _fall = IWaterfall(falls.create(_usual(address(currency))));
        currency.mint(address(_fall), 160);
        currency.list(address(_fall), true);
        reverts(abi.encodeWithSelector(IWaterfall.Waterfall_TooLittleGas.selector, 1_040_000));
        _fall.pass{gas: 1_040_000}(address(currency));
        eq(_fall.pass{gas: 1_400_000}(address(currency)), 160, "with enough it counts");
    }

    // Sixteen tiers in a token that burns all it is given can still be passed within one transaction (EIP-7825).
    function test_sixteenTiersThatBurnFitATransaction() public {
        BurningToken currency = new BurningToken();
        Plan memory plan = _usual(address(currency));
        plan.tiers = new Tier[](16);
        for (uint256 i; i < 16; ++i) {
            plan.tiers[i] = _tier(ARTIST, i == 15 ? 0 : 1);
        }
        _fall = IWaterfall(falls.create(plan));
        currency.mint(address(_fall), 16);
        currency.list(address(_fall), true);
        eq(_fall.pass{gas: 16_777_216 - 21_000 - 1000}(address(currency)), 16, "passed");
        eq(_fall.waitingInAll(address(currency)), 16, "and waits");
    }

    // Inside a payout of the splitter no tier can be paid: that is the caller's doing and makes nobody wait.
    function test_RevertWhen_calledFromAPayout() public {
        Reentering caller = new Reentering();
        caller.set(address(_fall), abi.encodeCall(_fall.pass, (ETHER)));
        vm.deal(address(_fall), 30);
        bytes32 payee = _wallet(address(caller));
        bytes memory call_ = abi.encodeCall(splitter.deposit, (payee, "", ETHER, 5, 0));
        vm.deal(address(caller), 5);
        vm.prank(address(caller));
        (bool success,) = address(splitter).call{value: 5, gas: 3_000_000}(call_);
        yes(success && caller.called(), "with all gas, at its own call");
        no(caller.succeeded(), "nothing was passed");
        eq(
            keccak256(caller.answer()),
            keccak256(abi.encodeWithSelector(IWaterfall.Waterfall_SplitterIsBusy.selector)),
            "the splitter was busy"
        );
        _waits(ETHER, 0, 0, 0);
        eq(_fall.pass(ETHER), 30, "all of it is there");
    }

    function test_RevertWhen_etherComesWithAToken() public {
        vm.prank(buyer.wallet);
        reverts(abi.encodeWithSelector(IWaterfall.Waterfall_EtherWithAToken.selector, 1));
        _fall.pay{value: 1}(address(token), 10, "");
    }

    // Where nothing can be made nobody is told to send money.
    function test_RevertWhen_theAddressOfAPlanThatCannotBeIsAsked() public {
        Plan memory plan = _usual(ETHER);
        bytes[4] memory wrong = [
            abi.encodePacked(STUDIO),
            abi.encodePacked(address(splitter), bytes32("id")),
            abi.encodePacked(address(0), bytes32("id")),
            abi.encodePacked(bytes32("root"), uint96(0), bytes32("salt"))
        ];
        for (uint256 i; i < wrong.length; ++i) {
            plan.tiers[1].payee = wrong[i];
            reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Payee.selector, 1));
            falls.addressOf(plan);
            reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Payee.selector, 1));
            falls.create(plan);
        }
        plan = _usual(ETHER);
        plan.tiers = new Tier[](0);
        reverts(abi.encodeWithSelector(IWaterfalls.Waterfalls_Tiers.selector, 0));
        falls.addressOf(plan);
    }

    function test_theCodeBehindAllOfThemIsNobodys() public {
        address code = address(bytes20(_codeOf(address(_fall))));
        yes(code.code.length > 1000, "it is there");
        vm.deal(code, 10);
        vm.expectRevert();
        IWaterfall(code).pass(ETHER);
        vm.expectRevert();
        IWaterfall(code).plan();
    }

    /// @dev What a clone delegates to (ERC-1167): 20 bytes from the eleventh on.
    function _codeOf(address clone) private view returns (bytes32 word) {
        bytes memory code = clone.code;
        assembly {
            word := mload(add(code, 42))
        }
    }

    // Worked examples

    // A window's fee off the top: a split in front.
    function test_aFeeOffTheTop() public {
        SumTrees.Leaf[] memory leaves = _split(stranger.wallet, 10, address(_fall), 90);
        _pay(_key(leaves, ""), SumTrees.opening(leaves, ""), 1000);
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        splitter.claim(_share(leaves, "", 1), ETHER, "");
        _fall.pass(ETHER);
        eq(stranger.wallet.balance, 100, "the fee");
        _had(ETHER, 100, 50, 750);
    }

    // Investors recoup what they paid, then all share in the profit.
    function test_recoupmentThenProfit() public {
        SumTrees.Leaf[] memory investors = _split(studio.wallet, 2, buyer.wallet, 1);
        SumTrees.Leaf[] memory profit = _split(creator.wallet, 60, studio.wallet, 40);
        Plan memory plan = _usual(ETHER);
        plan.tiers = new Tier[](2);
        plan.tiers[0] = _tierOf(SumTrees.opening(investors, ""), 900);
        plan.tiers[1] = _tierOf(SumTrees.opening(profit, ""), 0);
        _fall = IWaterfall(falls.create(plan));
        _payEther(1000);
        splitter.claim(_share(investors, "", 0), ETHER, "");
        splitter.claim(_share(profit, "", 0), ETHER, "");
        splitter.claim(_share(profit, "", 1), ETHER, "");
        eq(studio.wallet.balance, 600 + 40, "recouped, and its share");
        eq(creator.wallet.balance, 60, "its share");
    }

    // A distributor pays 500 when it buys, and keeps what comes in until it has that back.
    function test_aMinimumGuaranteeIsRecoupedFirst() public {
        address distributor = developer.wallet;
        vm.deal(distributor, 500);
        vm.prank(distributor);
        splitter.deposit{value: 500}(_wallet(studio.wallet), "", ETHER, 500, "guarantee");
        SumTrees.Leaf[] memory shared = _split(studio.wallet, 70, distributor, 30);
        Plan memory plan = _usual(ETHER);
        plan.tiers = new Tier[](2);
        plan.tiers[0] = _tier(distributor, 500);
        plan.tiers[1] = _tierOf(SumTrees.opening(shared, ""), 0);
        _fall = IWaterfall(falls.create(plan));
        _payEther(499);
        _payEther(101);
        splitter.claim(_share(_only(distributor), "", 0), ETHER, "");
        splitter.claim(_share(shared, "", 0), ETHER, "");
        splitter.claim(_share(shared, "", 1), ETHER, "");
        eq(distributor.balance, 500 + 30, "its guarantee back, and its share");
        eq(studio.wallet.balance, 500 + 70, "the guarantee, and its share");
    }

    // The holder of a token has all until a threshold, and from then on shares it.
    function test_aTierCanBeARightsToken() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        bytes32 tokenId = bytes32(rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare()));
        SumTrees.Leaf[] memory shared = new SumTrees.Leaf[](2);
        shared[0] = SumTrees.Leaf(_subject(address(rights), tokenId), 70);
        shared[1] = SumTrees.Leaf(_wallet(creator.wallet), 30);
        Plan memory plan = _usual(ETHER);
        plan.tiers = new Tier[](2);
        plan.tiers[0] = _tierOf(abi.encodePacked(address(rights), tokenId), 100);
        plan.tiers[1] = _tierOf(SumTrees.opening(shared, ""), 0);
        _fall = IWaterfall(falls.create(plan));
        _payEther(200);
        splitter.claim(_share(shared, "", 0), ETHER, abi.encodePacked(address(rights), tokenId));
        splitter.claim(_share(shared, "", 1), ETHER, "");
        eq(artist.wallet.balance, 170, "the holder");
        eq(creator.wallet.balance, 30, "the creator");
    }

    // A series is a split over its cuts' batches, weighted by frames; what it earns reaches every cut's artists.
    function test_aTitleReachesEveryCutsArtists() public {
        uint96[3] memory frames = [uint96(120), 72, 48];
        SumTrees.Leaf[] memory title = new SumTrees.Leaf[](3);
        Composed[3] memory cuts;
        Made[3] memory sources;
        bytes32[3] memory batches;
        for (uint256 i; i < 3; ++i) {
            bytes32 model;
            (model, sources[i]) = _train(20 + i, freeTerms);
            Sources memory on = _onModel(model);
            bytes32 root = keccak256(abi.encode("cut", i));
            vm.prank(developer.wallet);
            batches[i] = outputs.commit(root, uint64(frames[i]), _batchSpec(1), on);
            bytes32[] memory own = new bytes32[](1);
            uint256[] memory owns = new uint256[](1);
            (own[0], owns[0]) = (models.modelOf(model).ownSplit, models.modelOf(model).own);
            cuts[i] = _compose(batches[i], new Made[](0), own, owns, 0, _wallet(developer.wallet));
            title[i] = SumTrees.Leaf(SumTrees.key(cuts[i].opening), frames[i]);
            eq(outputs.payeeOf(batches[i], address(0)), title[i].key, "the cut's split");
        }
        _pay(_key(title, "title"), SumTrees.opening(title, "title"), 24_000);
        for (uint256 i; i < 3; ++i) {
            splitter.claim(_share(title, "title", i), ETHER, "");
            eq(splitter.received(title[i].key, ETHER), 100 * frames[i], "by frames");
            splitter.claim(_share(cuts[i].leaves, batches[i], 1), ETHER, "");
        }
        eq(developer.wallet.balance, 24_000 * 8 / 10, "the creator of all three cuts, after 20% to the data");
    }
}
