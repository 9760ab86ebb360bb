// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Base} from "./utils/Base.sol";
import {AnyRegistry, ContractWallet, Rejecting} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Invariant 3: money leaves only to a payee, or to where that payee signed
contract RedirectTest is Base {
    uint256 private constant UNTIL = START + 1 days;
    address private constant TO = address(0x70);

    function _signed(Actor memory by, address payee, address to, uint256 nonce) private view returns (Approval memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Redirect(address payee,address to,uint256 nonce,uint256 deadline)"), payee, to, nonce, UNTIL
            )
        );
        return _approve(by, _digest("Kiseki RevenueSplitter", address(splitter), structHash), nonce, UNTIL);
    }

    /// @dev A subject that stands for the artist, and its opening.
    function _registry() private returns (AnyRegistry registry, bytes32 subject, bytes memory opening) {
        registry = new AnyRegistry();
        registry.setPayee("id", _wallet(artist.wallet));
        (subject, opening) = (_subject(address(registry), "id"), abi.encodePacked(registry, bytes32("id")));
    }

    /// @dev The artist's redirect, and then a call.
    function _with(bytes memory call_) private view returns (bytes[] memory calls) {
        calls = new bytes[](2);
        calls[0] = _redirect(artist.wallet, TO, _signed(artist, artist.wallet, TO, 0));
        calls[1] = call_;
    }

    function _leaves() private view returns (SumTrees.Leaf[] memory) {
        return _split(artist.wallet, 1, studio.wallet, 3);
    }

    function _fund(uint256 amount) private {
        _pay(_key(_leaves(), ""), SumTrees.opening(_leaves(), ""), amount);
    }

    function _redirect(address payee, address to, Approval memory approval) private view returns (bytes memory) {
        return abi.encodeCall(splitter.redirect, (payee, to, approval));
    }

    function _claims(address token) private view returns (bytes[] memory calls) {
        calls = new bytes[](3);
        calls[1] = abi.encodeCall(splitter.claim, (_share(_leaves(), "", 0), token, ""));
        calls[2] = abi.encodeCall(splitter.claim, (_share(_leaves(), "", 1), token, ""));
    }

    // The artist holds no ether and signs; a relay brings the money where the artist wants it.
    function test_paysWhereThePayeeSigned() public {
        _fund(400);
        bytes[] memory calls = _claims(ETHER);
        calls[0] = _redirect(artist.wallet, TO, _signed(artist, artist.wallet, TO, 0));
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.Redirected(artist.wallet, TO, ETHER, 100);
        vm.prank(stranger.wallet);
        splitter.multicall(calls, false);
        eq(TO.balance, 100, "where it was signed");
        eq(artist.wallet.balance, 0, "not the wallet");
        eq(studio.wallet.balance, 300, "others as ever");
        no(splitter.isNonceUsed(artist.wallet, 0), "it stands");
    }

    function test_paysTokensThereToo() public {
        _payTokens(_key(_leaves(), ""), SumTrees.opening(_leaves(), ""), address(token), 400);
        bytes[] memory calls = _claims(address(token));
        calls[0] = _redirect(artist.wallet, TO, _signed(artist, artist.wallet, TO, 0));
        splitter.multicall(calls, false);
        eq(token.balanceOf(TO), 100, "tokens");
        eq(token.balanceOf(artist.wallet), 0, "none to the wallet");
    }

    // The provider of a collection, who is paid through it: claimed, resolved, paid in, swept. Both halves are told, what
    // the subject stands for and where that went.
    function test_paysThroughASubjectWhereItsWalletSigned() public {
        (, bytes32 subject, bytes memory opening) = _registry();
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 3);
        leaves[0].key = subject;
        _pay(_key(leaves, ""), SumTrees.opening(leaves, ""), 400);
        bytes memory call_ = abi.encodeCall(splitter.claim, (_share(leaves, "", 0), ETHER, opening));
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.Redirected(artist.wallet, TO, ETHER, 100);
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.Resolved(subject, ETHER, _wallet(artist.wallet), 100);
        vm.prank(stranger.wallet);
        splitter.multicall(_with(call_), false);
        eq(TO.balance, 100, "claimed");

        _pay(_key(leaves, ""), SumTrees.opening(leaves, ""), 400);
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        splitter.multicall(_with(abi.encodeCall(splitter.resolve, (address(bytes20(opening)), "id", ETHER))), false);
        eq(TO.balance, 200, "resolved");

        bytes[] memory calls = _with(abi.encodeCall(splitter.deposit, (subject, opening, ETHER, 40, 0)));
        vm.prank(buyer.wallet);
        splitter.multicall{value: 40}(calls, false);
        eq(TO.balance, 240, "paid in");

        vm.deal(splitter.paymentAddress(subject, opening), 7);
        splitter.multicall(_with(abi.encodeCall(splitter.sweep, (subject, opening, ETHER))), false);
        eq(TO.balance, 247, "swept");

        token.mint(splitter.paymentAddress(subject), 9);
        splitter.multicall(_with(abi.encodeCall(splitter.sweep, (subject, opening, address(token)))), false);
        eq(token.balanceOf(TO), 9, "tokens too");
        eq(artist.wallet.balance + token.balanceOf(artist.wallet), 0, "nothing to the wallet");
    }

    function test_paysWhatComesInForTheWalletItself() public {
        bytes32 wallet = _wallet(artist.wallet);
        bytes[] memory calls = _with(abi.encodeCall(splitter.deposit, (wallet, "", ETHER, 40, 0)));
        vm.prank(buyer.wallet);
        splitter.multicall{value: 40}(calls, false);
        vm.deal(splitter.paymentAddress(wallet), 7);
        splitter.multicall(_with(abi.encodeCall(splitter.sweep, (wallet, "", ETHER))), false);
        eq(TO.balance, 47, "paid in and swept");
        eq(artist.wallet.balance, 0, "nothing to the wallet");
    }

    // What cannot go there goes nowhere: not to the wallet instead, and nothing says that it did.
    function test_whereThePlaceRefusesItWaitsAndNothingIsSaid() public {
        (AnyRegistry registry, bytes32 subject, bytes memory opening) = _registry();
        address place = address(new Rejecting());
        bytes[] memory calls = new bytes[](2);
        calls[0] = _redirect(artist.wallet, place, _signed(artist, artist.wallet, place, 0));
        calls[1] = abi.encodeCall(splitter.deposit, (subject, opening, ETHER, 40, 0));
        vm.recordLogs();
        vm.prank(buyer.wallet);
        splitter.multicall{value: 40}(calls, false);
        eq(vm.getRecordedLogs().length, 1, "that it was paid in, and no more");
        eq(splitter.held(subject, ETHER), 40, "it waits");
        calls[1] = abi.encodeCall(splitter.resolve, (address(registry), "id", ETHER));
        IRevenueSplitter.Result[] memory results = splitter.multicall(calls, true);
        no(results[1].success, "and waits on");
        calls[1] = abi.encodeCall(splitter.deposit, (_wallet(artist.wallet), "", ETHER, 1, 0));
        vm.prank(buyer.wallet);
        results = splitter.multicall{value: 1}(calls, true);
        bytes memory reason =
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_PayoutFailed.selector, place, ETHER, 1);
        eq(keccak256(results[1].data), keccak256(reason), "the place that refused is named");
        eq(artist.wallet.balance, 0, "nothing to the wallet");
    }

    // The holder of a rights token that is a contract is paid at its own call only, redirected or not.
    function test_aRightsTokenOfAContractIsPaidAtItsOwnCallWhereItSigned() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "", 0), _noShare());
        ContractWallet wallet = new ContractWallet(artist.wallet);
        vm.prank(artist.wallet);
        rights.transferFrom(artist.wallet, address(wallet), tokenId);
        _pay(_subject(address(rights), bytes32(tokenId)), abi.encodePacked(rights, tokenId), 50);
        bytes[] memory calls = new bytes[](2);
        calls[0] = _redirect(address(wallet), TO, _signed(artist, address(wallet), TO, 0));
        calls[1] = abi.encodeCall(splitter.resolve, (address(rights), bytes32(tokenId), ETHER));
        vm.prank(stranger.wallet);
        no(splitter.multicall(calls, true)[1].success, "not at a stranger's call");
        vm.prank(address(wallet));
        splitter.multicall(calls, false);
        eq(TO.balance, 50, "at its own, where it signed");
    }

    function test_aSubjectOfAnotherGoesWhereThatOneIs() public {
        (AnyRegistry registry, bytes32 subject, bytes memory opening) = _registry();
        registry.setPayee("id", _wallet(studio.wallet));
        bytes[] memory calls = _with(abi.encodeCall(splitter.deposit, (subject, opening, ETHER, 40, 0)));
        vm.prank(buyer.wallet);
        splitter.multicall{value: 40}(calls, false);
        eq(studio.wallet.balance, 40, "the studio's is the studio's");
        eq(TO.balance, 0, "whoever signed what");
    }

    // A signature can be used for thirty days at most, and not before the last thirty.
    function test_RevertWhen_itIsForLongerThanThirtyDays() public {
        Approval memory approval = _signed(artist, artist.wallet, TO, 0);
        vm.warp(UNTIL - 30 days - 1);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_RedirectTooLong.selector, UNTIL, UNTIL - 1));
        splitter.redirect(artist.wallet, TO, approval);
        vm.warp(UNTIL - 30 days);
        splitter.redirect(artist.wallet, TO, approval);
        vm.warp(UNTIL);
        splitter.redirect(artist.wallet, TO, approval);
    }

    // Another takes its place: each payee's money goes where that payee signed.
    function test_oneAfterTheOther() public {
        _fund(400);
        bytes[] memory calls = new bytes[](4);
        calls[0] = _redirect(artist.wallet, TO, _signed(artist, artist.wallet, TO, 0));
        calls[1] = _claims(ETHER)[1];
        calls[2] = _redirect(studio.wallet, address(0x71), _signed(studio, studio.wallet, address(0x71), 0));
        calls[3] = _claims(ETHER)[2];
        splitter.multicall(calls, false);
        eq(TO.balance, 100, "the artist's");
        eq(address(0x71).balance, 300, "the studio's");
    }

    // A relay that leaves it out pays the payee, and no later transaction knows of it.
    function test_isOverWithTheTransaction() public {
        _fund(400);
        splitter.claim(_share(_leaves(), "", 0), ETHER, "");
        eq(artist.wallet.balance, 100, "the wallet");
    }

    function test_standsUntilItsDeadline() public {
        Approval memory approval = _signed(artist, artist.wallet, TO, 3);
        for (uint256 i; i < 3; ++i) {
            _fund(400);
            bytes[] memory calls = _claims(ETHER);
            calls[0] = _redirect(artist.wallet, TO, approval);
            splitter.multicall(calls, false);
        }
        eq(TO.balance, 300, "three times");
        vm.warp(UNTIL + 1);
        reverts(abi.encodeWithSelector(ISigned.Signed_Expired.selector, UNTIL));
        splitter.redirect(artist.wallet, TO, approval);
    }

    function test_RevertWhen_itWasCancelled() public {
        Approval memory approval = _signed(artist, artist.wallet, TO, 3);
        vm.prank(artist.wallet);
        splitter.cancelNonce(3);
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 3));
        splitter.redirect(artist.wallet, TO, approval);
    }

    function test_RevertWhen_anotherSignedOrAnotherPlace() public {
        Approval memory approval = _signed(stranger, artist.wallet, TO, 0);
        reverts(ISigned.Signed_WrongSignature.selector);
        splitter.redirect(artist.wallet, TO, approval);
        approval = _signed(artist, artist.wallet, TO, 0);
        reverts(ISigned.Signed_WrongSignature.selector);
        splitter.redirect(artist.wallet, stranger.wallet, approval);
        reverts(ISigned.Signed_WrongSignature.selector);
        splitter.redirect(studio.wallet, TO, approval);
        reverts(ISigned.Signed_WrongSignature.selector);
        splitter.redirect(address(0), TO, approval);
    }

    function test_RevertWhen_itGoesNowhere() public {
        Approval memory approval = _signed(artist, artist.wallet, address(0), 0);
        reverts(Payees.Payees_Zero.selector);
        splitter.redirect(artist.wallet, address(0), approval);
        approval = _signed(artist, artist.wallet, address(splitter), 0);
        reverts(Payees.Payees_Splitter.selector);
        splitter.redirect(artist.wallet, address(splitter), approval);
    }

    function test_aContractWalletSigns() public {
        ContractWallet wallet = new ContractWallet(artist.wallet);
        SumTrees.Leaf[] memory leaves = _split(address(wallet), 1, studio.wallet, 3);
        _pay(_key(leaves, ""), SumTrees.opening(leaves, ""), 400);
        bytes[] memory calls = new bytes[](2);
        calls[0] = _redirect(address(wallet), TO, _signed(artist, address(wallet), TO, 0));
        calls[1] = abi.encodeCall(splitter.claim, (_share(leaves, "", 0), ETHER, ""));
        splitter.multicall(calls, false);
        eq(TO.balance, 100, "where it was signed");
    }

    // Ether that comes with it and is not drawn goes back to its sender.
    function test_keepsNothing() public {
        Approval memory approval = _signed(artist, artist.wallet, TO, 0);
        vm.deal(stranger.wallet, 5);
        vm.prank(stranger.wallet);
        splitter.redirect{value: 5}(artist.wallet, TO, approval);
        eq(stranger.wallet.balance, 5, "returned");
    }

    // A place that refuses fails that payee's claim, and the money stays.
    function testFuzz_movesNoMoreThanIsDue(uint96 amount, uint8 seed) public {
        amount = amount == 0 ? 1 : amount;
        address to = address(uint160(0x1000) + seed);
        _fund(amount);
        bytes[] memory calls = _claims(ETHER);
        calls[0] = _redirect(artist.wallet, to, _signed(artist, artist.wallet, to, seed));
        splitter.multicall(calls, true);
        eq(to.balance, uint256(amount) / 4, "the artist's share");
        eq(studio.wallet.balance, uint256(amount) * 3 / 4, "the studio's");
    }
}
