// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallenges} from "../../contracts/interfaces/IChallenges.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {SumTree} from "../../contracts/libraries/SumTree.sol";
import {Collection, Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Manifests} from "./utils/Manifests.sol";
import {vm} from "./utils/Vm.sol";

// Promise 3: a manifest that is false on objective evidence is on record as false, whoever shows it.
contract ChallengeTest is Manifests {
    uint8 private constant OUT_OF_ORDER = 1;
    uint8 private constant REVOKED = 2;

    /// @dev Declares item 2 twice, side by side, of a collection of five.
    function _padded() private returns (Trained memory) {
        Used memory used = _use(artist.wallet, 5, 1, 1, trainingTerms);
        _declare(used, 3, 2);
        return _train(used);
    }

    function _swapped() private returns (Trained memory) {
        Used memory used = _use(artist.wallet, 5, 1, 1, trainingTerms);
        _declare(used, 1, 2);
        _declare(used, 2, 1);
        return _train(used);
    }

    function test_anItemDeclaredTwice() public {
        Trained memory trained = _padded();
        vm.warp(START + 9);
        bytes32 twice = trained.used[0].ids[2];
        vm.expectEmit(address(challenges));
        emit IChallenges.OutOfOrder(trained.model, trained.used[0].id, stranger.wallet, twice, twice);
        _outOfOrder(trained, 0, 2, 3);
        IChallenges.State memory state = challenges.stateOf(trained.model);
        eq(state.problems, OUT_OF_ORDER, "problems");
        eq(state.challengedAt, START + 9, "when");
        eq(state.checkedAt, 0, "not checked");
    }

    function test_neighboursOutOfOrder() public {
        Trained memory trained = _swapped();
        _outOfOrder(trained, 0, 1, 2);
        eq(challenges.stateOf(trained.model).problems, OUT_OF_ORDER, "problems");
    }

    // Any two will do, not only neighbours.
    function test_itemsFarApartOutOfOrder() public {
        Used memory used = _use(artist.wallet, 9, 1, 1, trainingTerms);
        _declare(used, 0, 8);
        Trained memory trained = _train(used);
        _outOfOrder(trained, 0, 0, 7);
    }

    function test_anItemRevokedBefore() public {
        Used memory used = _use(artist.wallet, 5, 1, 1, trainingTerms);
        vm.prank(artist.wallet);
        data.revokeItem(used.commitments[3]);
        vm.warp(START + 7 days);
        Trained memory trained = _train(used);
        vm.expectEmit(address(challenges));
        emit IChallenges.RevokedItem(trained.model, used.id, stranger.wallet, used.ids[3], uint40(START));
        _revoked(trained, 0, 3);
        eq(challenges.stateOf(trained.model).problems, REVOKED, "problems");
    }

    // On record once: the first time stays, and another kind is added.
    function test_againChangesNothing() public {
        Used memory used = _use(artist.wallet, 5, 1, 1, trainingTerms);
        vm.prank(artist.wallet);
        data.revokeItem(used.commitments[3]);
        vm.warp(START + 7 days);
        _declare(used, 4, 3);
        Trained memory trained = _train(used);
        _outOfOrder(trained, 0, 3, 4);
        vm.warp(START + 8 days);
        vm.recordLogs();
        _outOfOrder(trained, 0, 3, 4);
        eq(vm.getRecordedLogs().length, 0, "no event");
        _revoked(trained, 0, 3);
        _revoked(trained, 0, 4);
        eq(vm.getRecordedLogs().length, 1, "one event");
        IChallenges.State memory state = challenges.stateOf(trained.model);
        eq(state.problems, OUT_OF_ORDER | REVOKED, "both");
        eq(state.challengedAt, START + 7 days, "the first time");
    }

    // Nobody is harmed by a false accusation.

    function test_RevertWhen_theItemsAreInOrder() public {
        Trained memory trained = _honest(5);
        for (uint256 i; i < 5; ++i) {
            for (uint256 j; j < 5; ++j) {
                bytes32[] memory ids = trained.used[0].ids;
                reverts(abi.encodeWithSelector(IChallenges.Challenges_InOrder.selector, ids[i], ids[j]));
                _outOfOrder(trained, 0, i, j);
            }
        }
    }

    function test_RevertWhen_theSecondStandsBeforeTheFirst() public {
        Trained memory trained = _swapped();
        reverts(IChallenges.Challenges_InOrder.selector);
        _outOfOrder(trained, 0, 2, 1);
        Trained memory padded = _padded();
        reverts(IChallenges.Challenges_InOrder.selector);
        _outOfOrder(padded, 0, 3, 2);
        reverts(IChallenges.Challenges_InOrder.selector);
        _outOfOrder(padded, 0, 3, 3);
    }

    function test_RevertWhen_theItemWasNotRevoked() public {
        Trained memory trained = _honest(5);
        reverts(abi.encodeWithSelector(IChallenges.Challenges_NotRevoked.selector, trained.used[0].ids[3]));
        _revoked(trained, 0, 3);
    }

    // Also in the same block: what is revoked after a registration is no evidence against it.
    function test_RevertWhen_theItemWasRevokedSince() public {
        Trained memory trained = _honest(5);
        vm.startPrank(artist.wallet);
        data.revokeItem(trained.used[0].commitments[3]);
        vm.warp(START + 1);
        data.revokeItem(trained.used[0].commitments[4]);
        vm.stopPrank();
        vm.warp(START + 1000 days);
        reverts(IChallenges.Challenges_NotRevoked.selector);
        _revoked(trained, 0, 3);
        reverts(IChallenges.Challenges_NotRevoked.selector);
        _revoked(trained, 0, 4);
    }

    // The larger of the terms' notice and 7 days is over at revokedAt + notice, to the second.
    function test_theNoticeIsIncluded(uint32 notice, uint32 later) public {
        // Times of registration have 32 bits, which end in 2106.
        later = uint32(bound(later, 1, type(uint32).max - START));
        _judged(notice, later);
    }

    function test_whoLookedLessThanSevenDaysBeforeIsNotProvedFalse() public {
        _judged(0, 7 days - 1);
    }

    function test_sevenDaysAreEnoughToLookAgain() public {
        _judged(0, 7 days);
    }

    function test_aLongerNoticeCounts() public {
        _judged(7 days + 1, 7 days);
    }

    function test_irrevocableConsentHasNoRevokedItems() public {
        _judged(type(uint32).max, uint32(type(uint32).max - START));
    }

    function _judged(uint32 notice, uint32 later) private {
        Terms memory terms = _training(2000, 0);
        terms.noticeSeconds = notice;
        Used memory used = _use(artist.wallet, 3, 1, 1, data.defineTerms(terms));
        vm.prank(artist.wallet);
        data.revokeItem(used.commitments[1]);
        vm.warp(START + later);
        Trained memory trained = _train(used);
        bool stands = later < notice || later < 7 days;
        if (stands) reverts(IChallenges.Challenges_NotRevoked.selector);
        _revoked(trained, 0, 1);
        eq(challenges.stateOf(trained.model).problems, stands ? 0 : REVOKED, "problems");
    }

    function test_RevertWhen_theLeafIsNotInTheManifest() public {
        Trained memory trained = _padded();
        IChallenges.Leaf memory leaf = _leaf(trained, 0, 3);
        leaf.weight += 1;
        reverts(IChallenges.Challenges_NotInManifest.selector);
        challenges.outOfOrder(trained.model, trained.weights, trained.shown, 0, _leaf(trained, 0, 2), leaf);
        leaf.weight -= 1;
        leaf.id = keccak256("other");
        reverts(IChallenges.Challenges_NotInManifest.selector);
        challenges.outOfOrder(trained.model, trained.weights, trained.shown, 0, leaf, _leaf(trained, 0, 2));
        reverts(IChallenges.Challenges_NotInManifest.selector);
        challenges.revokedItem(trained.model, trained.weights, trained.shown, 0, leaf);
        leaf.path = bytes.concat(leaf.path, hex"00");
        reverts(SumTree.SumTree_PathLength.selector);
        challenges.revokedItem(trained.model, trained.weights, trained.shown, 0, leaf);
    }

    // A model may be registered with a weight that is not the sum of its tree: then no leaf can be shown.
    function test_RevertWhen_theWeightIsNotTheSum() public {
        Trained memory trained = _padded();
        Sources memory sources;
        sources.collections = new Collection[](1);
        sources.collections[0] = trained.shown.collections[0];
        sources.collections[0].weight += 1;
        IModelRegistry.ModelSpec memory spec = _modelSpec(77, freeTerms);
        vm.prank(developer.wallet);
        trained.model = models.register(spec, sources);
        (trained.weights, trained.shown) = (spec.weights, _shown(sources));
        reverts(IChallenges.Challenges_NotInManifest.selector);
        _outOfOrder(trained, 0, 2, 3);
        reverts(IChallenges.Challenges_NotInManifest.selector);
        _revoked(trained, 0, 2);
    }

    // The root hash alone would not do: with another sum above, intervals could be shifted.
    function test_RevertWhen_theProofIsOfAnotherCollection() public {
        Used[] memory used = new Used[](2);
        used[0] = _use(artist.wallet, 5, 1, 1, trainingTerms);
        used[1] = _use(studio.wallet, 5, 1, 2, trainingTerms);
        _declare(used[0], 3, 2);
        bytes32 padded = used[0].id;
        Trained memory trained = _train(used);
        uint256 source = trained.used[0].id == padded ? 0 : 1;
        IChallenges.Leaf memory first = _leaf(trained, source, 2);
        IChallenges.Leaf memory second = _leaf(trained, source, 3);
        reverts(IChallenges.Challenges_NotInManifest.selector);
        challenges.outOfOrder(trained.model, trained.weights, trained.shown, 1 - source, first, second);
        reverts(abi.encodeWithSelector(IChallenges.Challenges_NoSuchSource.selector, 2, 2));
        challenges.outOfOrder(trained.model, trained.weights, trained.shown, 2, first, second);
        challenges.outOfOrder(trained.model, trained.weights, trained.shown, source, first, second);
    }

    function test_RevertWhen_theSourcesAreNotTheModels() public {
        Trained memory trained = _padded();
        trained.weights = "others";
        reverts(abi.encodeWithSelector(IChallenges.Challenges_SourcesNotShown.selector, trained.model));
        _outOfOrder(trained, 0, 2, 3);
        Trained memory other = _swapped();
        trained.shown.collections = other.shown.collections;
        trained.weights = other.weights;
        reverts(IChallenges.Challenges_SourcesNotShown.selector);
        _outOfOrder(trained, 0, 2, 3);
        other.shown.collections[0].weight += 1;
        reverts(IChallenges.Challenges_SourcesNotShown.selector);
        _outOfOrder(other, 0, 1, 2);
        other.shown.collections[0].weight -= 1;
        other.model = "unknown";
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_UnknownModel.selector, other.model));
        _outOfOrder(other, 0, 1, 2);
    }

    // A model on models has no manifest, and what it rests on is its parents' matter.
    function test_RevertWhen_theModelHasNoCollections() public {
        Trained memory trained = _padded();
        Trained memory child;
        child.weights = _modelSpec(7, freeTerms).weights;
        vm.prank(developer.wallet);
        child.model = models.register(_modelSpec(7, freeTerms), _onModel(trained.model));
        child.shown = _shown(_onModel(trained.model));
        child.used = trained.used;
        reverts(abi.encodeWithSelector(IChallenges.Challenges_NoManifest.selector, child.model));
        _outOfOrder(child, 0, 2, 3);
        reverts(IChallenges.Challenges_NoManifest.selector);
        _revoked(child, 0, 2);
        reverts(IChallenges.Challenges_NoManifest.selector);
        _walk(child, new IChallenges.Slice[](0));
    }
}
