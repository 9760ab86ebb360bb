// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Schedule} from "../../contracts/types/Schedule.sol";
import {Base} from "./utils/Base.sol";
import {AnyRegistry, Burning, FeeToken, HookToken, Reentering, Rejecting} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 4
contract DepositTest is Base {
    bytes32 private _splitKey;
    bytes private _opening;

    function setUp() public override {
        super.setUp();
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 3, studio.wallet, 1);
        _splitKey = _key(leaves, "");
        _opening = SumTrees.opening(leaves, "");
    }

    function test_pays_walletAtOnce() public {
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.Deposited(_wallet(artist.wallet), ETHER, buyer.wallet, 5, "invoice");
        vm.prank(buyer.wallet);
        eq(splitter.deposit{value: 5}(_wallet(artist.wallet), "", ETHER, 5, "invoice"), 5, "received");
        eq(artist.wallet.balance, 5, "paid");
        eq(splitter.income(_wallet(artist.wallet), ETHER), 5, "income");
        eq(address(splitter).balance, 0, "nothing stays");
    }

    function test_pays_walletInTokens() public {
        _payTokens(_wallet(artist.wallet), "", address(token), 5);
        eq(token.balanceOf(artist.wallet), 5, "paid");
    }

    function test_creditsASplitAndCallsNobody() public {
        _pay(_splitKey, _opening, 1 ether);
        eq(splitter.received(_splitKey, ETHER), 1 ether, "received");
        eq(splitter.income(_splitKey, ETHER), 1 ether, "income");
        eq(artist.wallet.balance, 0, "nobody was paid yet");
    }

    function test_pays_subjectInTheSameStep() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        bytes32 subject = _subject(address(data), made.id);
        _pay(subject, abi.encodePacked(address(data), made.id), 1 ether);
        eq(artist.wallet.balance, 1 ether, "paid");
        eq(splitter.held(subject, ETHER), 0, "passed on");
    }

    // What cannot be resolved waits and blocks nobody, whatever the contract does.
    function test_aSubjectThatCannotBeResolvedWaits() public {
        AnyRegistry registry = new AnyRegistry();
        bytes32 subject = _subject(address(registry), "id");
        bytes memory opening = abi.encodePacked(address(registry), bytes32("id"));
        _pay(subject, opening, 1);
        registry.setPayee("id", _wallet(artist.wallet));
        for (uint256 mood = 1; mood < 4; ++mood) {
            registry.setMood(AnyRegistry.Mood(mood));
            _pay(subject, opening, 1);
        }
        eq(splitter.held(subject, ETHER), 4, "all four wait");
        registry.setMood(AnyRegistry.Mood.Honest);
        registry.setPayee("id", _wallet(address(new Rejecting())));
        _pay(subject, opening, 1);
        registry.setPayee("id", _wallet(address(splitter)));
        _pay(subject, opening, 1);
        registry.setPayee("id", subject);
        _pay(subject, opening, 1);
        eq(splitter.held(subject, ETHER), 7, "and three more");
        registry.setPayee("id", _wallet(artist.wallet));
        _pay(subject, opening, 1);
        eq(artist.wallet.balance, 8, "until it can");
    }

    function test_returnsWhatIsLeftOfTheValue() public {
        vm.prank(buyer.wallet);
        splitter.deposit{value: 1 ether}(_splitKey, _opening, ETHER, 0.4 ether, "");
        eq(buyer.wallet.balance, 999.6 ether, "change");
        eq(address(splitter).balance, 0.4 ether, "held");
    }

    function test_countsWhatArrivesOfATokenThatTakesAFee() public {
        FeeToken fee = new FeeToken();
        fee.mint(buyer.wallet, 1000);
        vm.startPrank(buyer.wallet);
        fee.approve(address(splitter), 1000);
        eq(splitter.deposit(_splitKey, _opening, address(fee), 1000, ""), 990, "arrived");
        eq(splitter.received(_splitKey, address(fee)), 990, "counted");
    }

    // Who was paid before was opened then; in another token it was not.
    function test_theOpeningIsShownOnceForAToken() public {
        bytes memory reason = abi.encodeWithSelector(Payees.Payees_WrongOpening.selector, _splitKey, bytes(""));
        reverts(reason);
        splitter.deposit{value: 1}(_splitKey, "", ETHER, 1, "");
        _pay(_splitKey, _opening, 5);
        _pay(_splitKey, "", 7);
        eq(splitter.received(_splitKey, ETHER), 12, "received");
        eq(splitter.income(_splitKey, ETHER), 12, "income");
        reverts(reason);
        _payTokens(_splitKey, "", address(token), 1);
        // Credited by claims, which do not show that anybody can open it.
        SumTrees.Leaf[] memory outer = new SumTrees.Leaf[](1);
        outer[0] = SumTrees.Leaf("nobody", 1);
        _pay(_key(outer, ""), SumTrees.opening(outer, ""), 10);
        splitter.claim(_share(outer, "", 0), ETHER, "");
        eq(splitter.received("nobody", ETHER), 10, "credited");
        reverts(abi.encodeWithSelector(Payees.Payees_WrongOpening.selector, bytes32("nobody"), bytes("")));
        splitter.deposit{value: 1}("nobody", "", ETHER, 1, "");
    }

    function test_aSubjectThatIsNotOpenedAgainWaits() public {
        bytes32 subject = _subject(stranger.wallet, "id");
        _pay(subject, abi.encodePacked(stranger.wallet, bytes32("id")), 1);
        _pay(subject, "", 2);
        eq(splitter.held(subject, ETHER), 3, "waits");
    }

    function test_RevertWhen_theTokenIsNone() public {
        bytes memory reason =
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NotAToken.selector, stranger.wallet);
        reverts(reason);
        splitter.deposit(_splitKey, _opening, stranger.wallet, 1, "");
        reverts(reason);
        splitter.sweep(_splitKey, _opening, stranger.wallet);
        // Has code, and no balances.
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NotAToken.selector, address(data)));
        splitter.deposit(_splitKey, _opening, address(data), 1, "");
    }

    function test_RevertWhen_moreEtherThanSent() public {
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NotEnoughEther.selector, 6, 5));
        vm.prank(buyer.wallet);
        splitter.deposit{value: 5}(_splitKey, _opening, ETHER, 6, "");
    }

    function test_RevertWhen_nothing() public {
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NothingReceived.selector, ETHER));
        splitter.deposit(_splitKey, _opening, ETHER, 0, "");
    }

    function test_RevertWhen_theCounterWouldOverflow() public {
        token.mint(buyer.wallet, 2 ** 128);
        _payTokens(_splitKey, _opening, address(token), 2 ** 128 - 1);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_TooMuch.selector, _splitKey, address(token)));
        vm.prank(buyer.wallet);
        splitter.deposit(_splitKey, _opening, address(token), 1, "");
    }

    // Money cannot be sent to a hash that nobody can open.
    function test_RevertWhen_payeeDoesNotOpen() public {
        reverts(Payees.Payees_WrongOpening.selector);
        vm.prank(buyer.wallet);
        splitter.deposit{value: 1}(_splitKey, "", ETHER, 1, "");
        reverts(abi.encodeWithSelector(Payees.Payees_Zero.selector));
        vm.prank(buyer.wallet);
        splitter.deposit{value: 1}(0, "", ETHER, 1, "");
        reverts(abi.encodeWithSelector(Payees.Payees_Splitter.selector));
        vm.prank(buyer.wallet);
        splitter.deposit{value: 1}(_wallet(address(splitter)), "", ETHER, 1, "");
    }

    function test_RevertWhen_walletRejects() public {
        bytes32 payee = _wallet(address(new Rejecting()));
        reverts(IRevenueSplitter.RevenueSplitter_PayoutFailed.selector);
        vm.prank(buyer.wallet);
        splitter.deposit{value: 1}(payee, "", ETHER, 1, "");
    }

    function test_RevertWhen_etherComesWithoutACall() public {
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_UseDepositOrAPaymentAddress.selector));
        vm.prank(buyer.wallet);
        (bool success,) = address(splitter).call{value: 1}("");
        success;
    }

    // One lock over every state-changing entry.
    function test_aPayeeCannotReenter() public {
        Reentering payee = new Reentering();
        bytes[] memory none = new bytes[](0);
        IRevenueSplitter.Share memory share = _share(_split(artist.wallet, 3, studio.wallet, 1), "", 0);
        bytes[] memory calls = new bytes[](6);
        calls[0] = abi.encodeCall(splitter.deposit, (_splitKey, _opening, address(token), 1, ""));
        calls[1] = abi.encodeCall(splitter.claim, (share, ETHER, ""));
        calls[2] = abi.encodeCall(splitter.resolve, (address(data), "id", ETHER));
        calls[3] = abi.encodeCall(splitter.sweep, (_splitKey, _opening, ETHER));
        calls[4] = abi.encodeCall(splitter.multicall, (none, true));
        calls[5] = abi.encodeCall(splitter.publish, ("", new bytes32[](0), new uint96[](0)));
        for (uint256 i; i < calls.length; ++i) {
            payee.set(address(splitter), calls[i]);
            _pay(_wallet(address(payee)), "", 1);
            yes(payee.called(), "was paid");
            no(payee.succeeded(), "did not get in");
            eq(
                keccak256(payee.answer()),
                keccak256(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)),
                "the lock"
            );
        }
        _pay(_splitKey, _opening, 1);
    }

    function test_theReturnOfChangeCannotReenter() public {
        Reentering payer = new Reentering();
        payer.set(address(splitter), abi.encodeCall(splitter.deposit, (_splitKey, _opening, address(token), 1, "")));
        payer.run{value: 2}(address(splitter), abi.encodeCall(splitter.deposit, (_splitKey, _opening, ETHER, 1, "")));
        yes(payer.called(), "got the change");
        no(payer.succeeded(), "did not get in");
    }

    // A hostile receiver of a token that calls its receiver burns a bounded part of others' gas.
    function test_aReceiverThatBurnsGasDoesNotFailTheDeposit() public {
        HookToken hook = new HookToken();
        hook.mint(buyer.wallet, 10);
        AnyRegistry asked = new AnyRegistry();
        asked.setPayee("id", _wallet(address(new Burning())));
        bytes32 subject = _subject(address(asked), "id");
        vm.startPrank(buyer.wallet);
        hook.approve(address(splitter), 10);
        uint256 before = gasleft();
        splitter.deposit(subject, abi.encodePacked(address(asked), bytes32("id")), address(hook), 10, "");
        yes(before - gasleft() < 1_000_000, "bounded");
    }

    function testFuzz_etherIsCountedOnce(uint96 value, uint96 amount) public {
        vm.deal(buyer.wallet, value);
        amount = uint96(bound(amount, 0, value));
        if (amount == 0) return;
        vm.prank(buyer.wallet);
        splitter.deposit{value: value}(_splitKey, _opening, ETHER, amount, "");
        eq(address(splitter).balance, amount, "held");
        eq(buyer.wallet.balance, value - amount, "change");
    }

    // Every call takes ether, for the sake of multicalls. What it does not draw comes back.
    function test_etherThatACallDoesNotDrawComesBack() public {
        _pay(_splitKey, _opening, 100);
        token.mint(buyer.wallet, 1);
        vm.deal(splitter.paymentAddress(_splitKey), 5);
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 3, studio.wallet, 1);
        bytes32[] memory payees = new bytes32[](2);
        uint96[] memory shares = new uint96[](2);
        (payees[0], payees[1]) = (leaves[0].key, leaves[1].key);
        (shares[0], shares[1]) = (uint96(leaves[0].shares), uint96(leaves[1].shares));
        Schedule memory none;
        bytes32 redirect = keccak256("Redirect(address payee,address to,uint256 nonce,uint256 deadline)");
        bytes32 signed = keccak256(abi.encode(redirect, artist.wallet, studio.wallet, 0, START + 1 days));
        bytes32 digest = _digest("Kiseki RevenueSplitter", address(splitter), signed);
        bytes[] memory calls = new bytes[](7);
        calls[0] = abi.encodeCall(splitter.deposit, (_splitKey, _opening, address(token), 1, ""));
        calls[1] = abi.encodeCall(splitter.sweep, (_splitKey, _opening, ETHER));
        calls[2] = abi.encodeCall(splitter.claim, (_share(leaves, "", 0), ETHER, ""));
        calls[3] = abi.encodeCall(splitter.resolve, (address(data), "id", ETHER));
        calls[4] = abi.encodeCall(splitter.publish, (_opening, payees, shares));
        calls[5] = abi.encodeCall(splitter.execute, (address(rights), none));
        calls[6] = abi.encodeCall(
            splitter.redirect, (artist.wallet, studio.wallet, _approve(artist, digest, 0, START + 1 days))
        );
        vm.deal(buyer.wallet, 7);
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(buyer.wallet);
            (bool success,) = address(splitter).call{value: 7}(calls[i]);
            yes(success, "it is done");
            eq(buyer.wallet.balance, 7, "and the ether is back");
        }
        eq(splitter.received(_splitKey, address(token)), 1, "the token came");
        eq(address(splitter).balance, 105 - artist.wallet.balance, "what was there and swept, less what was claimed");
    }

    // What others passed on counts too, though it is no income.
    function test_RevertWhen_theCounterWouldOverflowWithWhatWasPassedOn() public {
        SumTrees.Leaf[] memory outer = new SumTrees.Leaf[](1);
        outer[0] = SumTrees.Leaf(_splitKey, 1);
        token.mint(buyer.wallet, 2 ** 130);
        _payTokens(_key(outer, ""), SumTrees.opening(outer, ""), address(token), 1);
        splitter.claim(_share(outer, "", 0), address(token), "");
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_TooMuch.selector, _splitKey, address(token)));
        vm.prank(buyer.wallet);
        splitter.deposit(_splitKey, _opening, address(token), 2 ** 128 - 1, "");
        _payTokens(_splitKey, _opening, address(token), 2 ** 128 - 2);
        eq(splitter.received(_splitKey, address(token)), 2 ** 128 - 1, "as much as fits");
        // Now nothing can be passed on to it any more; it waits above.
        _payTokens(_key(outer, ""), SumTrees.opening(outer, ""), address(token), 1);
        IRevenueSplitter.Share memory share = _share(outer, "", 0);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_TooMuch.selector, _splitKey, address(token)));
        splitter.claim(share, address(token), "");
        eq(splitter.due(share, address(token)), 1, "waits");
    }

    function test_RevertWhen_thePayerDoesNotTakeTheChange() public {
        vm.deal(address(this), 2);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_PayoutFailed.selector, address(this), ETHER, 1));
        splitter.deposit{value: 2}(_splitKey, _opening, ETHER, 1, "");
        splitter.deposit{value: 1}(_splitKey, _opening, ETHER, 1, "");
    }

    // The same for what waits in a subject.
    function test_RevertWhen_moreWouldWaitThanCanBeCounted() public {
        AnyRegistry nobody = new AnyRegistry();
        bytes32 subject = _subject(address(nobody), "id");
        bytes memory opening = abi.encodePacked(address(nobody), bytes32("id"));
        SumTrees.Leaf[] memory above = new SumTrees.Leaf[](1);
        above[0] = SumTrees.Leaf(subject, 1);
        token.mint(buyer.wallet, 2 ** 130);
        _payTokens(_key(above, ""), SumTrees.opening(above, ""), address(token), 1);
        splitter.claim(_share(above, "", 0), address(token), "");
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_TooMuch.selector, subject, address(token)));
        vm.prank(buyer.wallet);
        splitter.deposit(subject, opening, address(token), 2 ** 128 - 1, "");
        _payTokens(subject, opening, address(token), 2 ** 128 - 2);
        eq(splitter.held(subject, address(token)), 2 ** 128 - 1, "as much as fits");
        nobody.setPayee("id", _wallet(artist.wallet));
        splitter.resolve(address(nobody), "id", address(token));
        eq(token.balanceOf(artist.wallet), 2 ** 128 - 1, "and moves on whole");
    }

    // Income is counted of wallets too, though nothing of it stays.
    function test_RevertWhen_theIncomeOfAWalletWouldOverflow() public {
        bytes32 wallet = _wallet(artist.wallet);
        token.mint(buyer.wallet, 2 ** 130);
        _payTokens(wallet, "", address(token), 2 ** 128 - 1);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_TooMuch.selector, wallet, address(token)));
        vm.prank(buyer.wallet);
        splitter.deposit(wallet, "", address(token), 1, "");
        eq(splitter.income(wallet, address(token)), 2 ** 128 - 1, "as much as fits");
    }
}
