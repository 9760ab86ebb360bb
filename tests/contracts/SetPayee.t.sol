// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Base} from "./utils/Base.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

contract SetPayeeTest is Base {
    Made private _made;

    function setUp() public override {
        super.setUp();
        _made = _collect(artist.wallet, 1, trainingTerms);
    }

    function test_changesWhoIsPaid() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        vm.expectEmit(address(data));
        emit IDataRegistry.PayeeChanged(_made.id, _key(leaves, ""));
        vm.startPrank(artist.wallet);
        data.setPayee(_made.id, _key(leaves, ""), SumTrees.opening(leaves, ""));
        eq(data.payeeOf(_made.id, address(0)), _key(leaves, ""), "split");
        data.setPayee(_made.id, _wallet(artist.wallet), "");
        eq(data.payeeOf(_made.id, address(0)), _wallet(artist.wallet), "and back");
    }

    // Invariant 8
    function test_doesNothingWhenItIsThePayeeAlready() public {
        vm.recordLogs();
        vm.prank(artist.wallet);
        data.setPayee(_made.id, _wallet(artist.wallet), "");
        eq(vm.getRecordedLogs().length, 0, "no event");
    }

    // Money that waits follows the payee: it is looked up when it moves.
    function test_waitingMoneyGoesToThePayeeOfTheMoment() public {
        bytes32 subject = _subject(address(data), _made.id);
        vm.deal(buyer.wallet, 1 ether);
        vm.prank(buyer.wallet);
        // Nobody resolves it here: a split credits the subject.
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](1);
        leaves[0] = SumTrees.Leaf(subject, 1);
        splitter.deposit{value: 1 ether}(_key(leaves, ""), SumTrees.opening(leaves, ""), ETHER, 1 ether, "");
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        vm.prank(artist.wallet);
        data.setPayee(_made.id, _wallet(studio.wallet), "");
        splitter.resolve(address(data), _made.id, ETHER);
        eq(studio.wallet.balance, 1 ether, "the studio");
    }

    // Once it is the collection's rights token it stays that: who buys the token buys the income.
    function test_RevertWhen_payeeIsTheRightsToken() public {
        bytes32 tokenId = _subject(address(data), _made.id);
        bytes32 payee = _subject(address(rights), tokenId);
        bytes memory opening = abi.encodePacked(address(rights), tokenId);
        vm.startPrank(artist.wallet);
        data.setPayee(_made.id, payee, opening);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_PayeeIsRightsToken.selector, _made.id));
        data.setPayee(_made.id, _wallet(artist.wallet), "");
        data.setPayee(_made.id, payee, opening);
    }

    function test_anotherTokenDoesNotBind() public {
        bytes32 tokenId = keccak256("another token");
        vm.startPrank(artist.wallet);
        data.setPayee(_made.id, _subject(address(rights), tokenId), abi.encodePacked(address(rights), tokenId));
        data.setPayee(_made.id, _wallet(artist.wallet), "");
    }

    function test_RevertWhen_notTheProvider() public {
        reverts(
            abi.encodeWithSelector(
                IDataRegistry.DataRegistry_NotProvider.selector, _made.id, artist.wallet, stranger.wallet
            )
        );
        vm.prank(stranger.wallet);
        data.setPayee(_made.id, _wallet(stranger.wallet), "");
    }

    function test_RevertWhen_nobody() public {
        reverts(abi.encodeWithSelector(Payees.Payees_Zero.selector));
        vm.prank(artist.wallet);
        data.setPayee(_made.id, 0, "");
    }
}
