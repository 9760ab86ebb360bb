// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {Collection, ShownSources, Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {IdTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 3: anyone can check.
contract VerifyTest is Base {
    uint256 private constant NOT_IN_BATCH = 1;
    uint256 private constant BATCH_UNKNOWN = 2;
    uint256 private constant SOURCES_NOT_SHOWN = 8;

    bytes32 private _batch;
    Made private _read;
    bytes32[] private _ids;
    bytes32[] private _published;

    function setUp() public override {
        super.setUp();
        (bytes32 model,) = _train(1, freeTerms);
        (_published, _ids) = _commitments(creator.wallet, 5, 9);
        _read = _collect(studio.wallet, 77, readingTerms);
        _registerOn(model);
    }

    function _registerOn(bytes32 model) private {
        Sources memory sources = _sourcesOf(model);
        vm.prank(creator.wallet);
        _batch = outputs.register(_published, _batchSpec(1), sources);
    }

    function _sourcesOf(bytes32 model) private view returns (Sources memory sources) {
        sources = _onModel(model);
        sources.collections = new Collection[](1);
        sources.collections[0] = Collection(_read.id, 0, 1);
    }

    function _ask(bytes32 commitment, bytes32 model)
        private
        view
        returns (uint256 problems, IOutputRegistry.Facts memory facts)
    {
        Sources memory sources = _sourcesOf(model);
        IOutputRegistry.BatchOpening memory opening =
            IOutputRegistry.BatchOpening(IdTrees.root(_ids), _sourcesHash(sources));
        return outputs.verify(commitment, _batch, opening, IdTrees.proof(_ids, 2), _shown(sources));
    }

    function _model() private view returns (bytes32) {
        Made memory made = Made(0, artist.wallet, keccak256(abi.encode("root", uint256(1))), 1, 0, 0);
        made.id = keccak256(abi.encodePacked(bytes1(0x05), artist.wallet, made.root, trainingTerms));
        return _modelId(developer.wallet, _modelSpec(1, freeTerms), _sourcesHash(_sources(made)));
    }

    function test_findsNothing() public view {
        (uint256 problems, IOutputRegistry.Facts memory facts) = _ask(_published[2], _model());
        eq(problems, 0, "problems");
        eq(facts.registrant, creator.wallet, "registrant");
        eq(facts.registeredAt, START, "time");
        eq(facts.lapsed.length, 0, "none lapsed");
        eq(facts.rightsHolder, address(0), "not minted");
        no(facts.endorsed, "open to all");
    }

    function test_namesTheRightsToken() public {
        vm.prank(creator.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(outputs), _batch, "rights", 500), _noShare());
        (, IOutputRegistry.Facts memory facts) = _ask(_published[2], _model());
        eq(facts.rightsToken, tokenId, "token");
        eq(facts.rightsHolder, creator.wallet, "holder");
    }

    function test_aFileWithOneByteChangedIsNotInIt() public view {
        (uint256 problems,) = _ask(_published[2] ^ bytes32(uint256(1)), _model());
        eq(problems, NOT_IN_BATCH, "problems");
    }

    function test_anUnknownBatchIsUnknown() public view {
        ShownSources memory none;
        (uint256 problems,) = outputs.verify(
            _published[2], "none", IOutputRegistry.BatchOpening("root", "sources"), new bytes32[](0), none
        );
        eq(problems, BATCH_UNKNOWN, "problems");
        (problems,) = outputs.verify(
            _published[2], _batch, IOutputRegistry.BatchOpening("root", "sources"), new bytes32[](0), none
        );
        eq(problems, BATCH_UNKNOWN, "opened wrongly");
    }

    function test_sourcesThatAreNotShownAreAProblem() public view {
        Sources memory sources = _sourcesOf(_model());
        IOutputRegistry.BatchOpening memory opening =
            IOutputRegistry.BatchOpening(IdTrees.root(_ids), _sourcesHash(sources));
        ShownSources memory none;
        (uint256 problems,) = outputs.verify(_published[2], _batch, opening, IdTrees.proof(_ids, 2), none);
        eq(problems, SOURCES_NOT_SHOWN, "problems");
        ShownSources memory shown = _shown(sources);
        shown.collections = new Collection[](0);
        (problems,) = outputs.verify(_published[2], _batch, opening, IdTrees.proof(_ids, 2), shown);
        eq(problems, SOURCES_NOT_SHOWN, "the hash alone is not enough");
        shown = _shown(sources);
        shown.part = 1;
        (problems,) = outputs.verify(_published[2], _batch, opening, IdTrees.proof(_ids, 2), shown);
        eq(problems, SOURCES_NOT_SHOWN, "no such part");
        shown = _shown(sources);
        shown.parts = new bytes32[](0);
        (problems,) = outputs.verify(_published[2], _batch, opening, IdTrees.proof(_ids, 2), shown);
        eq(problems, SOURCES_NOT_SHOWN, "no parts");
        shown = _shown(sources);
        shown.collections[0].id = "unknown";
        shown.parts[0] = keccak256(abi.encode(shown.collections));
        (problems,) = outputs.verify(_published[2], _batch, opening, IdTrees.proof(_ids, 2), shown);
        eq(problems, SOURCES_NOT_SHOWN, "true to themselves, of another batch");
        shown = _shown(sources);
        shown.models[0] = "unknown";
        (problems,) = outputs.verify(_published[2], _batch, opening, IdTrees.proof(_ids, 2), shown);
        eq(problems, SOURCES_NOT_SHOWN, "an unknown model");
    }

    // Nothing that is shown makes it revert, not even a weight that no part can have.
    function test_aDirtyWeightIsAnsweredToo() public view {
        Sources memory sources = _sourcesOf(_model());
        IOutputRegistry.BatchOpening memory opening =
            IOutputRegistry.BatchOpening(IdTrees.root(_ids), _sourcesHash(sources));
        bytes memory call_ =
            abi.encodeCall(outputs.verify, (_published[2], _batch, opening, IdTrees.proof(_ids, 2), _shown(sources)));
        call_[call_.length - 32] = 0x01;
        (bool success, bytes memory answer) = address(outputs).staticcall(call_);
        yes(success, "answered");
        (uint256 problems,) = abi.decode(answer, (uint256, IOutputRegistry.Facts));
        eq(problems, SOURCES_NOT_SHOWN, "not shown");
    }

    // Revoked since: a fact, not a problem.
    function test_showsASourceThatWasRevokedSince() public {
        vm.prank(studio.wallet);
        data.revoke(_read.id);
        (uint256 problems, IOutputRegistry.Facts memory facts) = _ask(_published[2], _model());
        eq(problems, 0, "the past stays authorised");
        eq(facts.lapsed.length, 1, "one");
        eq(facts.lapsed[0], _read.id, "which");
    }

    function test_showsAModelWhoseTermsExpiredSince() public {
        Terms memory terms = _training(0, 0);
        terms.validUntil = uint64(START);
        (bytes32 model,) = _train(2, data.defineTerms(terms));
        _registerOn(model);
        vm.warp(START + 1);
        (, IOutputRegistry.Facts memory facts) = _ask(_published[2], model);
        eq(facts.lapsed.length, 1, "one");
        eq(facts.lapsed[0], model, "which");
    }

    function test_aBatchThatReadNoCollectionIsChecked() public {
        Sources memory sources = _onModel(_model());
        vm.prank(creator.wallet);
        bytes32 batch = outputs.register(_published, _batchSpec(1), sources);
        IOutputRegistry.BatchOpening memory opening =
            IOutputRegistry.BatchOpening(IdTrees.root(_ids), _sourcesHash(sources));
        ShownSources memory shown = _shown(sources);
        (uint256 problems,) = outputs.verify(_published[2], batch, opening, IdTrees.proof(_ids, 2), shown);
        eq(problems, 0, "problems");
        shown.collections = _sourcesOf(_model()).collections;
        (problems,) = outputs.verify(_published[2], batch, opening, IdTrees.proof(_ids, 2), shown);
        eq(problems, SOURCES_NOT_SHOWN, "a collection too many");
    }

    function test_showsASourceThatExpiredSince() public {
        Terms memory terms = _training(0, 0);
        (terms.aiInference, terms.validUntil) = (true, uint64(START + 10));
        _read = _collect(studio.wallet, 78, data.defineTerms(terms));
        _registerOn(_model());
        vm.warp(START + 10);
        (, IOutputRegistry.Facts memory facts) = _ask(_published[2], _model());
        eq(facts.lapsed.length, 0, "the last valid second");
        vm.warp(START + 11);
        (, facts) = _ask(_published[2], _model());
        eq(facts.lapsed.length, 1, "one");
        eq(facts.lapsed[0], _read.id, "which");
    }

    // Revoked counts from the revocation, whatever the notice.
    function test_showsARevokedSourceWhoseNoticeRuns() public {
        Terms memory terms = _training(0, 0);
        (terms.aiInference, terms.noticeSeconds) = (true, 100);
        _read = _collect(studio.wallet, 78, data.defineTerms(terms));
        _registerOn(_model());
        vm.prank(studio.wallet);
        data.revoke(_read.id);
        (, IOutputRegistry.Facts memory facts) = _ask(_published[2], _model());
        eq(facts.lapsed.length, 1, "one");
    }

    function test_aModelCountsToTheLastSecondOfItsTerms() public {
        Terms memory terms = _training(0, 0);
        terms.validUntil = uint64(START + 10);
        (bytes32 model,) = _train(2, data.defineTerms(terms));
        _registerOn(model);
        vm.warp(START + 10);
        (, IOutputRegistry.Facts memory facts) = _ask(_published[2], model);
        eq(facts.lapsed.length, 0, "the last valid second");
    }
}
