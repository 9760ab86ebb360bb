// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {IWaterfall} from "../../contracts/interfaces/IWaterfall.sol";
import {IWaterfalls} from "../../contracts/interfaces/IWaterfalls.sol";
import {Plan, Tier} from "../../contracts/types/Plan.sol";
import {HostileSubjects, SlowSubject} from "./utils/HostileSubjects.sol";
import {
    BlacklistToken,
    BurningHookToken,
    BurningToken,
    ReenteringToken,
    RoundingToken
} from "./utils/HostileTokens.sol";
import {FeeToken, Reentering, Rejecting} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";
import {Falling} from "./utils/Falling.sol";

// Promise 4, whoever is a tier's payee and whatever the token does
contract WaterfallHostileTest is Falling {
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
}
