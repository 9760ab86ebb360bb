// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Base} from "./utils/Base.sol";
import {Reentering, Rejecting} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

contract MulticallTest is Base {
    bytes32 private _payee;
    bytes private _opening;

    function setUp() public override {
        super.setUp();
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        (_payee, _opening) = (_key(leaves, ""), SumTrees.opening(leaves, ""));
    }

    function _deposit(uint256 amount) private view returns (bytes memory) {
        return abi.encodeCall(splitter.deposit, (_payee, _opening, ETHER, amount, ""));
    }

    // Ether is counted once: deposits draw on the value sent, and the rest comes back.
    function test_depositsDrawOnOneValue() public {
        bytes[] memory calls = new bytes[](3);
        calls[0] = _deposit(1 ether);
        calls[1] = _deposit(2 ether);
        calls[2] =
            abi.encodeCall(splitter.claim, (_share(_split(artist.wallet, 1, studio.wallet, 1), "", 0), ETHER, ""));
        vm.prank(buyer.wallet);
        IRevenueSplitter.Result[] memory results = splitter.multicall{value: 5 ether}(calls, false);
        eq(abi.decode(results[1].data, (uint256)), 2 ether, "result");
        eq(artist.wallet.balance, 1.5 ether, "claimed");
        eq(buyer.wallet.balance, 997 ether, "the rest came back");
        eq(address(splitter).balance, 1.5 ether, "held");
    }

    function test_RevertWhen_theValueIsDrawnTwice() public {
        _pay(_payee, _opening, 10 ether);
        bytes[] memory calls = new bytes[](2);
        calls[0] = _deposit(3 ether);
        calls[1] = _deposit(3 ether);
        reverts(
            abi.encodeWithSelector(
                IRevenueSplitter.RevenueSplitter_CallFailed.selector,
                1,
                abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NotEnoughEther.selector, 3 ether, 2 ether)
            )
        );
        vm.prank(buyer.wallet);
        splitter.multicall{value: 5 ether}(calls, false);
    }

    // One bad member blocks nobody.
    function test_aFailureLeavesTheOthers() public {
        SumTrees.Leaf[] memory leaves = _split(address(new Rejecting()), 1, studio.wallet, 1);
        bytes32 key = _key(leaves, "");
        _pay(key, SumTrees.opening(leaves, ""), 100);
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(splitter.claim, (_share(leaves, "", 0), ETHER, ""));
        calls[1] = abi.encodeCall(splitter.claim, (_share(leaves, "", 1), ETHER, ""));
        calls[2] = _deposit(9 ether);
        calls[3] = _deposit(1 ether);
        vm.prank(buyer.wallet);
        IRevenueSplitter.Result[] memory results = splitter.multicall{value: 5 ether}(calls, true);
        no(results[0].success, "rejected");
        yes(results[1].success, "paid");
        no(results[2].success, "too much");
        yes(results[3].success, "still enough");
        eq(studio.wallet.balance, 50, "paid");
        eq(splitter.claimed(key, ETHER, 0), 0, "nothing half done");
        eq(buyer.wallet.balance, 999 ether, "rest");
    }

    function test_RevertWhen_nested() public {
        bytes[] memory inner = new bytes[](1);
        inner[0] = _deposit(1);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(splitter.multicall, (inner, false));
        reverts(
            abi.encodeWithSelector(
                IRevenueSplitter.RevenueSplitter_CallFailed.selector,
                0,
                abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NoNesting.selector)
            )
        );
        splitter.multicall(calls, false);
    }

    function test_aPayeeCannotReenterBetweenTheCalls() public {
        Reentering payee = new Reentering();
        payee.set(address(splitter), _deposit(1));
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(splitter.deposit, (_wallet(address(payee)), "", ETHER, 1, ""));
        calls[1] = _deposit(1);
        vm.prank(buyer.wallet);
        splitter.multicall{value: 10}(calls, false);
        yes(payee.called(), "was paid");
        no(payee.succeeded(), "did not draw on the buyer's value");
        eq(splitter.received(_payee, ETHER), 1, "one deposit");
    }

    function test_twoMulticallsInOneTransaction() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = _deposit(1);
        vm.startPrank(buyer.wallet);
        splitter.multicall{value: 2}(calls, false);
        splitter.multicall{value: 2}(calls, false);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NotEnoughEther.selector, 1, 0));
        splitter.deposit(_payee, _opening, ETHER, 1, "");
        eq(address(splitter).balance, 2, "held");
    }
}
