// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallenges} from "../../contracts/interfaces/IChallenges.sol";
import {SumTree} from "../../contracts/libraries/SumTree.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {IdTrees} from "./utils/Trees.sol";
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

    // The client plans the same gas for each, and whoever revokes makes no walk dearer.
    function test_aRevokedItemCostsWhatAnyOtherDoes() public {
        Trained memory trained = _honest(256);
        IChallenges.Slice[] memory slices = _slices(trained, TOP);
        uint256 snapshot = vm.snapshotState();
        uint256 plain = _cost(trained, slices);
        vm.revertToState(snapshot);
        vm.startPrank(artist.wallet);
        for (uint256 i; i < 256; ++i) {
            data.revokeItem(trained.used[0].commitments[i]);
        }
        vm.stopPrank();
        uint256 revoked = _cost(trained, slices);
        yes(_isChecked(trained), "revoked in the same second, without effect");
        yes(revoked < plain + 256 * 200, "one look at the terms, whose notice is the same for all");
    }

    function _cost(Trained memory trained, IChallenges.Slice[] memory slices) private returns (uint256 gas) {
        vm.cool(address(data));
        vm.cool(address(challenges));
        gas = gasleft();
        challenges.checkManifest(trained.model, trained.weights, trained.shown, slices);
        gas -= gasleft();
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
}
