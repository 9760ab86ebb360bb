// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IWaterfall} from "../../contracts/interfaces/IWaterfall.sol";
import {IWaterfalls} from "../../contracts/interfaces/IWaterfalls.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {Plan, Tier} from "../../contracts/types/Plan.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";
import {Falling} from "./utils/Falling.sol";

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
}
