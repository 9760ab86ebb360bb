// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {Approval} from "../../contracts/interfaces/ISigned.sol";
import {External, Sources} from "../../contracts/types/Sources.sol";
import {Base} from "./utils/Base.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Everything needed to rebuild every split is in the events: every field of every one, in order, and no other.
contract EventsTest is Base {
    uint256 private constant UNTIL = START + 1 days;

    bytes32 private _model;
    Made[] private _read;

    function setUp() public override {
        super.setUp();
        (_model,) = _train(1, data.defineTerms(_training(500, 0)));
        Made[] memory read = new Made[](2);
        read[0] = _collect(artist.wallet, 10, readingTerms);
        read[1] = _collect(studio.wallet, 11, readingTerms);
        _ascending(read);
        (read[0].weight, read[1].weight) = (3, 5);
        _read.push(read[0]);
        _read.push(read[1]);
    }

    /// @dev The model, both collections and two bases that nobody registered.
    function _everything() private view returns (Sources memory sources) {
        sources = _sources(_read);
        sources.models = _onModel(_model).models;
        sources.externals = new External[](2);
        sources.externals[0] = External("base one", "document one");
        sources.externals[1] = External("base two", "document two");
    }

    function _fromModel() private view returns (bytes32[] memory ownSplits, uint256[] memory owns) {
        ownSplits = new bytes32[](1);
        owns = new uint256[](1);
        (ownSplits[0], owns[0]) = (models.modelOf(_model).ownSplit, models.modelOf(_model).own);
    }

    function test_aModelLogsAllThatItRestsOn() public {
        Sources memory sources = _everything();
        IModelRegistry.ModelSpec memory spec = _modelSpec(2, freeTerms);
        spec.payee = _wallet(studio.wallet);
        IModelRegistry.Entry memory entry;
        (entry.termsId, entry.run, entry.payee) = (spec.termsId, spec.run, spec.payee);
        (entry.submitter, entry.judgedAt, entry.weight) = (developer.wallet, uint40(START), 8);
        bytes32 id = _modelId(developer.wallet, spec, _sourcesHash(sources));
        (bytes32[] memory ownSplits, uint256[] memory owns) = _fromModel();
        entry.split = SumTrees.key(_compose(id, _read, ownSplits, owns, 0, spec.payee).opening);
        (bytes32[] memory hashes, uint256[] memory sums) = (new bytes32[](2), new uint256[](2));
        for (uint256 i; i < 2; ++i) {
            (hashes[i], sums[i]) = (_items(_read[i].id), _read[i].weight);
            vm.expectEmit(address(models));
            emit IModelRegistry.ModelSource(
                id, _read[i].id, _read[i].provider, hashes[i], _read[i].weight, developer.wallet, uint40(START)
            );
        }
        (entry.manifest,) = SumTrees.rootOf(hashes, sums);
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelParent(id, _model);
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(models));
            emit IModelRegistry.ModelExternal(id, sources.externals[i].weights, sources.externals[i].document);
        }
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelRegistered(id, developer.wallet, spec.weights, entry);
        vm.recordLogs();
        vm.prank(developer.wallet);
        models.register(spec, sources);
        eq(vm.getRecordedLogs().length, 6, "no other");
    }

    // The submitter is in the events, because an abandoned draft's events are told from a registration's by it.
    function test_aRelayedModelNamesItsSubmitter() public {
        Sources memory sources = _sources(_read);
        IModelRegistry.ModelSpec memory spec = _modelSpec(2, freeTerms);
        bytes32 digest = _modelConsent(spec, sources, 4, UNTIL);
        Approval memory approval = _approve(developer, digest, 4, UNTIL);
        bytes32 id = _modelId(developer.wallet, spec, _sourcesHash(sources));
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelSource(
            id, _read[0].id, _read[0].provider, _items(_read[0].id), 3, stranger.wallet, uint40(START)
        );
        vm.prank(stranger.wallet);
        models.registerFor(developer.wallet, spec, sources, approval);
        yes(models.isNonceUsed(developer.wallet, 4), "spent");
    }

    function _readSources() private view returns (Sources memory sources) {
        sources = _everything();
        for (uint256 i; i < 2; ++i) {
            (sources.collections[i].items, sources.collections[i].weight) = (0, 1);
        }
    }

    function test_aBatchLogsAllThatItRestsOn() public {
        Sources memory sources = _readSources();
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(developer.wallet, 3, 1);
        IOutputRegistry.BatchSpec memory spec = _batchSpec(1);
        spec.payee = _wallet(studio.wallet);
        bytes32 id = _batchId(developer.wallet, _sourcesHash(sources), IdTrees.root(ids));
        vm.expectEmit(address(outputs));
        emit IOutputRegistry.BatchModel(id, _model);
        Made[] memory equal = _read;
        for (uint256 i; i < 2; ++i) {
            equal[i].weight = 1;
            vm.expectEmit(address(outputs));
            emit IOutputRegistry.BatchSource(id, equal[i].id, equal[i].provider);
        }
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(outputs));
            emit IOutputRegistry.BatchExternal(id, sources.externals[i].weights, sources.externals[i].document);
        }
        (bytes32[] memory ownSplits, uint256[] memory owns) = _fromModel();
        bytes32 split = SumTrees.key(_compose(id, equal, ownSplits, owns, 0, spec.payee).opening);
        vm.expectEmit(address(outputs));
        emit IOutputRegistry.BatchRegistered(
            id, developer.wallet, IdTrees.root(ids), 3, spec.record, spec.payee, split, true
        );
        vm.expectEmit(address(outputs));
        emit IOutputRegistry.BatchPublished(id, developer.wallet, commitments);
        vm.recordLogs();
        vm.prank(developer.wallet);
        outputs.register(commitments, spec, sources);
        eq(vm.getRecordedLogs().length, 7, "no other");
    }

    // Invariant 8
    function test_aBatchRegisteredAgainLogsNothing() public {
        Sources memory sources = _readSources();
        vm.startPrank(creator.wallet);
        bytes32 id = outputs.commit("root", 3, _batchSpec(1), sources);
        no(outputs.batchOf(id).endorsed, "open");
        vm.recordLogs();
        eq(outputs.commit("root", 3, _batchSpec(1), sources), id, "same");
        eq(vm.getRecordedLogs().length, 0, "nothing");
        vm.stopPrank();
    }

    function test_aRelayedCollectionIsItsProviders() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 3, 1);
        bytes32 root = IdTrees.root(ids);
        bytes32 id = keccak256(abi.encodePacked(bytes1(0x05), artist.wallet, root, trainingTerms));
        Approval memory approval =
            _approve(artist, _consent(address(data), artist.wallet, root, 3, _spec(trainingTerms), 2, UNTIL), 2, UNTIL);
        vm.expectEmit(address(data));
        emit IDataRegistry.CollectionRegistered(
            id, artist.wallet, trainingTerms, root, 3, _wallet(artist.wallet), keccak256("origin")
        );
        vm.expectEmit(address(data));
        emit IDataRegistry.CollectionPublished(id, artist.wallet, commitments);
        vm.recordLogs();
        vm.prank(studio.wallet);
        data.registerFor(artist.wallet, commitments, _spec(trainingTerms), approval);
        eq(vm.getRecordedLogs().length, 2, "no other");
    }

    function _signed(bytes memory typed, bytes32 a, bytes32 b) private view returns (Approval memory) {
        bytes32 structHash = b == 0
            ? keccak256(abi.encode(keccak256(typed), artist.wallet, a, 6, UNTIL))
            : keccak256(abi.encode(keccak256(typed), artist.wallet, a, b, 6, UNTIL));
        return _approve(artist, _digest("Kiseki DataRegistry", address(data), structHash), 6, UNTIL);
    }

    function test_relayedChangesAreTheProviders() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        bytes32 payee = _wallet(studio.wallet);
        vm.expectEmit(address(data));
        emit IDataRegistry.PayeeChanged(made.id, payee);
        data.setPayeeFor(
            artist.wallet,
            made.id,
            payee,
            "",
            _signed(
                "PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)",
                made.id,
                payee
            ),
            _unsigned()
        );
        yes(data.isNonceUsed(artist.wallet, 6), "spent");
    }

    function test_relayedRevocationsAreTheProviders() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        Approval memory approval =
            _signed("Revocation(address provider,bytes32 collection,uint256 nonce,uint256 deadline)", made.id, 0);
        vm.expectEmit(address(data));
        emit IDataRegistry.CollectionRevoked(made.id, artist.wallet);
        vm.prank(studio.wallet);
        data.revokeFor(artist.wallet, made.id, approval);
        yes(data.isNonceUsed(artist.wallet, 6), "spent");
        // Late, and still no error: what exists already is skipped before the signature is looked at.
        vm.warp(UNTIL + 1);
        data.revokeFor(artist.wallet, made.id, approval);
    }

    function test_relayedRevocationsOfItemsAreTheProviders() public {
        Approval memory approval =
            _signed("ItemRevocation(address provider,bytes32 commitment,uint256 nonce,uint256 deadline)", "drawing", 0);
        vm.expectEmit(address(data));
        emit IDataRegistry.ItemRevoked(artist.wallet, "drawing");
        vm.prank(studio.wallet);
        data.revokeItemFor(artist.wallet, "drawing", approval);
        yes(data.isNonceUsed(artist.wallet, 6), "spent");
        vm.warp(UNTIL + 1);
        data.revokeItemFor(artist.wallet, "drawing", approval);
        eq(data.itemRevokedAt(_item(artist.wallet, "drawing")), START, "first time");
    }
}
