// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {Bases} from "../../contracts/libraries/Bases.sol";
import {Base as Level} from "../../contracts/types/Base.sol";
import {Ancestor, External, Parent, Sources} from "../../contracts/types/Sources.sol";
import {Base} from "./utils/Base.sol";
import {IdTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 3: what is declared of base models is on record of everything that rests on them.
contract BasesTest is Base {
    bytes32 private _traced;
    bytes32 private _stated;
    bytes32 private _undisclosed;
    bytes32[] private _ids;
    bytes32[] private _published;
    uint256 private _seed = 100;

    function setUp() public override {
        super.setUp();
        (_traced,) = _train(1, freeTerms);
        _stated = _on(External("base", "document"));
        _undisclosed = _on(External("base", 0));
        (_published, _ids) = _commitments(creator.wallet, 3, 9);
    }

    function _register(Sources memory sources) private returns (bytes32) {
        vm.prank(developer.wallet);
        return models.register(_modelSpec(++_seed, freeTerms), sources);
    }

    function _on(External memory one) private returns (bytes32) {
        Sources memory sources;
        sources.externals = new External[](1);
        sources.externals[0] = one;
        return _register(sources);
    }

    function _draw(Sources memory sources) private returns (bytes32) {
        vm.prank(creator.wallet);
        return outputs.register(_published, _batchSpec(sources.models.length), sources);
    }

    function _onBoth(bytes32 one, bytes32 other) private view returns (Sources memory sources) {
        if (one > other) (one, other) = (other, one);
        sources.models = new Parent[](2);
        sources.models[0] = Parent(one, _ancestryOf(one));
        sources.models[1] = Parent(other, _ancestryOf(other));
    }

    /// @dev On a model that is on `_stated`.
    function _onChild(bytes32 child) private view returns (Sources memory sources) {
        sources.models = new Parent[](1);
        sources.models[0] = Parent(child, new Ancestor[](2));
        sources.models[0].ancestry[child < _stated ? 0 : 1].model = child;
        sources.models[0].ancestry[child < _stated ? 1 : 0].model = _stated;
    }

    function _baseOf(bytes32 model) private view returns (Level) {
        return models.modelOf(model).base;
    }

    function eq(Level actual, Level expected, string memory what) private pure {
        eq(uint256(actual), uint256(expected), what);
    }

    // Of a model

    function test_onRegisteredSourcesAloneItIsTraced() public {
        eq(_baseOf(_traced), Level.Traced, "on data");
        eq(_baseOf(_register(_onModel(_traced))), Level.Traced, "on a model");
    }

    function test_aBaseWithWeightsAndADocumentIsStated() public view {
        eq(_baseOf(_stated), Level.Stated, "level");
    }

    function test_aBaseWithoutADocumentIsUndisclosed() public view {
        eq(_baseOf(_undisclosed), Level.Undisclosed, "level");
    }

    function test_aBaseOfWhichNobodyHasTheFileIsUndisclosedWhateverIsSaidOfIt() public {
        eq(_baseOf(_on(External(0, "document"))), Level.Undisclosed, "with a document");
        eq(_baseOf(_on(External(0, 0))), Level.Undisclosed, "without");
    }

    function test_theWorstOfSeveralCountsWhereverItStands() public {
        for (uint256 worst; worst < 3; ++worst) {
            Sources memory sources;
            sources.externals = new External[](3);
            for (uint256 i; i < 3; ++i) {
                sources.externals[i] = External(bytes32(i + 1), i == worst ? bytes32(0) : bytes32("document"));
            }
            eq(_baseOf(_register(sources)), Level.Undisclosed, "level");
        }
    }

    function test_descendantsHoldTheWorstOfTheirAncestors() public {
        bytes32 child = _register(_onModel(_stated));
        eq(_baseOf(child), Level.Stated, "of one parent");
        eq(_baseOf(_register(_onBoth(_traced, _stated))), Level.Stated, "of two");
        eq(_baseOf(_register(_onBoth(_stated, _undisclosed))), Level.Undisclosed, "of the worse");
        eq(_baseOf(_register(_onChild(child))), Level.Stated, "of a parent's parent");
        Sources memory sources = _onBoth(_traced, _stated);
        sources.externals = new External[](1);
        sources.externals[0] = External("base", 0);
        eq(_baseOf(_register(sources)), Level.Undisclosed, "of its own");
        sources = _onModel(_undisclosed);
        sources.externals = new External[](1);
        sources.externals[0] = External("base", "document");
        eq(_baseOf(_register(sources)), Level.Undisclosed, "its own document mends nothing above");
    }

    function test_whoHandsOverTheParentsIsToldTheWorst() public view {
        (,, Level base) = models.lineage(_onBoth(_stated, _traced).models);
        eq(base, Level.Stated, "stated");
        (,, base) = models.lineage(_onBoth(_stated, _undisclosed).models);
        eq(base, Level.Undisclosed, "undisclosed");
    }

    function test_RevertWhen_aParentHandedOverIsUnknownOrItsAncestryAnother() public {
        Sources memory sources = _onModel(_stated);
        sources.models[0].ancestry[0].own = 1;
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WrongAncestry.selector, _stated));
        models.lineage(sources.models);
        sources.models[0].id = "unknown";
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_UnknownModel.selector, bytes32("unknown")));
        models.lineage(sources.models);
    }

    // Of a batch

    function test_aBatchHoldsTheWorstOfItsModelsAndItself() public {
        eq(outputs.batchOf(_draw(_onModel(_traced))).base, Level.Traced, "traced");
        eq(outputs.batchOf(_draw(_onModel(_stated))).base, Level.Stated, "stated");
        eq(outputs.batchOf(_draw(_onBoth(_stated, _undisclosed))).base, Level.Undisclosed, "undisclosed");
        Sources memory sources = _onModel(_traced);
        sources.externals = new External[](1);
        sources.externals[0] = External("base", "document");
        eq(outputs.batchOf(_draw(sources)).base, Level.Stated, "its own");
        sources.externals[0].document = 0;
        eq(outputs.batchOf(_draw(sources)).base, Level.Undisclosed, "its own without a document");
    }

    function _ask(Sources memory sources) private returns (uint256 problems, IOutputRegistry.Facts memory facts) {
        bytes32 batch = _draw(sources);
        IOutputRegistry.BatchOpening memory opening =
            IOutputRegistry.BatchOpening(IdTrees.root(_ids), _sourcesHash(sources));
        return outputs.verify(_published[2], batch, opening, IdTrees.proof(_ids, 2), _shown(sources));
    }

    function test_statedIsAFactAndOnlyUndisclosedIsAProblem() public {
        (uint256 problems, IOutputRegistry.Facts memory facts) = _ask(_onModel(_traced));
        eq(problems, 0, "traced");
        eq(facts.base, Level.Traced, "traced");
        (problems, facts) = _ask(_onModel(_stated));
        eq(problems, 0, "the usual LoRA is clean");
        eq(facts.base, Level.Stated, "and what it is, is said");
        (problems, facts) = _ask(_onModel(_undisclosed));
        eq(problems, 4, "undisclosed");
        eq(facts.base, Level.Undisclosed, "undisclosed");
    }

    // Order

    function _pair(bytes32 first, bytes32 second) private view returns (Sources memory sources) {
        sources = _onModel(_traced);
        sources.externals = new External[](2);
        sources.externals[0] = External(first, "document");
        sources.externals[1] = External(second, "another");
    }

    function _refused(bytes32 first, bytes32 second) private {
        Sources memory sources = _pair(first, second);
        bytes memory reason = abi.encodeWithSelector(Bases.Bases_ExternalsNotAscending.selector, first, second);
        reverts(reason);
        _register(sources);
        reverts(reason);
        _draw(sources);
    }

    function test_RevertWhen_basesDoNotAscend() public {
        _refused("b", "a");
        _refused("a", "a");
        _refused("a", 0);
        _refused(0, 0);
    }

    function test_oneOfWhichNobodyHasTheFileStandsFirst() public {
        Sources memory sources = _pair(0, "a");
        eq(_baseOf(_register(sources)), Level.Undisclosed, "model");
        eq(outputs.batchOf(_draw(sources)).base, Level.Undisclosed, "batch");
    }

    function test_everyBaseIsLogged() public {
        Sources memory sources = _pair(0, "a");
        bytes32 model = _modelId(developer.wallet, _modelSpec(_seed + 1, freeTerms), _sourcesHash(sources));
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(models));
            emit IModelRegistry.ModelExternal(model, sources.externals[i].weights, sources.externals[i].document);
        }
        _register(sources);
        bytes32 batch = _batchId(creator.wallet, _sourcesHash(sources), IdTrees.root(_ids));
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(outputs));
            emit IOutputRegistry.BatchExternal(batch, sources.externals[i].weights, sources.externals[i].document);
        }
        _draw(sources);
    }
}
