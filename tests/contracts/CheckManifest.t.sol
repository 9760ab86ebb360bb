// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallenges} from "../../contracts/interfaces/IChallenges.sol";
import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {SumTree} from "../../contracts/libraries/SumTree.sol";
import {Collection, ShownSources, Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {Manifests} from "./utils/Manifests.sol";
import {vm} from "./utils/Vm.sol";

// Promise 3: how far a declaration is backed. Anybody may walk a manifest until it stands as checked; invariant 8.
contract CheckManifestTest is Manifests {
    /// @dev Two collections, one of 9 items of which every second is declared, one of 6.
    function _two() private returns (Trained memory) {
        Used[] memory used = new Used[](2);
        used[0] = _use(artist.wallet, 9, 2, 1, trainingTerms);
        used[1] = _use(studio.wallet, 6, 1, 2, trainingTerms);
        return _train(used);
    }

    function test_inOneTransaction() public {
        Trained memory trained = _two();
        vm.warp(START + 5);
        vm.expectEmit(address(challenges));
        emit IChallenges.ManifestChecked(trained.model, stranger.wallet);
        _walk(trained, _slices(trained, TOP));
        IChallenges.State memory state = challenges.stateOf(trained.model);
        eq(state.checkedAt, START + 5, "when");
        eq(state.problems, 0, "no problems");
        eq(state.part, 1, "behind the last part");
    }

    // In as many transactions as it takes, by anybody, from where the last stopped.
    function test_leafByLeaf() public {
        Trained memory trained = _two();
        IChallenges.Slice[] memory slices = _slices(trained, 0);
        for (uint256 i; i < slices.length; ++i) {
            no(_isChecked(trained), "not yet");
            IChallenges.State memory state = challenges.stateOf(trained.model);
            eq(state.source, slices[i].source, "source");
            eq(state.lo, slices[i].lo, "lo");
            eq(
                state.last,
                slices[i].lo == 0 ? bytes32(0) : trained.used[state.source].leaves[_at(trained, slices[i]) - 1].key,
                "last"
            );
            _walk(trained, slices[i]);
        }
        yes(_isChecked(trained), "checked");
    }

    function _at(Trained memory trained, IChallenges.Slice memory slice) private pure returns (uint256 index) {
        uint256 lo;
        while (lo < slice.lo) lo += trained.used[slice.source].leaves[index++].shares;
    }

    // Sizes at which nodes are promoted, and IDs that are a part of the collection only.
    function test_everySizeInSlicesOfEverySize() public {
        uint256 seed;
        for (uint256 count = 1; count < 12; ++count) {
            for (uint256 every = 1; every < 3; ++every) {
                for (uint256 levels; levels < 4; ++levels) {
                    Trained memory trained = _train(_use(artist.wallet, count, every, ++seed, trainingTerms));
                    _walk(trained, _slices(trained, levels));
                    yes(_isChecked(trained), "checked");
                }
            }
        }
    }

    // Two walkers at a time, or the same one again, do each other no harm.

    function test_whatWasWalkedIsPassedOver() public {
        Trained memory trained = _two();
        IChallenges.Slice[] memory slices = _slices(trained, 1);
        _walk(trained, slices[0]);
        _walk(trained, slices[0]);
        IChallenges.State memory state = challenges.stateOf(trained.model);
        eq(state.lo, slices[1].lo, "once");
        _walk(trained, slices);
        yes(_isChecked(trained), "checked");
        vm.recordLogs();
        vm.warp(START + 9);
        _walk(trained, slices);
        eq(vm.getRecordedLogs().length, 0, "nothing said");
        eq(challenges.stateOf(trained.model).checkedAt, START, "nothing changed");
    }

    // Nobody can stop a walker by walking a leaf ahead: what was walked in part is walked whole, in the order it is in.
    function test_anotherCutGoesOnFromWhereItIs() public {
        Trained memory trained = _honest(12);
        _walk(trained, _slice(trained, 0, 0, 0));
        _walk(trained, _slice(trained, 0, 2, 0));
        IChallenges.State memory state = challenges.stateOf(trained.model);
        eq(state.lo, _slice(trained, 0, 2, 1).lo, "behind the slice");
        eq(state.last, trained.used[0].ids[3], "the last of it");
        // All inside of what was walked: unread.
        IChallenges.Slice memory unread = _slice(trained, 0, 1, 1);
        unread.side = 77;
        _walk(trained, unread);
        _walk(trained, _slice(trained, 0, 0, 4));
        _walk(trained, _slices(trained, TOP));
        yes(_isChecked(trained), "checked");
    }

    // What is begun again is checked like all else.
    function test_RevertWhen_aSliceBegunAgainIsFalse() public {
        Used memory used = _use(artist.wallet, 12, 1, 1, trainingTerms);
        _declare(used, 6, 5);
        Trained memory trained = _train(used);
        _walk(trained, _slice(trained, 0, 1, 0));
        bytes memory why =
            abi.encodeWithSelector(IChallenges.Challenges_NotAscending.selector, used.ids[5], used.ids[5]);
        reverts(why);
        _walk(trained, _slice(trained, 0, 3, 0));
        _walk(trained, _slice(trained, 0, 1, 1));
        _walk(trained, _slice(trained, 0, 1, 2));
        reverts(why);
        _walk(trained, _slice(trained, 0, 1, 3));
        // A slice that lies about its weights to be begun again.
        IChallenges.Slice memory lies = _slice(trained, 0, 1, 0);
        lies.leaves[32] = 0xff;
        reverts(IChallenges.Challenges_NotInManifest.selector);
        _walk(trained, lies);
    }

    // An earlier collection's slice cannot be begun again, whatever it says that it weighs.
    function test_anEarlierCollectionIsDoneWith() public {
        Trained memory trained = _two();
        _walk(trained, _slice(trained, 0, TOP, 0));
        _walk(trained, _slice(trained, 1, 0, 0));
        IChallenges.State memory before = challenges.stateOf(trained.model);
        IChallenges.Slice memory slice = _slice(trained, 0, TOP, 0);
        _walk(trained, slice);
        slice.leaves[32] = 0xff;
        _walk(trained, slice);
        eq(keccak256(abi.encode(challenges.stateOf(trained.model))), keccak256(abi.encode(before)), "unmoved");
    }

    function test_RevertWhen_somethingIsLeftOut() public {
        Trained memory trained = _two();
        IChallenges.Slice[] memory slices = _slices(trained, 1);
        reverts(abi.encodeWithSelector(IChallenges.Challenges_NotNext.selector, 0, 0, 0));
        _walk(trained, slices[1]);
        reverts(abi.encodeWithSelector(IChallenges.Challenges_NotNext.selector, 0, 0, 0));
        _walk(trained, slices[slices.length - 1]);
        (slices[1], slices[2]) = (slices[2], slices[1]);
        reverts(abi.encodeWithSelector(IChallenges.Challenges_NotNext.selector, 0, 0, slices[2].lo));
        _walk(trained, slices);
        // All or nothing.
        eq(challenges.stateOf(trained.model).lo, 0, "nothing counts");
    }

    function test_RevertWhen_thePlaceIsNotWhereItSays() public {
        Trained memory trained = _two();
        IChallenges.Slice[] memory slices = _slices(trained, 1);
        slices[1].lo = 0;
        reverts(IChallenges.Challenges_NotInManifest.selector);
        _walk(trained, slices[1]);
    }

    // A node is 2^k leaves from a multiple of 2^k on; others are not nodes.
    function test_RevertWhen_aSliceIsNoNode() public {
        Trained memory trained = _honest(8);
        IChallenges.Slice memory slice = _slice(trained, 0, 2, 0);
        bytes memory leaves = slice.leaves;
        assembly ("memory-safe") {
            mstore(leaves, 132)
        }
        slice.flags[0] = 0;
        reverts(IChallenges.Challenges_NotInManifest.selector);
        _walk(trained, slice);
    }

    function test_RevertWhen_leavesAreCutOffOrMissing() public {
        Trained memory trained = _honest(3);
        IChallenges.Slice memory slice = _slice(trained, 0, TOP, 0);
        slice.leaves = bytes.concat(slice.leaves, hex"00");
        reverts(abi.encodeWithSelector(IChallenges.Challenges_LeavesLength.selector, 133));
        _walk(trained, slice);
        slice.leaves = "";
        reverts(abi.encodeWithSelector(IChallenges.Challenges_LeavesLength.selector, 0));
        _walk(trained, slice);
    }

    function test_RevertWhen_aWeightIsAnotherOrZero() public {
        Trained memory trained = _honest(3);
        IChallenges.Slice memory slice = _slice(trained, 0, TOP, 0);
        slice.leaves[43] = bytes1(uint8(slice.leaves[43]) ^ 1);
        reverts(IChallenges.Challenges_NotInManifest.selector);
        _walk(trained, slice);
        for (uint256 i = 32; i < 44; ++i) {
            slice.leaves[i] = 0;
        }
        reverts(SumTree.SumTree_NoShares.selector);
        _walk(trained, slice);
    }

    function test_RevertWhen_itIsOutOfOrder() public {
        Used memory used = _use(artist.wallet, 8, 1, 1, trainingTerms);
        _declare(used, 4, 3);
        Trained memory trained = _train(used);
        bytes memory why =
            abi.encodeWithSelector(IChallenges.Challenges_NotAscending.selector, used.ids[3], used.ids[3]);
        reverts(why);
        _walk(trained, _slices(trained, TOP));
        // Also across slices and transactions.
        IChallenges.Slice[] memory slices = _slices(trained, 2);
        reverts(why);
        _walk(trained, slices);
        _walk(trained, slices[0]);
        reverts(why);
        _walk(trained, slices[1]);
    }

    // The order begins anew with each collection.
    function test_eachCollectionBeginsAnew() public {
        Trained memory trained = _two();
        yes(trained.used[0].ids[8 % trained.used[0].ids.length] > trained.used[1].ids[0], "the second goes back");
        _walk(trained, _slices(trained, 0));
    }

    function test_RevertWhen_anItemIsAnothers() public {
        Used memory used = _use(artist.wallet, 1, 1, 1, trainingTerms);
        Used memory others = _use(studio.wallet, 1, 1, 2, trainingTerms);
        // Its ID, with its own commitment: the ID derived with the provider is another.
        used.leaves[0].key = others.ids[0];
        used.declared[0] = others.commitments[0];
        Trained memory trained = _train(used);
        reverts(IChallenges.Challenges_NotInManifest.selector);
        _walk(trained, _slices(trained, TOP));
    }

    function test_RevertWhen_anItemIsNotInTheCollection() public {
        Used memory used = _use(artist.wallet, 8, 1, 1, trainingTerms);
        bytes32 commitment;
        for (uint256 i; _item(artist.wallet, commitment) <= used.ids[6]; ++i) {
            commitment = keccak256(abi.encode("elsewhere", i));
        }
        (used.leaves[7].key, used.declared[7]) = (_item(artist.wallet, commitment), commitment);
        Trained memory trained = _train(used);
        IChallenges.Slice memory slice = _slice(trained, 0, TOP, 0);
        // The flags of one who takes it for a member.
        slice.flags = new uint256[](1);
        slice.flags[0] = 127;
        slice.proof = new bytes32[](0);
        reverts(IChallenges.Challenges_NotInCollection.selector);
        _walk(trained, slice);
    }

    // A node of the tree is no item: the IDs are derived from commitments.
    function test_RevertWhen_anInnerNodeIsDeclared() public {
        Used memory used = _use(artist.wallet, 4, 4, 1, trainingTerms);
        bytes32[] memory nodes = IdTrees.tree(used.ids);
        used.leaves[0].key = used.declared[0] = nodes[1];
        Trained memory trained = _train(used);
        IChallenges.Slice memory slice = _slice(trained, 0, TOP, 0);
        slice.proof = new bytes32[](1);
        slice.proof[0] = nodes[2];
        reverts(IChallenges.Challenges_NotInManifest.selector);
        _walk(trained, slice);
    }

    function test_RevertWhen_theProofIsWrong() public {
        Trained memory trained = _train(_use(artist.wallet, 9, 2, 1, trainingTerms));
        IChallenges.Slice memory slice = _slice(trained, 0, TOP, 0);
        uint256 hashes = slice.proof.length;
        slice.proof[0] = keccak256("other");
        reverts(IChallenges.Challenges_NotInCollection.selector);
        _walk(trained, slice);
        uint256 flags = slice.flags[0];
        slice.flags[0] = 0;
        reverts(abi.encodeWithSelector(IChallenges.Challenges_WrongFlags.selector, 4 + hashes, hashes));
        _walk(trained, slice);
        // Beyond the last step nothing is read.
        slice = _slice(trained, 0, TOP, 0);
        slice.flags[0] = flags | type(uint256).max << (4 + hashes);
        _walk(trained, slice);
    }

    // Whatever the flags are, it is a clear error or the truth.
    function test_noFlagsBreakIt(uint256 flags, uint256 hashes) public {
        Trained memory trained = _train(_use(artist.wallet, 9, 2, 1, trainingTerms));
        IChallenges.Slice memory slice = _slice(trained, 0, TOP, 0);
        slice.flags[0] = flags;
        slice.proof = new bytes32[](bound(hashes, 0, 8));
        (bool done, bytes memory reason) = address(challenges)
            .call(
                abi.encodeCall(IChallenges.checkManifest, (trained.model, trained.weights, trained.shown, _one(slice)))
            );
        no(done, "refused");
        bytes4 why = bytes4(reason);
        yes(
            why == IChallenges.Challenges_WrongFlags.selector || why == IChallenges.Challenges_NotInCollection.selector,
            "by name"
        );
    }

    function _one(IChallenges.Slice memory slice) private pure returns (IChallenges.Slice[] memory one) {
        one = new IChallenges.Slice[](1);
        one[0] = slice;
    }

    function test_RevertWhen_anItemWasRevokedBefore() public {
        Used memory used = _use(artist.wallet, 8, 1, 1, trainingTerms);
        vm.prank(artist.wallet);
        data.revokeItem(used.commitments[3]);
        vm.warp(START + 7 days);
        Trained memory trained = _train(used);
        reverts(abi.encodeWithSelector(IChallenges.Challenges_Revoked.selector, used.ids[3], START));
        _walk(trained, _slices(trained, TOP));
    }

    // Revoked in the same block or later, or while the notice ran: it stands.
    function test_whatIsRevokedLaterIsNoMatter() public {
        Terms memory terms = _training(2000, 0);
        terms.noticeSeconds = 10 days;
        Used memory used = _use(artist.wallet, 8, 1, 1, data.defineTerms(terms));
        vm.prank(artist.wallet);
        data.revokeItem(used.commitments[3]);
        vm.warp(START + 10 days - 1);
        Trained memory trained = _train(used);
        vm.startPrank(artist.wallet);
        data.revokeItem(used.commitments[4]);
        data.revoke(used.id);
        vm.warp(START + 30 days);
        data.revokeItem(used.commitments[5]);
        vm.stopPrank();
        _walk(trained, _slices(trained, TOP));
        yes(_isChecked(trained), "checked");
    }

    function test_RevertWhen_itWasProvedFalse() public {
        Used memory used = _use(artist.wallet, 8, 1, 1, trainingTerms);
        _declare(used, 7, 6);
        Trained memory trained = _train(used);
        _walk(trained, _slice(trained, 0, 1, 0));
        _outOfOrder(trained, 0, 6, 7);
        reverts(abi.encodeWithSelector(IChallenges.Challenges_ProvenFalse.selector, trained.model, 1));
        _walk(trained, _slices(trained, 1));
    }

    function test_RevertWhen_theSourcesAreNotShown() public {
        Trained memory trained = _two();
        IChallenges.Slice[] memory slices = _slices(trained, TOP);
        trained.shown.collections[0].weight += 1;
        reverts(abi.encodeWithSelector(IChallenges.Challenges_SourcesNotShown.selector, trained.model));
        _walk(trained, slices);
        trained.shown.collections[0].weight -= 1;
        slices[1].source = 2;
        slices[0] = slices[1];
        reverts(IChallenges.Challenges_NotNext.selector);
        _walk(trained, slices);
    }

    // A collection of more than 4,000: the slice's own proof is a part of the multiproof.
    function test_aCollectionOfSeveralSlices() public {
        uint256 count = 4003;
        Used memory used;
        used.provider = artist.wallet;
        (used.commitments, used.ids) = _commitments(artist.wallet, count, 1);
        bytes32[] memory low = new bytes32[](4000);
        bytes32[] memory high = new bytes32[](3);
        for (uint256 i; i < count; ++i) {
            if (i < 4000) low[i] = used.ids[i];
            else high[i - 4000] = used.ids[i];
        }
        bytes32[] memory roots = new bytes32[](2);
        (roots[0], roots[1]) = (IdTrees.root(low), IdTrees.root(high));
        vm.prank(artist.wallet);
        used.id = data.commit(IdTrees.root(roots), uint64(count), _spec(trainingTerms));
        // Of the first slice two, of the second two.
        used.leaves = new SumTrees.Leaf[](4);
        used.declared = new bytes32[](4);
        _declare(used, 0, 17);
        _declare(used, 1, 3999);
        _declare(used, 2, 4000);
        _declare(used, 3, 4002);
        Trained memory trained = _train(used);
        IChallenges.Slice[] memory slices = new IChallenges.Slice[](2);
        for (uint256 i; i < 2; ++i) {
            used.ids = i == 0 ? low : high;
            slices[i] = _slice(trained, 0, 1, i);
            slices[i].proof = _with(slices[i].proof, roots[1 - i]);
        }
        _walk(trained, slices);
        yes(_isChecked(trained), "checked");
    }

    function _with(bytes32[] memory proof, bytes32 more) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](proof.length + 1);
        for (uint256 i; i < proof.length; ++i) {
            longer[i] = proof[i];
        }
        longer[proof.length] = more;
    }

    // Models of more than 1,024 collections: part after part, each shown by itself.
    function test_severalParts() public {
        Collection[] memory all = _many(1025);
        Sources memory sources;
        sources.collections = new Collection[](1024);
        for (uint256 i; i < 1024; ++i) {
            sources.collections[i] = all[i];
        }
        Trained memory trained;
        Collection[] memory end = new Collection[](1);
        end[0] = all[1024];
        trained.shown.parts = new bytes32[](2);
        trained.shown.parts[0] = keccak256(abi.encode(sources.collections));
        trained.shown.parts[1] = keccak256(abi.encode(end));
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        trained.weights = spec.weights;
        trained.model = _modelId(
            developer.wallet,
            spec,
            keccak256(abi.encode(trained.shown.parts, new bytes32[](0), trained.shown.externals))
        );
        spec.draft = trained.model;
        vm.startPrank(developer.wallet);
        models.addPart(trained.model, developer.wallet, 1025, 0, sources.collections);
        IChallenges.Slice[] memory slices = new IChallenges.Slice[](1024);
        for (uint256 i; i < 1024; ++i) {
            slices[i] = _single(all[i].id, i);
        }
        IChallenges.Slice[] memory tail = _one(_single(all[1024].id, 0));
        trained.shown.collections = sources.collections;
        sources.collections = end;
        models.register(spec, sources);
        vm.stopPrank();
        ShownSources memory last =
            ShownSources(trained.shown.parts, trained.shown.models, trained.shown.externals, 1, end);
        reverts(abi.encodeWithSelector(IChallenges.Challenges_NotNext.selector, 0, 0, 0));
        challenges.checkManifest(trained.model, trained.weights, last, tail);
        _walk(trained, slices);
        eq(challenges.stateOf(trained.model).part, 1, "the next part");
        eq(challenges.stateOf(trained.model).source, 0, "from its start");
        no(_isChecked(trained), "not yet");
        _walk(trained, slices);
        challenges.checkManifest(trained.model, trained.weights, last, tail);
        yes(_isChecked(trained), "checked");
        last.part = 2;
        reverts(IChallenges.Challenges_SourcesNotShown.selector);
        challenges.checkManifest(trained.model, trained.weights, last, tail);
    }

    mapping(bytes32 collection => bytes32 commitment) private _only;

    /// @dev Collections of one item each, in order.
    function _many(uint256 count) private returns (Collection[] memory all) {
        bytes32[] memory ids = new bytes32[](count);
        bytes32[] memory commitments = new bytes32[](count);
        vm.startPrank(artist.wallet);
        for (uint256 i; i < count; ++i) {
            commitments[i] = keccak256(abi.encode("single", i));
            ids[i] = data.commit(_item(artist.wallet, commitments[i]), 1, _spec(trainingTerms));
            _only[ids[i]] = commitments[i];
        }
        vm.stopPrank();
        _sort(ids, commitments, 0, int256(count - 1));
        all = new Collection[](count);
        for (uint256 i; i < count; ++i) {
            SumTrees.Leaf memory leaf = SumTrees.Leaf(_item(artist.wallet, commitments[i]), 1);
            all[i] = Collection(ids[i], SumTrees.leafHash(leaf), 1);
        }
    }

    function _single(bytes32 collection, uint256 source) private view returns (IChallenges.Slice memory slice) {
        slice.source = uint32(source);
        slice.leaves = abi.encodePacked(_only[collection], uint96(1));
    }

    // Never both; an honest manifest can be walked to its end, a false one never, however it is cut.
    /// forge-config: default.fuzz.runs = 200
    function test_checkedOrFalseButNeverBoth(uint256 seed) public {
        Used[] memory used = new Used[](1 + _random(seed, "collections") % 3);
        bool isFalse;
        for (uint256 i; i < used.length; ++i) {
            uint256 mine = _random(seed, i);
            used[i] =
                _use(i % 2 == 0 ? artist.wallet : studio.wallet, 1 + mine % 13, 1 + mine / 13 % 3, i, trainingTerms);
            isFalse = _spoil(used[i], mine / 39) || isFalse;
        }
        vm.warp(START + 7 days);
        Trained memory trained = _train(used);
        uint256 levels = _random(seed, "cut") % 5;
        // Somebody begins to walk before anybody challenges, or does not.
        if (seed % 2 == 0) _tryWalk(trained, levels);
        if (seed % 3 == 0) _tryWalk(trained, _random(seed, "another cut") % 5);
        bool challenged = _tryAllEvidence(trained);
        eq(challenged ? 1 : 0, isFalse ? 1 : 0, "what is false can be shown, and nothing else");
        _tryWalk(trained, 0);
        _tryWalk(trained, levels);
        IChallenges.State memory state = challenges.stateOf(trained.model);
        eq(state.checkedAt == 0 ? 0 : 1, isFalse ? 0 : 1, "checked if and only if it is true");
        eq(state.problems == 0 ? 0 : 1, isFalse ? 1 : 0, "challenged if and only if it is false");
        no(_tryAllEvidence(trained) && !isFalse, "a checked one stands");
    }

    function _random(uint256 seed, uint256 salt) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }

    function _random(uint256 seed, string memory salt) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }

    /// @dev Makes a manifest false in one way in two thirds of cases, and revokes without harm in others.
    function _spoil(Used memory used, uint256 random) private returns (bool) {
        uint256 count = used.leaves.length;
        uint256 way = random % 6;
        uint256 i = random / 6 % count;
        uint256 j = random / 100 % count;
        if (way == 0 && i != j) {
            used.leaves[i] = used.leaves[j];
            used.declared[i] = used.declared[j];
            return true;
        }
        if (way == 1 && i != j) {
            (used.leaves[i], used.leaves[j]) = (used.leaves[j], used.leaves[i]);
            (used.declared[i], used.declared[j]) = (used.declared[j], used.declared[i]);
            return true;
        }
        if (way > 3) return false;
        // 7 days before: evidence. A second less: none.
        if (way == 3) vm.warp(START + 1);
        vm.prank(used.provider);
        data.revokeItem(used.declared[i]);
        vm.warp(START);
        return way != 3;
    }

    function _tryWalk(Trained memory trained, uint256 levels) private {
        IChallenges.Slice[] memory slices = _slices(trained, levels);
        for (uint256 i; i < slices.length; ++i) {
            try challenges.checkManifest(trained.model, trained.weights, trained.shown, _one(slices[i])) {} catch {}
        }
    }

    function _tryAllEvidence(Trained memory trained) private returns (bool any) {
        for (uint256 k; k < trained.used.length; ++k) {
            uint256 count = trained.used[k].leaves.length;
            for (uint256 i; i < count; ++i) {
                IChallenges.Leaf memory leaf = _leaf(trained, k, i);
                try challenges.revokedItem(trained.model, trained.weights, trained.shown, k, leaf) {
                    any = true;
                } catch {}
                for (uint256 j = i + 1; j < count; ++j) {
                    try challenges.outOfOrder(
                        trained.model, trained.weights, trained.shown, k, leaf, _leaf(trained, k, j)
                    ) {
                        any = true;
                    } catch {}
                }
            }
        }
    }
}
