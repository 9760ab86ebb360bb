// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {SumTree} from "../../contracts/libraries/SumTree.sol";
import {Base} from "./utils/Base.sol";
import {AnyRegistry, Burning, HookToken, LyingToken, Rejecting, Reentering} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 4, invariants 2 and 3
contract ClaimTest is Base {
    function _three() private view returns (SumTrees.Leaf[] memory leaves) {
        leaves = new SumTrees.Leaf[](3);
        leaves[0] = SumTrees.Leaf(_wallet(artist.wallet), 1);
        leaves[1] = SumTrees.Leaf(_wallet(studio.wallet), 2);
        leaves[2] = SumTrees.Leaf(_wallet(developer.wallet), 4);
    }

    function _fund(SumTrees.Leaf[] memory leaves, uint256 amount) private returns (bytes32 key) {
        key = _key(leaves, "");
        _pay(key, SumTrees.opening(leaves, ""), amount);
    }

    // With nobody's say-so in between: anybody may trigger it, the money only goes to the payee.
    function test_pays_exactSharesByAnybody() public {
        SumTrees.Leaf[] memory leaves = _three();
        bytes32 key = _fund(leaves, 700);
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.Claimed(key, ETHER, leaves[2].key, 3, 4, 400);
        for (uint256 i = 2; i < 5; i += 2) {
            vm.prank(stranger.wallet);
            splitter.claim(_share(leaves, "", i % 3), ETHER, "");
        }
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        eq(artist.wallet.balance, 100, "artist");
        eq(studio.wallet.balance, 200, "studio");
        eq(developer.wallet.balance, 400, "developer");
        eq(address(splitter).balance, 0, "nothing left");
        eq(splitter.claimed(key, ETHER, 1), 200, "by where the interval begins");
    }

    function test_pays_nothingTwice() public {
        SumTrees.Leaf[] memory leaves = _three();
        _fund(leaves, 700);
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        eq(splitter.claim(_share(leaves, "", 0), ETHER, ""), 0, "nothing due");
        eq(artist.wallet.balance, 100, "once");
    }

    // Cumulative, so that rounding never drifts.
    function test_pays_toTheBaseUnitOverManyDeposits() public {
        SumTrees.Leaf[] memory leaves = _three();
        for (uint256 i; i < 70; ++i) {
            _fund(leaves, 1);
            splitter.claim(_share(leaves, "", i % 3), ETHER, "");
        }
        for (uint256 i; i < 3; ++i) {
            splitter.claim(_share(leaves, "", i), ETHER, "");
        }
        eq(artist.wallet.balance, 10, "artist");
        eq(studio.wallet.balance, 20, "studio");
        eq(developer.wallet.balance, 40, "developer");
    }

    function test_creditsANestedSplitAndASubject() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        SumTrees.Leaf[] memory inner = _split(studio.wallet, 1, developer.wallet, 1);
        SumTrees.Leaf[] memory outer = new SumTrees.Leaf[](2);
        outer[0] = SumTrees.Leaf(_key(inner, ""), 1);
        outer[1] = SumTrees.Leaf(_subject(address(data), made.id), 1);
        _fund(outer, 100);
        splitter.claim(_share(outer, "", 0), ETHER, "");
        splitter.claim(_share(inner, "", 0), ETHER, "");
        eq(studio.wallet.balance, 25, "two levels down");
        // Only money from outside is income.
        eq(splitter.income(_key(inner, ""), ETHER), 0, "income");
        eq(splitter.received(_key(inner, ""), ETHER), 50, "received");
        // With the opening the subject is resolved in the same step.
        splitter.claim(_share(outer, "", 1), ETHER, abi.encodePacked(address(data), made.id));
        eq(artist.wallet.balance, 50, "through the subject");
    }

    function test_aSubjectThatCannotBeResolvedWaitsInTheSubject() public {
        AnyRegistry registry = new AnyRegistry();
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](1);
        leaves[0] = SumTrees.Leaf(_subject(address(registry), "id"), 1);
        _fund(leaves, 10);
        splitter.claim(_share(leaves, "", 0), ETHER, abi.encodePacked(address(registry), bytes32("id")));
        eq(splitter.held(leaves[0].key, ETHER), 10, "waits");
    }

    function test_oneWhoRejectsBlocksNobody() public {
        SumTrees.Leaf[] memory leaves = _split(address(new Rejecting()), 1, studio.wallet, 1);
        _fund(leaves, 100);
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        reverts(IRevenueSplitter.RevenueSplitter_PayoutFailed.selector);
        splitter.claim(share, ETHER, "");
        splitter.claim(_share(leaves, "", 1), ETHER, "");
        eq(studio.wallet.balance, 50, "the other");
    }

    // Payouts that somebody else sends cap the gas.
    function test_oneWhoBurnsGasBurnsLittleOfOthers() public {
        SumTrees.Leaf[] memory leaves = _split(address(new Burning()), 1, studio.wallet, 1);
        bytes32 key = _fund(leaves, 100);
        HookToken hook = new HookToken();
        hook.mint(buyer.wallet, 100);
        vm.prank(buyer.wallet);
        hook.approve(address(splitter), 100);
        _payTokens(key, SumTrees.opening(leaves, ""), address(hook), 100);
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        uint256 before = gasleft();
        try splitter.claim(share, ETHER, "") {} catch {}
        yes(before - gasleft() < 200_000, "ether");
        before = gasleft();
        try splitter.claim(share, address(hook), "") {} catch {}
        yes(before - gasleft() < 600_000, "a token that calls its receiver");
    }

    function test_aTokenMustSayThatItPaid() public {
        LyingToken lying = new LyingToken();
        lying.mint(buyer.wallet, 100);
        vm.prank(buyer.wallet);
        lying.approve(address(splitter), 100);
        SumTrees.Leaf[] memory leaves = _three();
        _payTokens(_key(leaves, ""), SumTrees.opening(leaves, ""), address(lying), 70);
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        reverts(IRevenueSplitter.RevenueSplitter_PayoutFailed.selector);
        splitter.claim(share, address(lying), "");
        lying.setSilent();
        splitter.claim(share, address(lying), "");
        eq(lying.balanceOf(artist.wallet), 10, "saying nothing counts as yes");
    }

    function test_aPayeeCannotClaimAgainWhileItIsPaid() public {
        Reentering payee = new Reentering();
        SumTrees.Leaf[] memory leaves = _split(address(payee), 1, studio.wallet, 1);
        _fund(leaves, 100);
        payee.set(address(splitter), abi.encodeCall(splitter.claim, (_share(leaves, "", 0), ETHER, "")));
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        yes(payee.called(), "was paid");
        no(payee.succeeded(), "did not get in");
        eq(address(payee).balance, 50, "once");
    }

    // What reverts

    function test_RevertWhen_proofIsForAnotherLeaf() public {
        SumTrees.Leaf[] memory leaves = _three();
        _fund(leaves, 700);
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        share.payee = _wallet(stranger.wallet);
        reverts(IRevenueSplitter.RevenueSplitter_WrongProof.selector);
        splitter.claim(share, ETHER, "");
        share = _share(leaves, "", 0);
        share.shares = 2;
        reverts(IRevenueSplitter.RevenueSplitter_WrongProof.selector);
        splitter.claim(share, ETHER, "");
        share = _share(leaves, "", 0);
        share.side = 1;
        reverts(IRevenueSplitter.RevenueSplitter_WrongProof.selector);
        splitter.claim(share, ETHER, "");
        // The split's root ‖ total with another salt is another split, without money.
        share = _share(leaves, "salt", 0);
        eq(splitter.claim(share, ETHER, ""), 0, "another account");
    }

    function test_RevertWhen_theProofIsMalformed() public {
        SumTrees.Leaf[] memory leaves = _three();
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        share.shares = 0;
        reverts(abi.encodeWithSelector(SumTree.SumTree_NoShares.selector));
        splitter.claim(share, ETHER, "");
        share = _share(leaves, "", 0);
        share.side = 4;
        reverts(abi.encodeWithSelector(SumTree.SumTree_Side.selector, 4));
        splitter.claim(share, ETHER, "");
        share = _share(leaves, "", 0);
        share.path = abi.encodePacked(share.path, bytes1(0));
        reverts(abi.encodeWithSelector(SumTree.SumTree_PathLength.selector, 89));
        splitter.claim(share, ETHER, "");
        share.path = new bytes(65 * 44);
        reverts(abi.encodeWithSelector(SumTree.SumTree_PathLength.selector, 65 * 44));
        splitter.claim(share, ETHER, "");
        share = _share(leaves, "", 0);
        share.split = new bytes(75);
        reverts(IRevenueSplitter.RevenueSplitter_SplitLength.selector);
        splitter.claim(share, ETHER, "");
    }

    // A running sum of 2^96 or more reverts, even when it would come out right modulo 2^96.
    function test_RevertWhen_sumsWrapAround() public {
        bytes32 left = keccak256(abi.encodePacked(bytes1(0), _wallet(stranger.wallet), uint96(9)));
        uint96 rest = type(uint96).max - 8;
        bytes32 root = keccak256(abi.encodePacked(bytes1(0x02), left, uint96(9), bytes32("x"), rest));
        IRevenueSplitter.Share memory share = IRevenueSplitter.Share(
            abi.encodePacked(root, uint96(0), bytes32(0)),
            _wallet(stranger.wallet),
            9,
            0,
            abi.encodePacked(bytes32("x"), rest)
        );
        reverts(abi.encodeWithSelector(SumTree.SumTree_TooLarge.selector, uint256(2 ** 96)));
        splitter.claim(share, ETHER, "");
    }

    function test_RevertWhen_payeeIsZeroOrTheSplitter() public {
        SumTrees.Leaf[] memory leaves = _split(address(0), 1, address(splitter), 1);
        _fund(leaves, 100);
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        reverts(abi.encodeWithSelector(Payees.Payees_Zero.selector));
        splitter.claim(share, ETHER, "");
        share = _share(leaves, "", 1);
        reverts(abi.encodeWithSelector(Payees.Payees_Splitter.selector));
        splitter.claim(share, ETHER, "");
    }

    // Lists

    function test_publishesAllLeavesChecked() public {
        SumTrees.Leaf[] memory leaves = _three();
        bytes32[] memory payees = new bytes32[](3);
        uint96[] memory shares = new uint96[](3);
        for (uint256 i; i < 3; ++i) {
            (payees[i], shares[i]) = (leaves[i].key, leaves[i].shares);
        }
        bytes memory opening = SumTrees.opening(leaves, "salt");
        vm.expectEmit(address(splitter));
        emit IRevenueSplitter.SplitPublished(_key(leaves, "salt"), opening, payees, shares);
        splitter.publish(opening, payees, shares);
        shares[0] = 2;
        reverts(IRevenueSplitter.RevenueSplitter_WrongProof.selector);
        splitter.publish(opening, payees, shares);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_DifferentLengths.selector, 3, 2));
        splitter.publish(opening, payees, new uint96[](2));
        reverts(abi.encodeWithSelector(SumTree.SumTree_NoShares.selector));
        splitter.publish(opening, new bytes32[](0), new uint96[](0));
    }

    // Invariant 2 for any tree and any deposits: dues never exceed, and at most one unit a leaf is outstanding.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_duesNeverExceed(uint256 seed, uint8 count, uint128 first, uint64 second) public {
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](bound(count, 1, 24));
        for (uint256 i; i < leaves.length; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            leaves[i] = SumTrees.Leaf(
                _wallet(address(uint160(random | 1 << 159))), uint96(bound(random >> 160, 1, 2 ** (random % 90)))
            );
        }
        bytes32 key = _key(leaves, "");
        uint256 amount = bound(first, 1, 2 ** 127);
        token.mint(buyer.wallet, 2 ** 129);
        _payTokens(key, SumTrees.opening(leaves, ""), address(token), amount);
        uint256 paid;
        for (uint256 i; i < leaves.length; i += 2) {
            paid += splitter.claim(_share(leaves, "", i), address(token), "");
        }
        if (second != 0) _payTokens(key, SumTrees.opening(leaves, ""), address(token), second);
        amount += second;
        (, uint256 total) = SumTrees.root(leaves);
        uint256 lo;
        for (uint256 i; i < leaves.length; ++i) {
            paid += splitter.claim(_share(leaves, "", i), address(token), "");
            eq(splitter.claimed(key, address(token), uint96(lo)), amount * leaves[i].shares / total, "exactly");
            lo += leaves[i].shares;
        }
        yes(paid <= amount && amount - paid < leaves.length, "at most one unit a leaf outstanding");
        eq(token.balanceOf(address(splitter)), amount - paid, "held");
    }

    // The climb in assembly against the tree written out plainly.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_climbIsTheReference(uint256 seed, uint8 count, uint8 index) public view {
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](bound(count, 1, 100));
        uint256 lo;
        index = uint8(bound(index, 0, leaves.length - 1));
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = SumTrees.Leaf(
                keccak256(abi.encode(seed, i)), uint96(1 + uint256(keccak256(abi.encode(i, seed))) % 2 ** 80)
            );
            if (i < index) lo += leaves[i].shares;
        }
        IRevenueSplitter.Share memory share = _share(leaves, bytes32(seed), index);
        (bytes32 hash, uint256 total) = SumTrees.root(leaves);
        (bytes32 reached, uint256 sum, uint256 begins) = this.climb(share);
        eq(reached, hash, "root");
        eq(sum, total, "sum");
        eq(begins, lo, "lo");
        eq(splitter.due(share, ETHER), 0, "accepted by the ledger");
    }

    function climb(IRevenueSplitter.Share calldata share)
        external
        pure
        returns (bytes32 top, uint256 all, uint256 begins)
    {
        (top, all, begins) =
            SumTree.climb(SumTree.leaf(share.payee, share.shares), share.shares, share.side, share.path);
        bytes memory none;
        eq(none.length, 0, "Solidity's zero slot");
    }

    // The highest tree there may be.
    function test_climbsSixtyFourLevels() public view {
        IRevenueSplitter.Share memory share;
        (share.payee, share.shares) = (_wallet(artist.wallet), 1);
        bytes32 hash = SumTrees.leafHash(SumTrees.Leaf(share.payee, 1));
        uint96 sum = 1;
        uint96 lo;
        for (uint256 i; i < 64; ++i) {
            (bytes32 sibling, uint96 other) = (keccak256(abi.encode(i)), uint96(i + 1));
            share.path = abi.encodePacked(share.path, sibling, other);
            if (i % 3 == 0) {
                hash = keccak256(abi.encodePacked(bytes1(0x02), sibling, other, hash, sum));
                share.side |= 1 << i;
                lo += other;
            } else {
                hash = keccak256(abi.encodePacked(bytes1(0x02), hash, sum, sibling, other));
            }
            sum += other;
        }
        (bytes32 reached, uint256 total, uint256 begins) = this.climb(share);
        eq(reached, hash, "root");
        eq(total, sum, "sum");
        eq(begins, lo, "lo");
    }

    // Who answers nothing because nobody is there any more has paid nobody.
    function test_RevertWhen_theTokenIsGone() public {
        SumTrees.Leaf[] memory leaves = _three();
        _payTokens(_key(leaves, ""), SumTrees.opening(leaves, ""), address(token), 70);
        vm.etch(address(token), "");
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        reverts(
            abi.encodeWithSelector(
                IRevenueSplitter.RevenueSplitter_PayoutFailed.selector, artist.wallet, address(token), 10
            )
        );
        splitter.claim(share, address(token), "");
        eq(splitter.claimed(_key(leaves, ""), address(token), 0), 0, "nothing counts as paid");
    }
}
