// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Escrow} from "../../contracts/conditions/Escrow.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {Scheduling} from "./Schedule.t.sol";
import {ReenteringToken, TwistingToken} from "./utils/HostileTokens.sol";
import {FeeToken, Reentering, Rejecting} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

// Promise 5: every unit is with the payer, the holder or in escrow, never nowhere.
contract EscrowTest is Scheduling {
    uint256 private constant PRICE = 1000;

    Escrow private _escrow;

    function setUp() public override {
        super.setUp();
        _escrow = new Escrow(rights);
        vm.prank(buyer.wallet);
        token.approve(address(_escrow), type(uint256).max);
    }

    function _sale(address currency) private returns (bytes32 scheduleId, Schedule memory made) {
        made = _made(_conditions(address(_escrow), abi.encode(currency, PRICE)), rights.rightsOf(tokenId).schedules);
        scheduleId = _schedule(made.conditions);
    }

    function _payIn(bytes32 scheduleId, address currency) private {
        vm.prank(buyer.wallet);
        _escrow.pay{value: currency == ETHER ? PRICE : 0}(scheduleId, currency, PRICE);
    }

    function test_theTokenGoesToTheBeneficiaryAndThePriceToTheHolder() public {
        address[2] memory currencies = [ETHER, address(token)];
        for (uint256 i; i < 2; ++i) {
            address currency = currencies[i];
            tokenId = _mintOne(10 + i);
            (bytes32 scheduleId, Schedule memory made) = _sale(currency);
            vm.expectRevert();
            rights.execute(made);
            vm.expectEmit(address(_escrow));
            emit Escrow.PaidIn(scheduleId, buyer.wallet, currency, PRICE);
            _payIn(scheduleId, currency);
            eq(_escrow.payerOf(scheduleId, currency, PRICE), buyer.wallet, "payer");
            reverts(abi.encodeWithSelector(Escrow.Escrow_Open.selector, scheduleId));
            _escrow.settle(scheduleId, currency, PRICE);
            rights.execute(made);
            eq(rights.ownerOf(tokenId), creator.wallet, "the token");
            vm.expectEmit(address(_escrow));
            emit Escrow.PaidOut(scheduleId, artist.wallet, currency, PRICE);
            vm.prank(stranger.wallet);
            _escrow.settle(scheduleId, currency, PRICE);
            eq(i == 0 ? artist.wallet.balance : token.balanceOf(artist.wallet), PRICE, "the price");
            reverts(abi.encodeWithSelector(Escrow.Escrow_NotPaid.selector, scheduleId, currency, PRICE));
            _escrow.settle(scheduleId, currency, PRICE);
        }
    }

    function test_thePriceGoesBackWhenItLapses() public {
        (bytes32 scheduleId, Schedule memory made) = _sale(ETHER);
        uint256 before = buyer.wallet.balance;
        _payIn(scheduleId, ETHER);
        vm.warp(DEADLINE + 1);
        rights.lapse(made);
        _escrow.settle(scheduleId, ETHER, PRICE);
        eq(buyer.wallet.balance, before, "back with the payer");
        eq(artist.wallet.balance, 0, "not with the holder");
    }

    // Whoever holds the token later, whoever calls: the state that is stored decides.
    function test_thePriceIsForWhoHeldItThen() public {
        (bytes32 scheduleId, Schedule memory made) = _sale(ETHER);
        _payIn(scheduleId, ETHER);
        rights.execute(made);
        vm.prank(creator.wallet);
        rights.transferFrom(creator.wallet, stranger.wallet, tokenId);
        _escrow.settle(scheduleId, ETHER, PRICE);
        eq(artist.wallet.balance, PRICE, "the holder of then");
    }

    // Paying something else in blocks nobody, and is not lost.
    function test_nobodyCanBlockThePriceWithAnother() public {
        (bytes32 scheduleId, Schedule memory made) = _sale(ETHER);
        vm.deal(stranger.wallet, 1);
        vm.prank(stranger.wallet);
        _escrow.pay{value: 1}(scheduleId, ETHER, 1);
        vm.expectRevert();
        rights.execute(made);
        _payIn(scheduleId, ETHER);
        reverts(abi.encodeWithSelector(Escrow.Escrow_AlreadyPaid.selector, scheduleId, ETHER, PRICE));
        _payIn(scheduleId, ETHER);
        rights.execute(made);
        _escrow.settle(scheduleId, ETHER, PRICE);
        _escrow.settle(scheduleId, ETHER, 1);
        eq(artist.wallet.balance, PRICE + 1, "all of it");
        eq(address(_escrow).balance, 0, "nothing stays");
    }

    function test_RevertWhen_theScheduleIsNotOpen() public {
        reverts(abi.encodeWithSelector(Escrow.Escrow_NotOpen.selector, bytes32("nothing")));
        _payIn("nothing", ETHER);
        (bytes32 scheduleId, Schedule memory made) = _sale(ETHER);
        vm.warp(DEADLINE + 1);
        rights.lapse(made);
        reverts(abi.encodeWithSelector(Escrow.Escrow_NotOpen.selector, scheduleId));
        _payIn(scheduleId, ETHER);
    }

    function test_RevertWhen_notThePrice() public {
        (bytes32 scheduleId,) = _sale(ETHER);
        vm.startPrank(buyer.wallet);
        reverts(abi.encodeWithSelector(Escrow.Escrow_NotThePrice.selector, PRICE, PRICE - 1));
        _escrow.pay{value: PRICE - 1}(scheduleId, ETHER, PRICE);
        reverts(abi.encodeWithSelector(Escrow.Escrow_NotThePrice.selector, PRICE, PRICE + 1));
        _escrow.pay{value: PRICE + 1}(scheduleId, ETHER, PRICE);
        reverts(abi.encodeWithSelector(Escrow.Escrow_NotThePrice.selector, 0, 1));
        _escrow.pay{value: 1}(scheduleId, address(token), PRICE);
        reverts(Escrow.Escrow_Nothing.selector);
        _escrow.pay(scheduleId, ETHER, 0);
        reverts(Escrow.Escrow_Nothing.selector);
        _escrow.start(abi.encode(ETHER, 0));
        FeeToken fee = new FeeToken();
        fee.mint(buyer.wallet, PRICE);
        fee.approve(address(_escrow), PRICE);
        reverts(abi.encodeWithSelector(Escrow.Escrow_NotThePrice.selector, PRICE, PRICE - PRICE / 100));
        _escrow.pay(scheduleId, address(fee), PRICE);
        vm.stopPrank();
    }

    // The holder cannot take it, and whoever it belongs to names where it goes.
    function test_whoCannotBePaidNamesAnotherPlace() public {
        (bytes32 scheduleId, Schedule memory made) = _sale(ETHER);
        _payIn(scheduleId, ETHER);
        rights.execute(made);
        vm.etch(artist.wallet, address(new Rejecting()).code);
        reverts(abi.encodeWithSelector(Escrow.Escrow_PayoutFailed.selector, artist.wallet, ETHER, PRICE));
        _escrow.settle(scheduleId, ETHER, PRICE);
        reverts(abi.encodeWithSelector(Escrow.Escrow_NotTheirs.selector, stranger.wallet, artist.wallet));
        vm.prank(stranger.wallet);
        _escrow.settleTo(scheduleId, ETHER, PRICE, stranger.wallet);
        vm.prank(artist.wallet);
        _escrow.settleTo(scheduleId, ETHER, PRICE, studio.wallet);
        eq(studio.wallet.balance, PRICE, "where they said");
    }

    function test_isSettledOnceThoughItReenters() public {
        Reentering payer = new Reentering();
        vm.deal(address(payer), PRICE);
        tokenId = _mintOne(3);
        (bytes32 first, Schedule memory made) = _sale(ETHER);
        payer.run{value: PRICE}(address(_escrow), abi.encodeCall(_escrow.pay, (first, ETHER, PRICE)));
        vm.deal(address(_escrow), 5 * PRICE); // others'
        vm.warp(DEADLINE + 1);
        rights.lapse(made);
        payer.set(address(_escrow), abi.encodeCall(_escrow.settle, (first, ETHER, PRICE)));
        _escrow.settle(first, ETHER, PRICE);
        yes(payer.called(), "it tried");
        no(payer.succeeded(), "in vain");
        eq(address(_escrow).balance, 4 * PRICE, "once");
    }

    // The currency's hook executes the transfer before the price has arrived: all of it or nothing.
    function test_aCurrencyThatReentersBringsThePriceOrNothingHappens() public {
        ReenteringToken currency = new ReenteringToken();
        currency.mint(buyer.wallet, PRICE);
        vm.prank(buyer.wallet);
        currency.approve(address(_escrow), PRICE);
        (bytes32 scheduleId, Schedule memory made) = _sale(address(currency));
        currency.arm(address(rights), abi.encodeCall(rights.execute, (made)));
        _payIn(scheduleId, address(currency));
        eq(rights.ownerOf(tokenId), creator.wallet, "moved");
        eq(currency.balanceOf(address(_escrow)), PRICE, "and paid");
        _escrow.settle(scheduleId, address(currency), PRICE);
        eq(currency.balanceOf(artist.wallet), PRICE, "to the holder");
    }

    function test_aCurrencyThatLiesHarmsOnlyItsOwn() public {
        TwistingToken currency = new TwistingToken();
        currency.mint(buyer.wallet, PRICE);
        (bytes32 scheduleId, Schedule memory made) = _sale(address(currency));
        currency.setMood(TwistingToken.Mood.Idle);
        vm.expectRevert();
        _payIn(scheduleId, address(currency));
        currency.setMood(TwistingToken.Mood.False);
        vm.expectRevert();
        _payIn(scheduleId, address(currency));
        no(_escrow.isMet(scheduleId, abi.encode(address(currency), PRICE)), "not paid");
        vm.warp(DEADLINE + 1);
        rights.lapse(made);
    }
}
