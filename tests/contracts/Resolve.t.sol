// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Base} from "./utils/Base.sol";
import {AnyRegistry, Rejecting} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 4, invariant 3: to whom a subject resolves, and to nobody else.
contract ResolveTest is Base {
    AnyRegistry private _registry;
    bytes32 private _one;
    bytes private _opening;

    function setUp() public override {
        super.setUp();
        _registry = new AnyRegistry();
        _one = _subject(address(_registry), "id");
        _opening = abi.encodePacked(address(_registry), bytes32("id"));
        _pay(_one, _opening, 100);
    }

    function test_pays_whoItStandsForNow() public {
        _registry.setPayee("id", _wallet(artist.wallet));
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.Resolved(_one, ETHER, _wallet(artist.wallet), 100);
        vm.prank(stranger.wallet);
        eq(splitter.resolve(address(_registry), "id", ETHER), 100, "moved");
        eq(artist.wallet.balance, 100, "paid");
        _pay(_one, _opening, 1);
        _registry.setPayee("id", _wallet(studio.wallet));
        _pay(_one, _opening, 1);
        eq(artist.wallet.balance, 101, "the first while it was");
        eq(studio.wallet.balance, 1, "the second since");
    }

    // What resolves at once leaves nothing behind; what waited before goes along, and all of it or nothing.
    function test_whatWaitsGoesAlongWithWhatComesIn() public {
        _registry.setPayee("id", _wallet(artist.wallet));
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.Resolved(_one, ETHER, _wallet(artist.wallet), 150);
        _pay(_one, _opening, 50);
        eq(artist.wallet.balance, 150, "all");
        eq(splitter.held(_one, ETHER), 0, "nothing waits");
        eq(splitter.income(_one, ETHER), 150, "income");

        address refuses = address(new Rejecting());
        _registry.setPayee("id", _wallet(refuses));
        _pay(_one, _opening, 7);
        _pay(_one, _opening, 8);
        eq(splitter.held(_one, ETHER), 15, "waits");
        _registry.setPayee("id", _wallet(artist.wallet));
        splitter.resolve(address(_registry), "id", ETHER);
        eq(artist.wallet.balance, 165, "later");
    }

    function test_movesOneHop() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        _registry.setPayee("id", _key(leaves, ""));
        splitter.resolve(address(_registry), "id", ETHER);
        eq(splitter.received(_key(leaves, ""), ETHER), 100, "credited");
        eq(artist.wallet.balance, 0, "no further");
    }

    function test_doesNothingWhenNothingIsHeld() public {
        eq(splitter.resolve(address(_registry), "other", ETHER), 0, "nothing");
    }

    function test_RevertWhen_itStandsForNobodyNow() public {
        bytes memory reason = abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NotResolvable.selector, _one);
        reverts(reason);
        splitter.resolve(address(_registry), "id", ETHER);
        _registry.setPayee("id", _wallet(address(splitter)));
        reverts(reason);
        splitter.resolve(address(_registry), "id", ETHER);
        _registry.setPayee("id", _wallet(address(new Rejecting())));
        reverts(reason);
        splitter.resolve(address(_registry), "id", ETHER);
        _registry.setMood(AnyRegistry.Mood.Bombing);
        reverts(reason);
        splitter.resolve(address(_registry), "id", ETHER);
        eq(splitter.held(_one, ETHER), 100, "waits");
    }

    function test_anAccountWithoutCodeStandsForNobody() public {
        bytes32 subject = _subject(stranger.wallet, "id");
        _pay(subject, abi.encodePacked(stranger.wallet, bytes32("id")), 1);
        eq(splitter.held(subject, ETHER), 1, "waits");
    }

    // Subjects that stand for each other move money to and fro and make none.
    function test_aCircleMakesNoMoney() public {
        bytes32 two = _subject(address(_registry), "two");
        _registry.setPayee("id", two);
        _registry.setPayee("two", _one);
        for (uint256 i; i < 10; ++i) {
            splitter.resolve(address(_registry), "id", ETHER);
            splitter.resolve(address(_registry), "two", ETHER);
        }
        eq(splitter.held(_one, ETHER), 100, "the same");
        eq(splitter.held(two, ETHER), 0, "nothing");
        eq(splitter.income(_one, ETHER), 100, "income counts it once");
    }
}
