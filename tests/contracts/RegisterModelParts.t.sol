// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {Compose} from "../../contracts/libraries/Compose.sol";
import {Collection, Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Models of more than 1,024 collections come in parts of exactly 1,024. Invariants 4, 5 and 8.
contract RegisterModelPartsTest is Base {
    uint256 private constant PART = 1024;

    Made[] private _made;

    function setUp() public override {
        super.setUp();
        vm.startPrank(artist.wallet);
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        for (uint256 i; i < 2049; ++i) {
            bytes32 root = keccak256(abi.encode("root", i));
            bytes32 id = data.commit(root, 3, spec);
            _made.push(Made(id, artist.wallet, root, uint96(i + 1), 2000, 0));
        }
        vm.stopPrank();
        Made[] memory all = _made;
        bytes32[] memory ids = new bytes32[](all.length);
        bytes32[] memory order = new bytes32[](all.length);
        for (uint256 i; i < all.length; ++i) {
            (ids[i], order[i]) = (all[i].id, bytes32(i));
        }
        _sort(ids, order, 0, int256(all.length - 1));
        for (uint256 i; i < all.length; ++i) {
            _made[i] = all[uint256(order[i])];
        }
    }

    /// @dev The collections from `from`, as a part.
    function _part(uint256 from, uint256 count) private view returns (Collection[] memory collections) {
        collections = new Collection[](count);
        for (uint256 i; i < count; ++i) {
            Made storage made = _made[from + i];
            collections[i] = Collection(made.id, _items(made.id), made.weight);
        }
    }

    function _weight(uint256 count) private view returns (uint96 weight) {
        for (uint256 i; i < count; ++i) {
            weight += _made[i].weight;
        }
    }

    function _modelOf(uint256 count, IModelRegistry.ModelSpec memory spec) private view returns (bytes32) {
        bytes32[] memory parts = new bytes32[]((count + PART - 1) / PART);
        for (uint256 i; i < parts.length; ++i) {
            uint256 left = count - i * PART;
            Collection[] memory collections = _part(i * PART, left < PART ? left : PART);
            parts[i] = keccak256(abi.encode(collections));
        }
        Sources memory none;
        return _modelId(developer.wallet, spec, keccak256(abi.encode(parts, new bytes32[](0), none.externals)));
    }

    function _add(bytes32 model, uint96 weight, uint256 part) private {
        Collection[] memory collections = _part(part * PART, PART);
        vm.prank(developer.wallet);
        models.addPart(model, developer.wallet, weight, part, collections);
    }

    function _finish(IModelRegistry.ModelSpec memory spec, uint256 from, uint256 count) private returns (bytes32) {
        Sources memory sources;
        sources.collections = _part(from, count);
        vm.prank(developer.wallet);
        return models.register(spec, sources);
    }

    function _draft(uint256 count) private view returns (IModelRegistry.ModelSpec memory spec) {
        spec = _modelSpec(1, freeTerms);
        spec.draft = _modelOf(count, spec);
    }

    /// @dev Splits and manifest of the parts are those of the flat trees.
    function _check(bytes32 id, uint256 count) private view {
        Made[] memory made = new Made[](count);
        bytes32[] memory hashes = new bytes32[](count);
        uint256[] memory sums = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            made[i] = _made[i];
            (hashes[i], sums[i]) = (_items(made[i].id), made[i].weight);
        }
        Composed memory composed = _compose(id, made, new bytes32[](0), new uint256[](0), 0, _wallet(developer.wallet));
        IModelRegistry.Model memory model = models.modelOf(id);
        (bytes32 manifest,) = SumTrees.rootOf(hashes, sums);
        eq(model.split, SumTrees.key(composed.opening), "split");
        eq(model.own, 200_000, "own");
        eq(model.manifest, manifest, "manifest");
    }

    function test_1024ComeInOne() public {
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        bytes32 id = _finish(spec, 0, PART);
        eq(id, _modelOf(PART, spec), "id");
        _check(id, PART);
    }

    function test_RevertWhen_1025ComeInOne() public {
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_PartSize.selector, 1025));
        _finish(spec, 0, 1025);
    }

    function test_1025ComeInTwo() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        _add(spec.draft, _weight(1025), 0);
        vm.warp(START + 24 hours);
        eq(_finish(spec, PART, 1), spec.draft, "id");
        _check(spec.draft, 1025);
        IModelRegistry.Model memory model = models.modelOf(spec.draft);
        eq(model.judgedAt, START, "judged at the first part");
        eq(model.registeredAt, START + 24 hours, "registered at the last");
    }

    function test_2048ComeInTwoAnd2049InThree() public {
        IModelRegistry.ModelSpec memory spec = _draft(2048);
        _add(spec.draft, _weight(2048), 0);
        _finish(spec, PART, PART);
        _check(spec.draft, 2048);
        spec = _draft(2049);
        _add(spec.draft, _weight(2049), 0);
        _add(spec.draft, _weight(2049), 1);
        _finish(spec, 2048, 1);
        _check(spec.draft, 2049);
    }

    // Invariant 8: an interrupted registration is run again from the start.
    function test_runsAgainFromTheStart() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        for (uint256 i; i < 3; ++i) {
            _add(spec.draft, _weight(1025), 0);
            vm.warp(block.timestamp + 1 hours);
        }
        for (uint256 i; i < 3; ++i) {
            eq(_finish(spec, PART, 1), spec.draft, "id");
            // However late: what is registered does not expire.
            vm.warp(block.timestamp + 30 days);
            _add(spec.draft, _weight(1025), 0);
        }
        eq(models.modelOf(spec.draft).judgedAt, START, "once");
    }

    // All sources of a registered model are logged before it, and none after.
    function test_RevertWhen_aPartIsAddedToARegisteredModel() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        _add(spec.draft, _weight(1025), 0);
        _finish(spec, PART, 1);
        Collection[] memory collections = _part(1025, PART);
        uint96 weight = _weight(1025);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WrongPart.selector, spec.draft, 1, 1));
        vm.prank(developer.wallet);
        models.addPart(spec.draft, developer.wallet, weight, 1, collections);
    }

    function test_RevertWhen_theDraftExpired() public {
        IModelRegistry.ModelSpec memory spec = _draft(2049);
        _add(spec.draft, _weight(2049), 0);
        vm.warp(START + 24 hours + 1);
        Collection[] memory collections = _part(PART, PART);
        uint96 weight = _weight(2049);
        bytes memory reason =
            abi.encodeWithSelector(IModelRegistry.ModelRegistry_DraftExpired.selector, spec.draft, START);
        reverts(reason);
        vm.prank(developer.wallet);
        models.addPart(spec.draft, developer.wallet, weight, 1, collections);
        // Begun again it is judged again.
        _add(spec.draft, weight, 0);
        _add(spec.draft, weight, 1);
        _finish(spec, 2048, 1);
        eq(models.modelOf(spec.draft).judgedAt, START + 24 hours + 1, "judged again");
    }

    function test_RevertWhen_theLastPartIsLate() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        _add(spec.draft, _weight(1025), 0);
        vm.warp(START + 24 hours + 1);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_DraftExpired.selector, spec.draft, START));
        _finish(spec, PART, 1);
    }

    // The first part fixes the time at which consent is judged.
    function test_judgesAllPartsAtTheTimeOfTheFirst() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        _add(spec.draft, _weight(1025), 0);
        vm.warp(START + 1 hours);
        vm.prank(artist.wallet);
        data.revoke(_made[PART].id);
        _finish(spec, PART, 1);
    }

    function test_RevertWhen_aPartIsNotTheNext() public {
        IModelRegistry.ModelSpec memory spec = _draft(2049);
        Collection[] memory collections = _part(PART, PART);
        uint96 weight = _weight(2049);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WrongPart.selector, spec.draft, 1, 0));
        vm.prank(developer.wallet);
        models.addPart(spec.draft, developer.wallet, weight, 1, collections);
        _add(spec.draft, weight, 0);
        // Another part 0 than the one that is there.
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WrongPart.selector, spec.draft, 0, 1));
        vm.prank(developer.wallet);
        models.addPart(spec.draft, developer.wallet, weight, 0, collections);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WeightDiffers.selector, weight, weight + 1));
        vm.prank(developer.wallet);
        models.addPart(spec.draft, developer.wallet, weight + 1, 1, collections);
        collections = _part(PART, PART - 1);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_PartSize.selector, 1023));
        vm.prank(developer.wallet);
        models.addPart(spec.draft, developer.wallet, weight, 1, collections);
    }

    function test_RevertWhen_theDeclaredWeightIsTooSmallForAPart() public {
        Collection[] memory collections = _part(0, PART);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WeightDiffers.selector, 1023, 1024));
        models.addPart("model", developer.wallet, 1023, 0, collections);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_TooHeavy.selector, 2 ** 82));
        models.addPart("model", developer.wallet, 2 ** 82, 0, collections);
        reverts(Compose.Compose_HeavierThanAll.selector);
        models.addPart("model", developer.wallet, 1024, 0, collections);
        // None is heavier than all, and 20% of their sum is many times what was declared.
        reverts(Compose.Compose_LeviesExceedGross.selector);
        models.addPart("model", developer.wallet, 10_000, 0, collections);
    }

    function test_RevertWhen_theDeclaredWeightIsAnother() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        uint96 weight = _weight(1025);
        _add(spec.draft, weight + 1, 0);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WeightDiffers.selector, weight + 1, weight));
        _finish(spec, PART, 1);
    }

    function test_RevertWhen_thePartsMakeAnotherModel() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        _add(spec.draft, _weight(1025), 0);
        bytes32 draft = spec.draft;
        spec.weights = "others";
        reverts(IModelRegistry.ModelRegistry_WrongDraft.selector);
        _finish(spec, PART, 1);
        spec = _modelSpec(1, freeTerms);
        spec.draft = draft;
        reverts(IModelRegistry.ModelRegistry_WrongDraft.selector);
        _finish(spec, PART + 1, 1);
    }

    // Nobody can put a wrong part into somebody else's draft.
    function test_anothersDraftIsAnother() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        Collection[] memory collections = _part(1, PART);
        uint96 weight = _weight(1025);
        vm.prank(stranger.wallet);
        models.addPart(spec.draft, stranger.wallet, weight, 0, collections);
        _add(spec.draft, weight, 0);
        eq(_finish(spec, PART, 1), spec.draft, "unharmed");
    }

    // Invariant 5: the gates of all parts are asked about the developer who registers, and about nobody else.
    function test_RevertWhen_thePartsWereAuthorisedForAnother() public {
        Terms memory gated = _training(2000, 0);
        gated.gate = address(list);
        bytes32 termsId = data.defineTerms(gated);
        vm.startPrank(artist.wallet);
        delete _made;
        bytes32[] memory ids = new bytes32[](1025);
        bytes32[] memory roots = new bytes32[](1025);
        for (uint256 i; i < 1025; ++i) {
            roots[i] = keccak256(abi.encode("gated", i));
            ids[i] = data.commit(roots[i], 3, _spec(termsId));
            list.allow(address(data), ids[i], studio.wallet, TRAIN);
        }
        _sort(ids, roots, 0, 1024);
        for (uint256 i; i < 1025; ++i) {
            _made.push(Made(ids[i], artist.wallet, roots[i], 1, 2000, 0));
        }
        // The last one is open to the developer, the others are not.
        list.allow(address(data), ids[1024], developer.wallet, TRAIN);
        vm.stopPrank();
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        Collection[] memory collections = _part(0, PART);
        reverts(IDataRegistry.DataRegistry_GateClosed.selector);
        vm.prank(developer.wallet);
        models.addPart(spec.draft, developer.wallet, 1025, 0, collections);
        vm.prank(developer.wallet);
        models.addPart(spec.draft, studio.wallet, 1025, 0, collections);
        reverts(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry_WrongDeveloper.selector, spec.draft, studio.wallet, developer.wallet
            )
        );
        _finish(spec, PART, 1);
    }

    // What is there already is skipped only when every value matches.
    function test_RevertWhen_aPartIsThereWithOtherValues() public {
        Collection[] memory collections = _part(0, PART);
        models.addPart("model", developer.wallet, 1 << 80, 0, collections);
        models.addPart("model", developer.wallet, 1 << 80, 0, collections);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WeightDiffers.selector, uint96(1) << 80, 2000));
        models.addPart("model", developer.wallet, 2000, 0, collections);
        reverts(IModelRegistry.ModelRegistry_WrongDeveloper.selector);
        models.addPart("model", studio.wallet, 1 << 80, 0, collections);
    }

    function test_RevertWhen_theLastPartIsEmptyOrTooLarge() public {
        IModelRegistry.ModelSpec memory spec = _draft(1025);
        _add(spec.draft, _weight(1025), 0);
        // The model of the first part alone is not the draft's, so this one is a draft of its own.
        spec.draft = _modelOf(PART, spec);
        _add(spec.draft, _weight(PART), 0);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_PartSize.selector, 0));
        _finish(spec, PART, 0);
        Sources memory sources;
        sources.collections = _part(PART, 1025);
        bytes32[] memory parts = new bytes32[](2);
        parts[0] = keccak256(abi.encode(_part(0, PART)));
        parts[1] = keccak256(abi.encode(sources.collections));
        spec.draft = _modelId(developer.wallet, spec, keccak256(abi.encode(parts, new bytes32[](0), sources.externals)));
        _add(spec.draft, _weight(2049), 0);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_PartSize.selector, 1025));
        vm.prank(developer.wallet);
        models.register(spec, sources);
    }

    // Also across parts: the last of one stands before the first of the next.
    function test_RevertWhen_aPartBeginsWithTheLastOfTheOneBefore() public {
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        Sources memory sources;
        sources.collections = _part(PART - 1, 1);
        bytes32[] memory parts = new bytes32[](2);
        parts[0] = keccak256(abi.encode(_part(0, PART)));
        parts[1] = keccak256(abi.encode(sources.collections));
        spec.draft = _modelId(developer.wallet, spec, keccak256(abi.encode(parts, new bytes32[](0), sources.externals)));
        _add(spec.draft, _weight(PART) + _made[PART - 1].weight, 0);
        bytes32 last = _made[PART - 1].id;
        reverts(abi.encodeWithSelector(Compose.Compose_CollectionsNotAscending.selector, last, last));
        vm.prank(developer.wallet);
        models.register(spec, sources);
    }
}
