// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {Compose} from "../../contracts/libraries/Compose.sol";
import {Ancestor, Collection, Parent, ShownSources, Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {AnyGate} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {Vm, vm} from "./utils/Vm.sol";

// Promise 3, promise 4, invariants 4 and 5
contract RegisterModelTest is Base {
    function _register(IModelRegistry.ModelSpec memory spec, Sources memory sources) private returns (bytes32) {
        vm.prank(developer.wallet);
        return models.register(spec, sources);
    }

    function _three() private returns (Made[] memory made) {
        made = new Made[](3);
        made[0] = _collect(artist.wallet, 1, trainingTerms);
        made[1] = _collect(studio.wallet, 2, data.defineTerms(_training(1000, 500)));
        made[2] = _collect(stranger.wallet, 3, freeTerms);
        made[0].weight = 100;
        made[1].weight = 7;
        made[2].weight = 3;
    }

    // What is recorded

    function test_recordsSourcesManifestAndSplits() public {
        Made[] memory made = _three();
        Sources memory sources = _sources(made);
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, data.defineTerms(_training(300, 0)));
        bytes32 id = _modelId(developer.wallet, spec, _sourcesHash(sources));
        vm.warp(START + 5);
        vm.recordLogs();
        eq(_register(spec, sources), id, "id");
        eq(vm.getRecordedLogs().length, 4, "one event a source, and one");
        IModelRegistry.Model memory model = models.modelOf(id);
        Composed memory composed =
            _compose(id, made, new bytes32[](0), new uint256[](0), 300, _wallet(developer.wallet));
        eq(model.developer, developer.wallet, "developer");
        eq(model.registeredAt, START + 5, "registeredAt");
        eq(model.judgedAt, START + 5, "judgedAt");
        eq(model.own, composed.own, "own");
        eq(model.split, SumTrees.key(composed.opening), "split");
        eq(model.ownSplit, SumTrees.key(composed.ownOpening), "own split");
        eq(model.ancestry, keccak256(abi.encode(_ancestryOf(id))), "ancestry");
        eq(models.payeeOf(id, address(0)), model.split, "payee");
    }

    function test_tellsWhoseItIsAndWhatItAsks() public {
        (bytes32 id,) = _train(1, freeTerms);
        (address by, bytes32 termsId) = models.termsOf(id);
        eq(by, developer.wallet, "developer");
        eq(termsId, freeTerms, "terms");
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_UnknownModel.selector, bytes32("unknown")));
        models.termsOf("unknown");
    }

    // Node i of the manifest's upper tree is (items, weight), not hashed again, in source order.
    function test_manifestIsASumTreeOverTheSources() public {
        Made[] memory made = _three();
        Sources memory sources = _sources(made);
        bytes32 id = _register(_modelSpec(1, freeTerms), sources);
        bytes32[] memory hashes = new bytes32[](3);
        uint256[] memory sums = new uint256[](3);
        for (uint256 i; i < 3; ++i) {
            (hashes[i], sums[i]) = (sources.collections[i].items, sources.collections[i].weight);
        }
        (bytes32 root,) = SumTrees.rootOf(hashes, sums);
        eq(models.modelOf(id).manifest, root, "manifest");
    }

    // Promise 2: a provider's usage history is one event query.
    function test_logsWhoIsUsed() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        bytes32 id = _modelId(developer.wallet, spec, _sourcesHash(_sources(made)));
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelSource(id, made.id, artist.wallet, _items(made.id), 1, developer.wallet, uint40(START));
        _register(spec, _sources(made));
    }

    // The logs are written by hand: every field of every one.
    function test_logsEverySourceInOrder() public {
        Made[] memory made = _three();
        Sources memory sources = _sources(made);
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        bytes32 id = _modelId(developer.wallet, spec, _sourcesHash(sources));
        vm.recordLogs();
        _register(spec, sources);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < 3; ++i) {
            eq(logs[i].topics.length, 4, "topics");
            eq(logs[i].topics[0], IModelRegistry.ModelSource.selector, "event");
            eq(logs[i].topics[1], id, "model");
            eq(logs[i].topics[2], made[i].id, "collection");
            eq(logs[i].topics[3], _wallet(made[i].provider), "provider");
            eq(
                keccak256(logs[i].data),
                keccak256(abi.encode(_items(made[i].id), made[i].weight, developer.wallet, uint40(START))),
                "data"
            );
        }
    }

    // A weight has 96 bits, also in calldata that says otherwise.
    function test_RevertWhen_aWeightIsDirty() public {
        Sources memory sources = _sources(_collect(artist.wallet, 1, trainingTerms));
        sources.collections[0].items = "items";
        bytes memory call_ = abi.encodeCall(models.register, (_modelSpec(1, freeTerms), sources));
        // The word after `items`.
        uint256 spot;
        for (uint256 i = 4; i < call_.length; i += 32) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(call_, 32), i))
            }
            if (word == "items") spot = i + 32;
        }
        call_[spot] = 0x01;
        vm.prank(developer.wallet);
        (bool success,) = address(models).call(call_);
        no(success, "refused");
        call_[spot] = 0x00;
        vm.prank(developer.wallet);
        (success,) = address(models).call(call_);
        yes(success, "and without it not");
    }

    // Promise 4: providers get what their terms ask of the gross, to the base unit.
    function test_pays_theProviderTwentyPercentOfGross() public {
        (bytes32 id,) = _train(1, freeTerms);
        Made[] memory made = new Made[](1);
        made[0] = _collect(artist.wallet, 1, trainingTerms);
        Composed memory composed = _compose(id, made, new bytes32[](0), new uint256[](0), 0, _wallet(developer.wallet));
        _pay(SumTrees.key(composed.opening), composed.opening, 1 ether);
        splitter.claim(_share(composed.leaves, id, 0), ETHER, "");
        splitter.claim(_share(composed.leaves, id, 1), ETHER, "");
        splitter.claim(_share(composed.dataLeaves, "", 0), ETHER, abi.encodePacked(address(data), made[0].id));
        eq(artist.wallet.balance, 0.2 ether, "artist");
        eq(developer.wallet.balance, 0.8 ether, "developer");
        eq(address(splitter).balance, 0, "nothing left");
    }

    // A floor cannot be diluted by padding.
    function test_aFloorIsNotDiluted() public {
        Made[] memory made = new Made[](2);
        made[0] = _collect(artist.wallet, 1, data.defineTerms(_training(2000, 2000)));
        made[1] = _collect(stranger.wallet, 2, freeTerms);
        made[0].weight = 1;
        made[1].weight = 2 ** 81;
        bytes32 id = _register(_modelSpec(1, freeTerms), _sources(made));
        eq(models.modelOf(id).own, 200_000, "20%");
    }

    // Registering again

    // Invariant 8
    function test_doesNothingAgainWithEqualValues() public {
        (bytes32 id, Made memory made) = _train(1, freeTerms);
        vm.prank(artist.wallet);
        data.revoke(made.id);
        vm.recordLogs();
        eq(_register(_modelSpec(1, freeTerms), _sources(made)), id, "same");
        eq(vm.getRecordedLogs().length, 0, "no event");
    }

    // Invariant 4
    function test_RevertWhen_aValueDiffers() public {
        (bytes32 id, Made memory made) = _train(1, freeTerms);
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        spec.run = "another run";
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_DifferentValues.selector, id));
        _register(spec, _sources(made));
        spec = _modelSpec(1, freeTerms);
        spec.payee = _wallet(studio.wallet);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_DifferentValues.selector, id));
        _register(spec, _sources(made));
    }

    // Invariant 5: what is not authorised is not registered.

    function test_RevertWhen_sourceIsUnknown() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        made.id = keccak256("unknown");
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownCollection.selector, made.id));
        _register(_modelSpec(1, freeTerms), _sources(made));
    }

    function test_RevertWhen_sourceIsRevoked() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        data.revoke(made.id);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_ConsentRevoked.selector, made.id, START, START));
        _register(_modelSpec(1, freeTerms), _sources(made));
    }

    function test_RevertWhen_sourceIsExpired() public {
        Terms memory terms = _training(0, 0);
        terms.validUntil = uint64(START);
        Made memory made = _collect(artist.wallet, 1, data.defineTerms(terms));
        _register(_modelSpec(1, freeTerms), _sources(made));
        vm.warp(START + 1);
        reverts(IDataRegistry.DataRegistry_TermsExpired.selector);
        _register(_modelSpec(2, freeTerms), _sources(made));
    }

    function test_RevertWhen_sourceIsReserved() public {
        Terms memory none;
        Made memory made = _collect(artist.wallet, 1, data.defineTerms(none));
        reverts(IDataRegistry.DataRegistry_UseNotAllowed.selector);
        _register(_modelSpec(1, freeTerms), _sources(made));
    }

    function test_RevertWhen_theGateIsClosed() public {
        AnyGate gate = new AnyGate();
        Terms memory terms = _training(0, 0);
        terms.gate = address(gate);
        Made memory made = _collect(artist.wallet, 1, data.defineTerms(terms));
        reverts(IDataRegistry.DataRegistry_GateClosed.selector);
        _register(_modelSpec(1, freeTerms), _sources(made));
        gate.set(true, false);
        _register(_modelSpec(1, freeTerms), _sources(made));
    }

    function test_RevertWhen_usesAreWiderThanTheSources() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        Terms memory wide = _training(0, 0);
        wide.commercialOutput = true;
        bytes32 termsId = data.defineTerms(wide);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_UsesWiderThanSources.selector, 24, 8));
        _register(_modelSpec(1, termsId), _sources(made));
    }

    function test_RevertWhen_thereIsNothing() public {
        Sources memory none;
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_NoSources.selector));
        _register(_modelSpec(1, freeTerms), none);
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        spec.weights = 0;
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_NoWeights.selector));
        _register(spec, none);
    }

    function test_RevertWhen_collectionsAreNotAscending() public {
        Made[] memory made = _three();
        Sources memory sources = _sources(made);
        sources.collections[1] = sources.collections[0];
        reverts(Compose.Compose_CollectionsNotAscending.selector);
        _register(_modelSpec(1, freeTerms), sources);
    }

    function test_RevertWhen_aWeightIsZeroOrTooMuch() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        made.weight = 0;
        reverts(abi.encodeWithSelector(Compose.Compose_NoWeight.selector, made.id));
        _register(_modelSpec(1, freeTerms), _sources(made));
        made.weight = 2 ** 82;
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_TooHeavy.selector, 2 ** 82));
        _register(_modelSpec(1, freeTerms), _sources(made));
    }

    function test_RevertWhen_leviesAreMoreThanEverything() public {
        Made[] memory made = new Made[](2);
        made[0] = _collect(artist.wallet, 1, data.defineTerms(_training(0, 6000)));
        made[1] = _collect(studio.wallet, 2, data.defineTerms(_training(0, 6000)));
        reverts(abi.encodeWithSelector(Compose.Compose_LeviesExceedGross.selector, 1_200_000));
        _register(_modelSpec(1, freeTerms), _sources(made));
    }

    // Also where the shares would not fit a sum tree any more.
    function test_RevertWhen_leviesAreFarMoreThanEverything() public {
        Made[] memory made = new Made[](40);
        bytes32 floor = data.defineTerms(_training(0, 10_000));
        for (uint256 i; i < made.length; ++i) {
            made[i] = _collect(artist.wallet, i, floor);
            made[i].weight = 2 ** 76;
        }
        reverts(abi.encodeWithSelector(Compose.Compose_LeviesExceedGross.selector, 40_000_000));
        _register(_modelSpec(1, freeTerms), _sources(made));
    }

    // Also with its own ask, so that no model is registered on which nothing could ever rest.
    function test_RevertWhen_theAskMakesItMoreThanEverything() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        bytes32 greedy = data.defineTerms(_training(8001, 0));
        reverts(abi.encodeWithSelector(Compose.Compose_LeviesExceedGross.selector, 1_000_100));
        _register(_modelSpec(1, greedy), _sources(made));
    }

    function test_RevertWhen_aModelAsksAFloor() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        bytes32 floor = data.defineTerms(_training(0, 1));
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_FloorNotForModels.selector, 1));
        _register(_modelSpec(1, floor), _sources(made));
    }

    // Parents

    function test_RevertWhen_theParentsGateIsClosed() public {
        AnyGate gate = new AnyGate();
        Terms memory terms = _training(0, 0);
        terms.gate = address(gate);
        (bytes32 parent,) = _train(1, data.defineTerms(terms));
        Sources memory sources = _onModel(parent);
        reverts(IDataRegistry.DataRegistry_GateClosed.selector);
        vm.prank(stranger.wallet);
        models.register(_modelSpec(2, freeTerms), sources);
        // The developer is let through their own.
        _register(_modelSpec(2, freeTerms), sources);
    }

    function test_RevertWhen_theParentMayNotBeTrainedOn() public {
        Terms memory none;
        bytes32 reserved = data.defineTerms(none);
        (bytes32 parent,) = _train(1, reserved);
        Sources memory sources = _onModel(parent);
        reverts(IDataRegistry.DataRegistry_UseNotAllowed.selector);
        _register(_modelSpec(2, reserved), sources);
    }

    function test_RevertWhen_theAncestryIsAnother() public {
        (bytes32 parent,) = _train(1, data.defineTerms(_training(100, 0)));
        Sources memory sources = _onModel(parent);
        sources.models[0].ancestry[0].own = 0;
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WrongAncestry.selector, parent));
        _register(_modelSpec(2, freeTerms), sources);
        sources.models[0].ancestry = new Ancestor[](0);
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WrongAncestry.selector, parent));
        _register(_modelSpec(2, freeTerms), sources);
        sources.models[0].id = "unknown";
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_UnknownModel.selector, bytes32("unknown")));
        _register(_modelSpec(2, freeTerms), sources);
    }

    // However many paths lead to a base model, it is paid once by what rests on it.
    function test_pays_aBaseOnceThroughADiamond() public {
        bytes32 asking = data.defineTerms(_training(1000, 0));
        (bytes32 base,) = _train(1, asking);
        bytes32 left = _register(_modelSpec(2, asking), _onModel(base));
        bytes32 right = _register(_modelSpec(3, asking), _onModel(base));
        (left, right) = left < right ? (left, right) : (right, left);
        Sources memory sources;
        sources.models = new Parent[](2);
        sources.models[0] = Parent(left, _pair(base, left));
        sources.models[1] = Parent(right, _pair(base, right));
        (Ancestor[] memory ancestry, bytes32[] memory ownSplits,) = models.lineage(sources.models);
        eq(ancestry.length, 3, "each once");
        uint256[] memory owns = new uint256[](3);
        for (uint256 i; i < 3; ++i) {
            yes(i == 0 || ancestry[i - 1].model < ancestry[i].model, "ascending");
            owns[i] = ancestry[i].model == base ? 300_000 : 100_000;
            eq(ancestry[i].own, owns[i], "own");
        }
        IModelRegistry.ModelSpec memory spec = _modelSpec(4, freeTerms);
        bytes32 id = _register(spec, sources);
        Composed memory composed = _compose(id, new Made[](0), ownSplits, owns, 0, _wallet(developer.wallet));
        eq(models.modelOf(id).split, SumTrees.key(composed.opening), "split");
        eq(models.modelOf(id).ownSplit, 0, "asks nothing itself");
    }

    function _pair(bytes32 a, bytes32 b) private view returns (Ancestor[] memory both) {
        both = new Ancestor[](2);
        (bytes32 low, bytes32 high) = a < b ? (a, b) : (b, a);
        both[0] = Ancestor(low, models.modelOf(low).own);
        both[1] = Ancestor(high, models.modelOf(high).own);
    }

    function test_RevertWhen_parentsAreNotAscending() public {
        (bytes32 parent,) = _train(1, freeTerms);
        Sources memory sources;
        sources.models = new Parent[](2);
        sources.models[0] = _onModel(parent).models[0];
        sources.models[1] = sources.models[0];
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_ModelsNotAscending.selector, parent, parent));
        _register(_modelSpec(2, freeTerms), sources);
    }

    // A later revocation is shown, and stops nothing.
    function test_showsWhichSourcesLapsedSince() public {
        (bytes32 id, Made memory made) = _train(1, freeTerms);
        bytes32 weights = _modelSpec(1, freeTerms).weights;
        ShownSources memory shown = _shown(_sources(made));
        (bool isTrue, bytes32[] memory lapsed) = models.lapsedSources(id, weights, shown);
        yes(isTrue && lapsed.length == 0, "none yet");
        vm.prank(artist.wallet);
        data.revoke(made.id);
        (isTrue, lapsed) = models.lapsedSources(id, weights, shown);
        yes(isTrue && lapsed.length == 1 && lapsed[0] == made.id, "the artist's");
        _register(_modelSpec(2, freeTerms), _onModel(id));
        shown.collections[0].weight = 2;
        (isTrue,) = models.lapsedSources(id, weights, shown);
        no(isTrue, "other sources");
        // A weight that no part can have.
        shown.collections[0].weight = 1;
        bytes memory call_ = abi.encodeCall(models.lapsedSources, (id, weights, shown));
        call_[call_.length - 32] = 0x01;
        (bool success, bytes memory answer) = address(models).staticcall(call_);
        yes(success, "answered");
        (isTrue,) = abi.decode(answer, (bool, bytes32[]));
        no(isTrue, "not shown");
        (isTrue,) = models.lapsedSources(id, "other weights", shown);
        no(isTrue, "other weights");
        shown.part = type(uint256).max;
        (isTrue,) = models.lapsedSources(id, weights, shown);
        no(isTrue, "no such part");
    }

    // The composition for any weights and terms.
    function testFuzz_composition(uint256 seed, uint8 count, uint16 ask) public {
        Made[] memory made = new Made[](bound(count, 1, 7));
        ask = uint16(bound(ask, 0, 2000));
        uint256 weight;
        for (uint256 i; i < made.length; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            bytes32 termsId =
                data.defineTerms(_training(uint16(random % 6000), random % 3 == 0 ? uint16(random >> 16) % 500 : 0));
            made[i] = _collect(artist.wallet, i, termsId);
            made[i].weight = uint96(1 + (random >> 32) % 2 ** ((random >> 128) % 79));
            weight += made[i].weight;
        }
        Sources memory sources = _sources(made);
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, data.defineTerms(_training(ask, 0)));
        bytes32 id = _register(spec, sources);
        Composed memory composed =
            _compose(id, made, new bytes32[](0), new uint256[](0), ask, _wallet(developer.wallet));
        IModelRegistry.Model memory model = models.modelOf(id);
        eq(model.split, SumTrees.key(composed.opening), "split");
        eq(model.own, composed.own, "own");
        eq(model.ownSplit, composed.own == 0 ? bytes32(0) : SumTrees.key(composed.ownOpening), "own split");
        // Each provider is paid at least what the terms ask of the gross, and at most 1 ppm of it more in all.
        _pay(model.split, composed.opening, 1 ether);
        if (composed.data == 0) return;
        splitter.claim(_share(composed.leaves, id, 0), ETHER, "");
        uint256 asked;
        uint256 paid;
        for (uint256 i; i < composed.dataLeaves.length; ++i) {
            uint256 due = splitter.claim(_share(composed.dataLeaves, "", i), ETHER, "");
            uint256 exact = 1 ether * uint256(composed.dataLeaves[i].shares) / (10_000 * weight);
            yes(due + 1 >= exact, "at least what is asked, to the base unit");
            asked += exact;
            paid += due;
        }
        yes(paid <= asked + 1 ether / 1_000_000 + made.length, "at most 1 ppm more");
    }

    // What its parents ask counts too.
    function test_RevertWhen_parentsAndTheAskAreMoreThanEverything() public {
        (bytes32 parent,) = _train(1, data.defineTerms(_training(4000, 0)));
        Sources memory sources = _onModel(parent);
        bytes32 greedy = data.defineTerms(_training(4001, 0));
        reverts(abi.encodeWithSelector(Compose.Compose_LeviesExceedGross.selector, 1_000_100));
        _register(_modelSpec(2, greedy), sources);
        _register(_modelSpec(2, data.defineTerms(_training(4000, 0))), sources);
    }
}
