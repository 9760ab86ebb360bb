// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Compose} from "../../contracts/libraries/Compose.sol";
import {Collection, Parent, Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promises 3 and 4, invariants 4 and 5
contract RegisterBatchTest is Base {
    uint64 private constant UNTIL = uint64(START + 1 days);

    bytes32 private _model;
    bytes32[] private _ids;
    bytes32[] private _commitmentsOf;

    function setUp() public override {
        super.setUp();
        (_model,) = _train(1, data.defineTerms(_training(500, 0)));
        (_commitmentsOf, _ids) = _commitments(creator.wallet, 5, 9);
    }

    function _register(IOutputRegistry.BatchSpec memory spec, Sources memory sources) private returns (bytes32) {
        vm.prank(creator.wallet);
        return outputs.register(_commitmentsOf, spec, sources);
    }

    /// @dev The model, and a collection that generation reads.
    function _reading(bytes32 termsId) private returns (Sources memory sources, Made[] memory made) {
        made = new Made[](1);
        made[0] = _collect(studio.wallet, 77, termsId);
        sources = _onModel(_model);
        sources.collections = new Collection[](1);
        sources.collections[0] = Collection(made[0].id, 0, 1);
    }

    // Promise 3: every output gets an ID that names its model and its rights.
    function test_recordsOutputsAndSplit() public {
        Sources memory sources = _onModel(_model);
        bytes32 root = IdTrees.root(_ids);
        bytes32 id = _batchId(creator.wallet, _sourcesHash(sources), root);
        vm.expectEmit(address(outputs));
        emit IOutputRegistry.BatchModel(id, _model);
        eq(_register(_batchSpec(1), sources), id, "id");
        IOutputRegistry.Batch memory batch = outputs.batchOf(id);
        bytes32[] memory ownSplits = new bytes32[](1);
        ownSplits[0] = models.modelOf(_model).ownSplit;
        uint256[] memory owns = new uint256[](1);
        owns[0] = 250_000;
        Composed memory composed = _compose(id, new Made[](0), ownSplits, owns, 0, _wallet(creator.wallet));
        eq(batch.split, SumTrees.key(composed.opening), "split");
        eq(batch.creator, creator.wallet, "creator");
        eq(batch.registeredAt, START, "time");
        no(batch.endorsed, "open to all, not endorsed");
        eq(outputs.payeeOf(id, address(0)), batch.split, "payee");
        eq(outputs.registrantOf(id), creator.wallet, "registrant");
    }

    // Promise 4, from a payment for a batch down to the artist.
    function test_pays_everybodyInTheTrace() public {
        (Sources memory sources, Made[] memory read) = _reading(readingTerms);
        bytes32 id = _register(_batchSpec(1), sources);
        bytes32[] memory ownSplits = new bytes32[](1);
        ownSplits[0] = models.modelOf(_model).ownSplit;
        uint256[] memory owns = new uint256[](1);
        owns[0] = 250_000;
        Composed memory batch = _compose(id, read, ownSplits, owns, 0, _wallet(creator.wallet));
        Made[] memory trained = new Made[](1);
        trained[0] = _collect(artist.wallet, 1, trainingTerms);
        Composed memory model =
            _compose(_model, trained, new bytes32[](0), new uint256[](0), 500, _wallet(developer.wallet));
        eq(outputs.batchOf(id).split, SumTrees.key(batch.opening), "split");
        // To the payment address of the batch itself, as a marketplace would pay.
        bytes32 subject = _subject(address(outputs), id);
        vm.deal(splitter.paymentAddress(subject), 1 ether);
        splitter.sweep(subject, abi.encodePacked(address(outputs), id), ETHER);
        for (uint256 i; i < 3; ++i) {
            splitter.claim(_share(batch.leaves, id, i), ETHER, "");
        }
        splitter.claim(_share(batch.dataLeaves, "", 0), ETHER, abi.encodePacked(address(data), read[0].id));
        for (uint256 i; i < 2; ++i) {
            splitter.claim(_share(model.ownLeaves, _model, i), ETHER, "");
        }
        splitter.claim(_share(model.dataLeaves, "", 0), ETHER, abi.encodePacked(address(data), trained[0].id));
        eq(studio.wallet.balance, 0.2 ether, "20% of gross for what was read");
        eq(artist.wallet.balance, 0.2 ether, "20% of gross for what was trained on");
        eq(developer.wallet.balance, 0.05 ether, "5% for the model");
        eq(creator.wallet.balance, 0.55 ether, "the rest");
        eq(address(splitter).balance, 0, "nothing left");
    }

    // Invariant 8
    function test_doesNothingAgainWithEqualValues() public {
        bytes32 id = _register(_batchSpec(1), _onModel(_model));
        vm.warp(START + 1 days);
        eq(_register(_batchSpec(1), _onModel(_model)), id, "same");
        eq(outputs.batchOf(id).registeredAt, START, "time stays");
    }

    // Invariant 4
    function test_RevertWhen_aValueDiffers() public {
        bytes32 id = _register(_batchSpec(1), _onModel(_model));
        IOutputRegistry.BatchSpec memory spec = _batchSpec(1);
        spec.record = "another";
        Sources memory sources = _onModel(_model);
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_DifferentValues.selector, id));
        _register(spec, sources);
        bytes32 root = IdTrees.root(_ids);
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_DifferentValues.selector, id));
        vm.prank(creator.wallet);
        outputs.commit(root, 6, _batchSpec(1), sources);
    }

    // Invariant 5

    function test_RevertWhen_thereIsNoModel() public {
        Sources memory sources;
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_NoModel.selector));
        _register(_batchSpec(0), sources);
    }

    function test_RevertWhen_whatWasReadMayNotBeRead() public {
        (Sources memory sources,) = _reading(trainingTerms);
        reverts(IDataRegistry.DataRegistry_UseNotAllowed.selector);
        _register(_batchSpec(1), sources);
    }

    function test_RevertWhen_whatWasReadIsRevoked() public {
        (Sources memory sources, Made[] memory made) = _reading(readingTerms);
        vm.prank(studio.wallet);
        data.revoke(made[0].id);
        reverts(IDataRegistry.DataRegistry_ConsentRevoked.selector);
        _register(_batchSpec(1), sources);
    }

    function test_RevertWhen_aSourceHasAWeight() public {
        (Sources memory sources, Made[] memory made) = _reading(readingTerms);
        sources.collections[0].weight = 2;
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_NotABatchSource.selector, made[0].id));
        _register(_batchSpec(1), sources);
        sources.collections[0].weight = 1;
        sources.collections[0].items = "items";
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_NotABatchSource.selector, made[0].id));
        _register(_batchSpec(1), sources);
    }

    function test_RevertWhen_theModelIsUnknown() public {
        Sources memory sources = _onModel(_model);
        sources.models[0].id = "unknown";
        (bool success,) =
            address(outputs).call(abi.encodeCall(outputs.register, (_commitmentsOf, _batchSpec(1), sources)));
        no(success, "refused");
    }

    // Who may register for a model

    function _gated() private returns (bytes32 model) {
        Terms memory terms = _training(0, 0);
        terms.gate = address(list);
        (model,) = _train(2, data.defineTerms(terms));
    }

    function test_itsDeveloperMay() public {
        bytes32 model = _gated();
        (bytes32[] memory commitments,) = _commitments(developer.wallet, 2, 3);
        Sources memory sources = _onModel(model);
        vm.prank(developer.wallet);
        bytes32 id = outputs.register(commitments, _batchSpec(1), sources);
        yes(outputs.batchOf(id).endorsed, "one's own");
    }

    function test_whoTheGateLetsThroughMay() public {
        bytes32 model = _gated();
        Sources memory sources = _onModel(model);
        reverts(IDataRegistry.DataRegistry_GateClosed.selector);
        _register(_batchSpec(1), sources);
        vm.prank(developer.wallet);
        list.allow(address(models), model, creator.wallet, GENERATE);
        no(outputs.batchOf(_register(_batchSpec(1), sources)).endorsed, "let through");
    }

    function _endorse(Actor memory by, bytes32 model, bytes32 batch, uint64 until)
        private
        view
        returns (IOutputRegistry.Endorsement memory)
    {
        return _endorse(by, developer.wallet, model, batch, until);
    }

    function _endorse(Actor memory by, address as_, bytes32 model, bytes32 batch, uint64 until)
        private
        view
        returns (IOutputRegistry.Endorsement memory)
    {
        bytes32 typeHash = keccak256("Endorsement(address developer,bytes32 model,bytes32 batch,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, as_, model, batch, until));
        return
            IOutputRegistry.Endorsement(
                until, _sign(by, _digest("Kiseki OutputRegistry", address(outputs), structHash))
            );
    }

    function test_whoTheDeveloperEndorsesMay() public {
        bytes32 model = _gated();
        Sources memory sources = _onModel(model);
        bytes32 id = _batchId(creator.wallet, _sourcesHash(sources), IdTrees.root(_ids));
        IOutputRegistry.BatchSpec memory spec = _batchSpec(1);
        spec.endorsements[0] = _endorse(developer, model, id, UNTIL);
        yes(outputs.batchOf(_register(spec, sources)).endorsed, "endorsed");
    }

    function test_RevertWhen_theEndorsementIsNotTheDevelopersOrForAnotherBatchOrLate() public {
        bytes32 model = _gated();
        Sources memory sources = _onModel(model);
        bytes32 id = _batchId(creator.wallet, _sourcesHash(sources), IdTrees.root(_ids));
        IOutputRegistry.BatchSpec memory spec = _batchSpec(1);
        spec.endorsements[0] = _endorse(stranger, model, id, UNTIL);
        reverts(ISigned.Signed_WrongSignature.selector);
        _register(spec, sources);
        spec.endorsements[0] = _endorse(developer, model, "another", UNTIL);
        reverts(ISigned.Signed_WrongSignature.selector);
        _register(spec, sources);
        spec.endorsements[0] = _endorse(developer, model, id, UNTIL);
        vm.warp(UNTIL + 1);
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_EndorsementExpired.selector, model, UNTIL));
        _register(spec, sources);
        spec = _batchSpec(2);
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_EndorsementsMissing.selector, 1, 2));
        _register(spec, sources);
    }

    /// @dev The developer's model and one of the studio's, both gated, and an endorsement of each.
    function _endorsedByTwo(uint64 developersUntil, uint64 studiosUntil)
        private
        returns (Sources memory sources, IOutputRegistry.BatchSpec memory spec, uint256 studios)
    {
        bytes32 one = _gated();
        Sources memory trained = _sources(_collect(artist.wallet, 3, trainingTerms));
        bytes32 gated = models.modelOf(one).termsId;
        vm.prank(studio.wallet);
        bytes32 other = models.register(_modelSpec(3, gated), trained);
        sources = _onModel(one);
        sources.models = new Parent[](2);
        studios = other > one ? 1 : 0;
        sources.models[1 - studios] = Parent(one, _ancestryOf(one));
        sources.models[studios] = Parent(other, _ancestryOf(other));
        bytes32 id = _batchId(creator.wallet, _sourcesHash(sources), IdTrees.root(_ids));
        spec = _batchSpec(2);
        spec.endorsements[1 - studios] = _endorse(developer, one, id, developersUntil);
        spec.endorsements[studios] = _endorse(studio, studio.wallet, other, id, studiosUntil);
    }

    function test_endorsementsOfOneBatchMayEndAtDifferentTimes() public {
        (Sources memory sources, IOutputRegistry.BatchSpec memory spec,) = _endorsedByTwo(UNTIL, UNTIL + 7 days);
        vm.warp(UNTIL);
        yes(outputs.batchOf(_register(spec, sources)).endorsed, "both count");
    }

    function test_RevertWhen_oneOfTheEndorsementsHasExpired() public {
        (Sources memory sources, IOutputRegistry.BatchSpec memory spec, uint256 studios) =
            _endorsedByTwo(UNTIL, UNTIL + 7 days);
        vm.warp(UNTIL + 1);
        bytes32 model = sources.models[1 - studios].id;
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_EndorsementExpired.selector, model, UNTIL));
        _register(spec, sources);
        // Nobody makes an endorsement last longer than its developer signed for.
        spec.endorsements[1 - studios].until = UNTIL + 7 days;
        reverts(ISigned.Signed_WrongSignature.selector);
        _register(spec, sources);
    }

    // Terms that allow nothing are a reservation, also for a model; a gate in them still lets whom it lets.
    function test_RevertWhen_theModelIsReserved() public {
        Terms memory none;
        bytes32 termsId = data.defineTerms(none);
        (bytes32 model,) = _train(2, termsId);
        Sources memory sources = _onModel(model);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UseNotAllowed.selector, termsId, GENERATE, 0));
        _register(_batchSpec(1), sources);
        none.gate = address(list);
        (model,) = _train(3, data.defineTerms(none));
        vm.prank(developer.wallet);
        list.allow(address(models), model, creator.wallet, GENERATE);
        _register(_batchSpec(1), _onModel(model));
    }

    function test_RevertWhen_theModelsTermsExpired() public {
        Terms memory terms = _training(0, 0);
        terms.validUntil = uint64(START);
        (bytes32 model,) = _train(2, data.defineTerms(terms));
        Sources memory sources = _onModel(model);
        vm.warp(START + 1);
        reverts(IDataRegistry.DataRegistry_TermsExpired.selector);
        _register(_batchSpec(1), sources);
    }

    // Publishing

    function test_publishesLater() public {
        Sources memory sources = _onModel(_model);
        bytes32 root = IdTrees.root(_ids);
        vm.prank(creator.wallet);
        bytes32 id = outputs.commit(root, 5, _batchSpec(1), sources);
        IOutputRegistry.BatchOpening memory opening = IOutputRegistry.BatchOpening(root, _sourcesHash(sources));
        vm.expectEmit(address(outputs));
        emit IOutputRegistry.BatchPublished(id, creator.wallet, _commitmentsOf);
        vm.prank(stranger.wallet);
        outputs.publish(id, opening, _commitmentsOf, new bytes32[](0));
        (bytes32[] memory others,) = _commitments(creator.wallet, 2, 4);
        reverts(IOutputRegistry.OutputRegistry_NotUnderRoot.selector);
        outputs.publish(id, opening, others, new bytes32[](0));
        opening.sourcesHash = "another";
        reverts(
            abi.encodeWithSelector(IOutputRegistry.OutputRegistry_WrongOpening.selector, id, root, bytes32("another"))
        );
        outputs.publish(id, opening, _commitmentsOf, new bytes32[](0));
    }

    function test_RevertWhen_modelsAreNotAscending() public {
        Sources memory sources = _onModel(_model);
        Parent memory one = sources.models[0];
        sources.models = new Parent[](2);
        (sources.models[0], sources.models[1]) = (one, one);
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_ModelsNotAscending.selector, _model, _model));
        _register(_batchSpec(2), sources);
    }

    function test_RevertWhen_itHasNoItems() public {
        Sources memory sources = _onModel(_model);
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_NoItems.selector));
        vm.prank(creator.wallet);
        outputs.commit("root", 0, _batchSpec(1), sources);
    }

    function test_RevertWhen_tooManyCollectionsAreRead() public {
        Sources memory sources = _onModel(_model);
        Made[] memory made = new Made[](1025);
        for (uint256 i; i < made.length; ++i) {
            made[i] = _collect(studio.wallet, 100 + i, readingTerms);
        }
        bytes32[] memory ids = new bytes32[](made.length);
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = made[i].id;
        }
        _sort(ids, new bytes32[](ids.length), 0, 1024);
        sources.collections = new Collection[](1025);
        for (uint256 i; i < ids.length; ++i) {
            sources.collections[i] = Collection(ids[i], 0, 1);
        }
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_TooManyCollections.selector, 1025));
        _register(_batchSpec(1), sources);
        Collection[] memory most = new Collection[](1024);
        for (uint256 i; i < most.length; ++i) {
            most[i] = sources.collections[i];
        }
        sources.collections = most;
        _register(_batchSpec(1), sources);
    }

    // What generation read and what the model asks may together not be more than everything.
    function test_RevertWhen_leviesAreMoreThanEverything() public {
        Terms memory dear = _training(7501, 0);
        dear.aiInference = true;
        (Sources memory sources,) = _reading(data.defineTerms(dear));
        reverts(abi.encodeWithSelector(Compose.Compose_LeviesExceedGross.selector, 1_000_100));
        _register(_batchSpec(1), sources);
        dear.royaltyBps = 7500;
        (sources,) = _reading(data.defineTerms(dear));
        _register(_batchSpec(1), sources);
    }

    function test_RevertWhen_theBatchIsUnknown() public {
        bytes memory reason =
            abi.encodeWithSelector(IOutputRegistry.OutputRegistry_UnknownBatch.selector, bytes32("unknown"));
        reverts(reason);
        outputs.batchOf("unknown");
        reverts(reason);
        outputs.publish("unknown", IOutputRegistry.BatchOpening(0, 0), _commitmentsOf, new bytes32[](0));
    }

    function test_anEndorsementCountsToItsLastSecond() public {
        bytes32 model = _gated();
        Sources memory sources = _onModel(model);
        bytes32 id = _batchId(creator.wallet, _sourcesHash(sources), IdTrees.root(_ids));
        IOutputRegistry.BatchSpec memory spec = _batchSpec(1);
        spec.endorsements[0] = _endorse(developer, model, id, UNTIL);
        vm.warp(UNTIL);
        yes(outputs.batchOf(_register(spec, sources)).endorsed, "endorsed");
    }
}
