// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Forwarder} from "../../contracts/Forwarder.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Base} from "./utils/Base.sol";
import {FeeToken} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 4: marketplaces, ERC-2981 and plain transfers can pay every payee.
contract SweepTest is Base {
    bytes32 private _payee;
    bytes private _opening;
    address private _to;

    function setUp() public override {
        super.setUp();
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        (_payee, _opening) = (_key(leaves, ""), SumTrees.opening(leaves, ""));
        _to = splitter.paymentAddress(_payee);
    }

    function test_creditsWhatWasSentToThePaymentAddress() public {
        vm.prank(buyer.wallet);
        (bool success,) = _to.call{value: 3 ether}("");
        yes(success, "an address without code takes it");
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.Deposited(_payee, ETHER, _to, 3 ether, 0);
        eq(splitter.sweep(_payee, _opening, ETHER), 3 ether, "swept");
        eq(splitter.received(_payee, ETHER), 3 ether, "received");
        eq(splitter.income(_payee, ETHER), 3 ether, "income");
        yes(_to.code.length != 0, "deployed");
        eq(splitter.paymentAddress(_payee), _to, "the same address after");
        // And again, now that there is a contract.
        vm.prank(buyer.wallet);
        (success,) = _to.call{value: 1 ether}("");
        splitter.sweep(_payee, _opening, ETHER);
        eq(splitter.received(_payee, ETHER), 4 ether, "received");
    }

    function test_creditsTokens() public {
        vm.prank(buyer.wallet);
        token.transfer(_to, 70);
        splitter.sweep(_payee, _opening, address(token));
        eq(splitter.received(_payee, address(token)), 70, "received");
        FeeToken fee = new FeeToken();
        fee.mint(_to, 1000);
        splitter.sweep(_payee, _opening, address(fee));
        eq(splitter.received(_payee, address(fee)), 990, "what arrives counts");
    }

    function test_pays_walletAndSubject() public {
        vm.deal(splitter.paymentAddress(_wallet(artist.wallet)), 5);
        splitter.sweep(_wallet(artist.wallet), "", ETHER);
        eq(artist.wallet.balance, 5, "wallet");
        Made memory made = _collect(studio.wallet, 1, trainingTerms);
        bytes32 subject = _subject(address(data), made.id);
        vm.deal(splitter.paymentAddress(subject), 7);
        splitter.sweep(subject, abi.encodePacked(address(data), made.id), ETHER);
        eq(studio.wallet.balance, 7, "through the subject");
    }

    function test_doesNotCountTheValueSentAlong() public {
        vm.deal(_to, 5);
        vm.prank(buyer.wallet);
        eq(splitter.sweep{value: 1 ether}(_payee, _opening, ETHER), 5, "only what was there");
        eq(buyer.wallet.balance, 1000 ether, "returned");
    }

    function test_RevertWhen_nothingIsThere() public {
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NothingReceived.selector, ETHER));
        splitter.sweep(_payee, _opening, ETHER);
    }

    // An address that nobody could ever sweep is given to nobody.
    function test_RevertWhen_anAddressIsAskedForWhatCannotBePaid() public {
        reverts(Payees.Payees_Zero.selector);
        splitter.paymentAddress(0);
        reverts(Payees.Payees_Splitter.selector);
        splitter.paymentAddress(_wallet(address(splitter)));
        reverts(Payees.Payees_Zero.selector);
        splitter.paymentAddress(0, "");
        reverts(Payees.Payees_Splitter.selector);
        splitter.paymentAddress(_wallet(address(splitter)), "");
        bytes memory opening = abi.encodePacked(bytes32("root"), uint96(1), bytes32("salt"));
        bytes32 split = SumTrees.key(opening);
        reverts(abi.encodeWithSelector(Payees.Payees_WrongOpening.selector, split, ""));
        splitter.paymentAddress(split, "");
        eq(splitter.paymentAddress(split, opening), splitter.paymentAddress(split), "the same, once it opens");
        opening = abi.encodePacked(bytes32("root"), uint96(0), bytes32("salt"));
        split = SumTrees.key(opening);
        reverts(abi.encodeWithSelector(Payees.Payees_NoShares.selector, split));
        splitter.paymentAddress(split, opening);
        vm.deal(address(this), 1);
        reverts(abi.encodeWithSelector(Payees.Payees_NoShares.selector, split));
        splitter.deposit{value: 1}(split, opening, ETHER, 1, 0);
        for (uint256 i; i < 2; ++i) {
            address account = i == 0 ? address(0) : address(splitter);
            bytes32 subject = _subject(account, "id");
            reverts(i == 0 ? Payees.Payees_Zero.selector : Payees.Payees_Splitter.selector);
            splitter.paymentAddress(subject, abi.encodePacked(account, bytes32("id")));
        }
    }

    function test_RevertWhen_payeeDoesNotOpen() public {
        vm.deal(_to, 5);
        reverts(Payees.Payees_WrongOpening.selector);
        splitter.sweep(_payee, "", ETHER);
    }

    function test_RevertWhen_anybodyElseFlushes() public {
        vm.deal(_to, 5);
        splitter.sweep(_payee, _opening, ETHER);
        reverts(abi.encodeWithSelector(Forwarder.Forwarder_NotSplitter.selector, stranger.wallet));
        vm.prank(stranger.wallet);
        Forwarder(payable(_to)).flush(ETHER);
    }
}
