// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallenges} from "../../contracts/interfaces/IChallenges.sol";
import {Collection, ShownSources, Sources} from "../../contracts/types/Sources.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {Manifests} from "./utils/Manifests.sol";
import {vm} from "./utils/Vm.sol";

// Promise 3: collections of more than 4,000 items and models of more than 1,024 collections are walked to their end too.
contract CheckManifestLargeTest is Manifests {
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
}
