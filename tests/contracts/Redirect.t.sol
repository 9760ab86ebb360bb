// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Base} from "./utils/Base.sol";
import {ContractWallet} from "./utils/Mocks.sol";
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
