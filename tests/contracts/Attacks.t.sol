// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallenges} from "../../contracts/interfaces/IChallenges.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {SumTree} from "../../contracts/libraries/SumTree.sol";
import {Collection, Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {AnyRegistry, Rejecting} from "./utils/Mocks.sol";
import {Manifests} from "./utils/Manifests.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";
import {Attacker, EvilToken} from "./utils/Attackers.sol";

// What a hostile reader tried on the contracts; invariants 1 to 5.
contract AttacksTest is Manifests {
    using SumTree for SumTree.Nodes;

    AnyRegistry private _reg;

    function setUp() public override {
        super.setUp();
        _reg = new AnyRegistry();
    }

    // A. memory

    function test_nodesKeepToTheirMemory() public pure {
        for (uint256 n = 1; n < 75; ++n) {
            assembly {
                let p := mload(0x40)
                for { let i := 0 } lt(i, 400) { i := add(i, 1) } { mstore(add(p, mul(i, 32)), not(0)) }
            }
            _check(n);
        }
    }

    function _check(uint256 n) private pure {
        SumTree.Nodes a = SumTree.alloc(n);
        SumTree.Nodes b = SumTree.alloc(n);
        uint256 free;
        assembly { free := mload(0x40) }
        yes(free % 32 == 0, "aligned");
        bytes32[] memory canary = new bytes32[](2);
        (canary[0], canary[1]) = (bytes32(type(uint256).max), bytes32(type(uint256).max));
        bytes32[] memory hashes = new bytes32[](n);
        uint256[] memory sums = new uint256[](n);
        uint256 big = type(uint96).max / n;
        for (uint256 i; i < n; ++i) {
            hashes[i] = keccak256(abi.encode(n, i));
            sums[i] = i % 3 == 0 ? big : 1 + i;
            a.push(hashes[i], sums[i]);
            b.push(hashes[n - 1 - i < i ? i : i], sums[i]);
        }
        (bytes32 ha, uint96 sa) = a.root();
        (bytes32 hb, uint96 sb) = b.root();
        (bytes32 h, uint256 s) = SumTrees.rootOf(hashes, sums);
        eq(ha, h, "a");
        eq(hb, h, "b");
        eq(sa, s, "sa");
        eq(sb, s, "sb");
        eq(canary.length, 2, "canary length");
        eq(canary[0], bytes32(type(uint256).max), "canary");
        uint256 zero;
        assembly { zero := mload(0x60) }
        eq(zero, 0, "zero slot");
    }

    // B. the purse

    function testFuzz_theChangeIsWhatNoCallDrew(uint256 seed) public {
        address rejects = address(new Rejecting());
        address[] memory payees = new address[](3);
        (payees[0], payees[1], payees[2]) = (artist.wallet, rejects, studio.wallet);
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 2);
        bytes32 sub = _subject(address(_reg), "s");
        _reg.setPayee("s", seed & 1 == 0 ? _wallet(rejects) : _key(leaves, ""));
        uint256 n = 1 + seed % 9;
        bytes[] memory calls = new bytes[](n);
        for (uint256 i; i < n; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            uint256 amount = r % 5;
            uint256 k = (r >> 8) % 7;
            if (k < 3) {
                calls[i] = abi.encodeCall(splitter.deposit, (_wallet(payees[k]), "", ETHER, amount, ""));
            } else if (k == 3) {
                calls[i] = abi.encodeCall(
                    splitter.deposit, (_key(leaves, ""), SumTrees.opening(leaves, ""), ETHER, amount, "")
                );
            } else if (k == 4) {
                calls[i] = abi.encodeCall(
                    splitter.deposit, (sub, abi.encodePacked(address(_reg), bytes32("s")), ETHER, amount, "")
                );
            } else if (k == 5) {
                calls[i] = abi.encodeCall(splitter.claim, (_share(leaves, "", r >> 16 & 1), ETHER, ""));
            } else {
                calls[i] = r >> 16 & 1 == 0 ? bytes("") : abi.encodeCall(splitter.multicall, (new bytes[](0), true));
            }
        }
        vm.deal(buyer.wallet, 100);
        uint256 all = 100 + artist.wallet.balance + studio.wallet.balance;
        vm.prank(buyer.wallet);
        IRevenueSplitter.Result[] memory results = splitter.multicall{value: 10}(calls, true);
        uint256 drawn;
        for (uint256 i; i < n; ++i) {
            if (results[i].success && bytes4(calls[i]) == splitter.deposit.selector) {
                drawn += abi.decode(results[i].data, (uint256));
            }
        }
        yes(drawn <= 10, "no more than sent");
        eq(buyer.wallet.balance, 100 - drawn, "rest");
        eq(all, buyer.wallet.balance + artist.wallet.balance + studio.wallet.balance + address(splitter).balance, "all");
        uint256 passed = splitter.claimed(_key(leaves, ""), ETHER, 0) + splitter.claimed(_key(leaves, ""), ETHER, 1);
        eq(
            address(splitter).balance,
            splitter.held(sub, ETHER) + splitter.received(_key(leaves, ""), ETHER) - passed,
            "books"
        );
    }

    // B2. every entry from every foreign call

    function test_noEntryFromAnyForeignCall() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        bytes32 key = _key(leaves, "");
        _pay(key, SumTrees.opening(leaves, ""), 100);
        Attacker bad = new Attacker(address(splitter));
        vm.deal(address(bad), 1000);
        bytes32 sub = _subject(address(_reg), "s");
        _pay(sub, abi.encodePacked(address(_reg), bytes32("s")), 7);
        _reg.setPayee("s", _wallet(address(bad)));
        payable(splitter.paymentAddress(key)).transfer(50);
        bytes[] memory c = new bytes[](7);
        c[0] = abi.encodeCall(splitter.deposit, (key, SumTrees.opening(leaves, ""), ETHER, 1, ""));
        c[1] = abi.encodeCall(splitter.claim, (_share(leaves, "", 0), ETHER, ""));
        c[2] = abi.encodeCall(splitter.resolve, (address(_reg), "s", ETHER));
        c[3] = abi.encodeCall(splitter.sweep, (key, SumTrees.opening(leaves, ""), ETHER));
        bytes32[] memory p = new bytes32[](2);
        uint96[] memory s = new uint96[](2);
        (p[0], p[1], s[0], s[1]) = (leaves[0].key, leaves[1].key, 1, 1);
        c[4] = abi.encodeCall(splitter.publish, (SumTrees.opening(leaves, ""), p, s));
        bytes[] memory inner = new bytes[](1);
        inner[0] = c[0];
        c[5] = abi.encodeCall(splitter.multicall, (inner, true));
        c[6] = abi.encodeCall(splitter.multicall, (new bytes[](0), true));
        for (uint256 i; i < c.length; ++i) {
            bad.arm(c[i]);
        }
        // its own call: full gas. Change comes back, money is resolved to it, deposit to it.
        bad.go{value: 9}(c[2]);
        bytes[] memory two = new bytes[](3);
        two[0] = abi.encodeCall(splitter.deposit, (_wallet(address(bad)), "", ETHER, 3, ""));
        two[1] = abi.encodeCall(splitter.deposit, (_wallet(address(bad)), "", ETHER, 30, ""));
        two[2] = c[0];
        bad.go{value: 9}(abi.encodeCall(splitter.multicall, (two, true)));
        yes(bad.tries() > 40, "tried");
        eq(bad.wins(), 0, "never in");
        eq(address(splitter).balance, 101, "books");
        // and afterwards it is free again
        splitter.deposit{value: 1}(key, SumTrees.opening(leaves, ""), ETHER, 1, "");
    }

    function test_tokensThatAttackOrMisanswer() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        bytes32 key = _key(leaves, "");
        EvilToken evil = new EvilToken();
        vm.deal(address(evil), 10);
        evil.set(
            address(splitter),
            abi.encodeCall(splitter.deposit, (key, SumTrees.opening(leaves, ""), address(evil), 1, "")),
            0
        );
        evil.mint(address(evil), 100);
        evil.mint(buyer.wallet, 100);
        _payTokens(key, SumTrees.opening(leaves, ""), address(evil), 10);
        evil.mint(splitter.paymentAddress(key), 10);
        splitter.sweep(key, SumTrees.opening(leaves, ""), address(evil));
        splitter.claim(_share(leaves, "", 0), address(evil), "");
        eq(evil.wins(), 0, "never in");
        yes(evil.tries() >= 3, "tried");
        for (uint256 m = 1; m < 5; ++m) {
            evil.set(address(0), "", m);
            bytes32 who = _wallet(address(uint160(0xbeef00 + m)));
            if (m < 3) {
                vm.prank(buyer.wallet);
                (bool ok,) = address(splitter).call(abi.encodeCall(splitter.deposit, (who, "", address(evil), 5, "")));
                no(ok, "refused");
            } else {
                _payTokens(who, "", address(evil), 5);
                eq(evil.balanceOf(address(uint160(0xbeef00 + m))), 5, "paid");
            }
        }
    }

    function test_precompilesAreNoTokens() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        bytes32 key = _key(leaves, "");
        for (uint160 a = 1; a < 0x120; ++a) {
            (bool ok,) = address(splitter).call{gas: 300_000}(
                abi.encodeCall(splitter.deposit, (key, SumTrees.opening(leaves, ""), address(a), 1, ""))
            );
            no(ok, "deposit");
            (ok,) = address(splitter).call{gas: 400_000}(
                abi.encodeCall(splitter.sweep, (key, SumTrees.opening(leaves, ""), address(a)))
            );
            no(ok, "sweep");
        }
    }

    function test_precompilesAreNoOpenGates() public {
        for (uint160 a = 1; a < 0x12; ++a) {
            Terms memory t = _training(1, 0);
            t.gate = address(a);
            Made memory made = _collect(artist.wallet, a, data.defineTerms(t));
            (bool ok, bytes memory d) =
                address(data).call{gas: 300_000}(abi.encodeCall(data.mayUse, (made.id, developer.wallet, TRAIN)));
            no(ok && abi.decode(d, (bool)), "closed");
        }
    }

    // C, D

    function test_aSplitThatPaysTheSubjectItCameFromMakesNoMoney() public {
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](2);
        bytes32 sub = _subject(address(_reg), "s");
        bytes memory opening = abi.encodePacked(address(_reg), bytes32("s"));
        leaves[0] = SumTrees.Leaf(sub, 3);
        leaves[1] = SumTrees.Leaf(_wallet(artist.wallet), 1);
        bytes32 key = _key(leaves, "");
        _reg.setPayee("s", key);
        _pay(sub, opening, 1000);
        for (uint256 i; i < 60; ++i) {
            splitter.claim(_share(leaves, "", i & 1), ETHER, i % 3 == 0 ? bytes("") : i & 1 == 0 ? opening : bytes(""));
            splitter.resolve(address(_reg), "s", ETHER);
            uint256 passed = splitter.claimed(key, ETHER, 0) + splitter.claimed(key, ETHER, 3);
            eq(address(splitter).balance, splitter.held(sub, ETHER) + splitter.received(key, ETHER) - passed, "books");
        }
        yes(artist.wallet.balance > 990 && artist.wallet.balance <= 1000, "all in the end");
    }

    function test_nothingIsHalfDoneAtTheLimitOfAnAccount() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        bytes32 key = _key(leaves, "");
        bytes32 sub = _subject(address(_reg), "s");
        bytes memory opening = abi.encodePacked(address(_reg), bytes32("s"));
        TestToken t = token;
        uint256 most = type(uint128).max;
        t.mint(buyer.wallet, 4 * most);
        _payTokens(sub, opening, address(t), 5);
        eq(splitter.held(sub, address(t)), 5, "waits");
        _payTokens(key, SumTrees.opening(leaves, ""), address(t), most - 10);
        _reg.setPayee("s", key);
        // 5 + 6 do not fit: all waits.
        _payTokens(sub, opening, address(t), 6);
        eq(splitter.held(sub, address(t)), 11, "waits");
        eq(splitter.received(key, address(t)), most - 10, "split untouched");
        vm.expectPartialRevert(IRevenueSplitter.RevenueSplitter_NotResolvable.selector);
        splitter.resolve(address(_reg), "s", address(t));
        eq(splitter.held(sub, address(t)), 11, "still");
        _reg.setPayee("s", bytes32(0));
        vm.expectPartialRevert(IRevenueSplitter.RevenueSplitter_TooMuch.selector);
        vm.prank(buyer.wallet);
        splitter.deposit(sub, opening, address(t), most - 10, "");
        _reg.setPayee("s", _wallet(artist.wallet));
        _payTokens(sub, opening, address(t), most - 11);
        eq(t.balanceOf(artist.wallet), most, "all");
        eq(splitter.held(sub, address(t)), 0, "nothing");
        eq(splitter.income(sub, address(t)), most, "income");
        vm.expectPartialRevert(IRevenueSplitter.RevenueSplitter_TooMuch.selector);
        vm.prank(buyer.wallet);
        splitter.deposit(sub, opening, address(t), 1, "");
        eq(t.balanceOf(address(splitter)), most - 10, "books");
    }

    // Resolving to the splitter's own forwarders.
    function test_whoPaysItselfInAgainGrowsOnlyItsOwnIncome() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        bytes32 key = _key(leaves, "");
        bytes32 sub = _subject(address(_reg), "s");
        bytes memory opening = abi.encodePacked(address(_reg), bytes32("s"));
        address forwarder = splitter.paymentAddress(sub);
        _reg.setPayee("s", _wallet(forwarder));
        _pay(sub, opening, 100);
        eq(forwarder.balance, 100, "out");
        // sweeping it sends it right back
        splitter.sweep(sub, opening, ETHER);
        eq(forwarder.balance, 100, "out again");
        eq(splitter.income(sub, ETHER), 200, "income grows for nothing");
        key;
    }

    // E. dirty calldata

    function _poke(bytes memory call_, uint256 clean, uint256 dirty) private pure returns (uint256 hits) {
        for (uint256 i = 36; i <= call_.length; i += 32) {
            uint256 w;
            assembly { w := mload(add(call_, i)) }
            if (w == clean) {
                assembly { mstore(add(call_, i), dirty) }
                ++hits;
            }
        }
    }

    function test_RevertWhen_calldataIsDirty() public {
        uint96 a = 0x1234567;
        uint96 b = 0x7654321;
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, a, studio.wallet, b);
        bytes32 key = _key(leaves, "");
        _pay(key, SumTrees.opening(leaves, ""), 1000);
        bytes memory c = abi.encodeCall(splitter.claim, (_share(leaves, "", 0), ETHER, ""));
        eq(_poke(c, a, uint256(a) | 1 << 96), 1, "hit");
        (bool ok,) = address(splitter).call(c);
        no(ok, "claim");
        bytes32[] memory p = new bytes32[](2);
        uint96[] memory s = new uint96[](2);
        (p[0], p[1], s[0], s[1]) = (leaves[0].key, leaves[1].key, a, b);
        c = abi.encodeCall(splitter.publish, (SumTrees.opening(leaves, ""), p, s));
        (ok,) = address(splitter).call(c);
        yes(ok, "clean");
        eq(_poke(c, b, uint256(b) | 1 << 96), 1, "hit");
        (ok,) = address(splitter).call(c);
        no(ok, "publish");
        c = abi.encodeCall(splitter.deposit, (_wallet(artist.wallet), "", address(token), 0xabcdef, ""));
        _poke(c, uint160(address(token)), uint256(uint160(address(token))) | 1 << 160);
        vm.prank(buyer.wallet);
        (ok,) = address(splitter).call(c);
        no(ok, "token");
    }

    function testFuzz_RevertWhen_weightsWrapAround(uint256 w, uint256 want) public {
        want = bound(want, 0, 1 << 83);
        Made[] memory made = new Made[](3);
        for (uint256 i; i < 3; ++i) {
            made[i] = _collect(artist.wallet, 50 + i, trainingTerms);
        }
        Sources memory sources = _sources(made);
        (sources.collections[0].weight, sources.collections[1].weight, sources.collections[2].weight) =
        (0xaaaaaa1, 0xaaaaaa2, 0xaaaaaa3);
        bytes memory c = abi.encodeCall(models.register, (_modelSpec(1, freeTerms), sources));
        uint256 second;
        uint256 third;
        unchecked {
            second = want - w - 5;
            third = 5;
            // Not what stands for a weight until it is poked in.
            if (w - 0xaaaaaa1 < 3 || second - 0xaaaaaa1 < 3) return;
        }
        eq(_poke(c, 0xaaaaaa1, w) + _poke(c, 0xaaaaaa2, second) + _poke(c, 0xaaaaaa3, third), 3, "hits");
        vm.prank(developer.wallet);
        (bool ok,) = address(models).call(c);
        bool right = w != 0 && second != 0 && w < 1 << 82 && second < 1 << 82 && w + second + third < 1 << 82;
        yes(ok == right, "only honest sums");
    }

    function test_RevertWhen_aSliceIsDirty() public {
        Trained memory trained = _honest(7);
        IChallenges.Slice[] memory slices = _slices(trained, 1);
        bytes memory c =
            abi.encodeCall(challenges.checkManifest, (trained.model, trained.weights, trained.shown, slices));
        uint256 lo = slices[2].lo;
        _poke(c, lo, lo | 1 << 96);
        (bool ok,) = address(challenges).call(c);
        no(ok, "lo");
    }

    // G. what weighs nothing hides

    function test_RevertWhen_aLeafOfNoWeightWouldHideFromTheWalk() public {
        vm.warp(START);
        Used memory used;
        used.provider = artist.wallet;
        (used.commitments, used.ids) = _commitments(artist.wallet, 2, 77);
        vm.prank(artist.wallet);
        used.id = data.commit(IdTrees.root(used.ids), 2, _spec(trainingTerms));
        vm.prank(artist.wallet);
        data.revokeItem(used.commitments[1]);
        vm.warp(START + 100 days);
        bytes32 shownLeaf = SumTrees.leafHash(SumTrees.Leaf(used.ids[0], 5));
        bytes32 hidden = SumTrees.leafHash(SumTrees.Leaf(used.ids[1], 0));
        bytes32 root = keccak256(abi.encodePacked(bytes1(0x02), shownLeaf, uint96(5), hidden, uint96(0)));
        Sources memory sources;
        sources.collections = new Collection[](1);
        sources.collections[0] = Collection(used.id, root, 5);
        IModelRegistry.ModelSpec memory spec = _modelSpec(9, freeTerms);
        vm.prank(developer.wallet);
        bytes32 model = models.register(spec, sources);
        IChallenges.Slice[] memory slices = new IChallenges.Slice[](1);
        slices[0].leaves = abi.encodePacked(used.commitments[0], uint96(5));
        slices[0].path = abi.encodePacked(hidden, uint96(0));
        bytes32[] memory one = new bytes32[](1);
        one[0] = used.ids[0];
        (slices[0].proof, slices[0].flags) = IdTrees.multiproof(used.ids, one);
        IChallenges.Leaf memory leaf;
        leaf.id = used.ids[1];
        leaf.path = abi.encodePacked(shownLeaf, uint96(5));
        leaf.side = 1;
        (bool provable,) = address(challenges)
            .call(abi.encodeCall(challenges.revokedItem, (model, spec.weights, _shown(sources), 0, leaf)));
        no(provable, "a leaf of no weight cannot be shown");
        (bool walked,) = address(challenges)
            .call(abi.encodeCall(challenges.checkManifest, (model, spec.weights, _shown(sources), slices)));
        walked;
        eq(challenges.stateOf(model).checkedAt, 0, "a manifest with a revoked leaf in it stands as checked");
    }

    function test_nothingDueReturnsTheValueAndFreesTheLock() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
        vm.deal(buyer.wallet, 10);
        vm.startPrank(buyer.wallet);
        eq(splitter.claim{value: 7}(_share(leaves, "", 0), ETHER, ""), 0, "nothing");
        eq(buyer.wallet.balance, 10, "back");
        eq(splitter.resolve{value: 7}(address(_reg), "s", ETHER), 0, "nothing");
        eq(buyer.wallet.balance, 10, "back");
        vm.stopPrank();
        eq(address(splitter).balance, 0, "none kept");
    }
}
