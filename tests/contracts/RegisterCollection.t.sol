// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IdTree} from "../../contracts/libraries/IdTree.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {AnyGate} from "./utils/Mocks.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

contract RegisterCollectionTest is Base {
    function _id(address provider, bytes32 root, bytes32 termsId) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x05), provider, root, termsId));
    }

    // Promise 1: every piece gets an ID, and the ID is on the chain; the content never is.
    function test_logsEveryCommitmentUnderTheRootOfItsIds() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 5, 1);
        bytes32 root = IdTrees.root(ids);
        bytes32 expected = _id(artist.wallet, root, trainingTerms);
        vm.expectEmit(address(data));
        emit IDataRegistry.CollectionRegistered(
            expected, artist.wallet, trainingTerms, root, 5, _wallet(artist.wallet), keccak256("origin")
        );
        vm.expectEmit(address(data));
        emit IDataRegistry.CollectionPublished(expected, artist.wallet, commitments);
        vm.prank(artist.wallet);
        eq(data.register(commitments, _spec(trainingTerms)), expected, "id");
        eq(data.registrantOf(expected), artist.wallet, "registrant");
        eq(data.payeeOf(expected, stranger.wallet), _wallet(artist.wallet), "payee");
    }

    // Promise 2: where an ID came from, and under which terms.
    function test_provesEveryItem() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 7, 1);
        vm.prank(artist.wallet);
        bytes32 id = data.register(commitments, _spec(trainingTerms));
        bytes32 root = IdTrees.root(ids);
        for (uint256 i; i < 7; ++i) {
            yes(data.contains(id, root, commitments[i], IdTrees.proof(ids, i)), "in it");
        }
        no(data.contains(id, root, keccak256("other"), IdTrees.proof(ids, 0)), "another file");
    }

    // An ID contains its registrant: somebody else's commitments under one's own root count as other IDs.
    function test_othersItemsUnderOnesOwnRootDoNotCount() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 4, 1);
        bytes32 root = IdTrees.root(ids);
        vm.prank(stranger.wallet);
        bytes32 id = data.commit(root, 4, _spec(trainingTerms));
        for (uint256 i; i < 4; ++i) {
            no(data.contains(id, root, commitments[i], IdTrees.proof(ids, i)), "not the stranger's");
        }
        reverts(IdTree.IdTree_NotAscending.selector);
        data.publish(id, root, commitments, new bytes32[](0));
    }

    function test_oneItemIsItsOwnRoot() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 1, 1);
        vm.prank(artist.wallet);
        eq(data.register(commitments, _spec(trainingTerms)), _id(artist.wallet, ids[0], trainingTerms), "id");
    }

    function test_takesAWholeSlice() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 4000, 1);
        vm.prank(artist.wallet);
        bytes32 id = data.register(commitments, _spec(trainingTerms));
        eq(id, _id(artist.wallet, IdTrees.root(ids), trainingTerms), "id");
    }

    function test_RevertWhen_moreThanASlice() public {
        reverts(abi.encodeWithSelector(IdTree.IdTree_TooMany.selector, 4001, 4000));
        data.register(new bytes32[](4001), _spec(trainingTerms));
    }

    function test_RevertWhen_empty() public {
        reverts(abi.encodeWithSelector(IdTree.IdTree_Empty.selector));
        data.register(new bytes32[](0), _spec(trainingTerms));
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_NoItems.selector));
        data.commit("root", 0, _spec(trainingTerms));
    }

    function test_RevertWhen_notAscendingOrTwice() public {
        (bytes32[] memory commitments,) = _commitments(artist.wallet, 4, 1);
        commitments[2] = commitments[1];
        reverts(abi.encodeWithSelector(IdTree.IdTree_NotAscending.selector, 2));
        vm.prank(artist.wallet);
        data.register(commitments, _spec(trainingTerms));
    }

    function test_RevertWhen_termsAreUnknown() public {
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownTerms.selector, bytes32("none")));
        data.commit("root", 1, _spec("none"));
    }

    // Invariant 8: what was interrupted can be run again.
    function test_doesNothingAgainWithEqualValues() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 before = data.status(made.id).registeredAt;
        vm.warp(START + 5 days);
        vm.recordLogs();
        _collect(artist.wallet, 1, trainingTerms);
        eq(vm.getRecordedLogs().length, 0, "no event");
        eq(data.status(made.id).registeredAt, before, "time stays");
    }

    // Invariant 4
    function test_RevertWhen_aValueDiffers() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        bytes memory reason = abi.encodeWithSelector(IDataRegistry.DataRegistry_DifferentValues.selector, made.id);
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        vm.startPrank(artist.wallet);
        reverts(reason);
        data.commit(made.root, 4, spec);
        spec.origin = "elsewhere";
        reverts(reason);
        data.commit(made.root, 3, spec);
        spec = _spec(trainingTerms);
        spec.payee = _wallet(studio.wallet);
        reverts(reason);
        data.commit(made.root, 3, spec);
        // Spelled out is the same as left out.
        spec.payee = _wallet(artist.wallet);
        eq(data.commit(made.root, 3, spec), made.id, "same");
        vm.stopPrank();
    }

    // Work made for hire: the studio is the provider, the artists the payees.
    function test_namesASplitAsPayee() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 3, studio.wallet, 1);
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        spec.payee = _key(leaves, "");
        spec.opening = SumTrees.opening(leaves, "");
        vm.prank(studio.wallet);
        eq(data.payeeOf(data.commit("root", 1, spec), address(0)), spec.payee, "payee");
    }

    function test_RevertWhen_payeeDoesNotOpen() public {
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        spec.payee = keccak256("nobody");
        reverts(Payees.Payees_WrongOpening.selector);
        data.commit("root", 1, spec);
        spec.opening = new bytes(76);
        reverts(Payees.Payees_WrongOpening.selector);
        data.commit("root", 1, spec);
        spec.opening = new bytes(52);
        reverts(Payees.Payees_WrongOpening.selector);
        data.commit("root", 1, spec);
        spec.payee = _wallet(artist.wallet);
        reverts(Payees.Payees_WrongOpening.selector);
        data.commit("root", 1, spec);
        spec.payee = _wallet(address(splitter));
        spec.opening = "";
        reverts(abi.encodeWithSelector(Payees.Payees_Splitter.selector));
        data.commit("root", 1, spec);
        spec.payee = _subject(address(splitter), "id");
        spec.opening = abi.encodePacked(address(splitter), bytes32("id"));
        reverts(abi.encodeWithSelector(Payees.Payees_Splitter.selector));
        data.commit("root", 1, spec);
    }

    // Who may use it

    function test_mayUseWhatTheTermsSay() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        yes(data.mayUse(made.id, developer.wallet, TRAIN), "training");
        no(data.mayUse(made.id, developer.wallet, READ), "reading");
        no(data.mayUse(made.id, developer.wallet, TRAIN | READ), "both");
        no(data.mayUse(made.id, developer.wallet, 0), "nothing");
    }

    function test_reservedDataMayNotBeUsed() public {
        Terms memory none;
        Made memory made = _collect(artist.wallet, 1, data.defineTerms(none));
        for (uint256 use = 1; use < 64; use *= 2) {
            no(data.mayUse(made.id, developer.wallet, use), "reserved");
        }
    }

    function test_asksTheGateForEverybodyButTheProvider() public {
        AnyGate gate = new AnyGate();
        Terms memory terms = _training(100, 0);
        terms.gate = address(gate);
        Made memory made = _collect(artist.wallet, 1, data.defineTerms(terms));
        no(data.mayUse(made.id, developer.wallet, TRAIN), "closed");
        yes(data.mayUse(made.id, artist.wallet, TRAIN), "one's own");
        gate.set(true, false);
        yes(data.mayUse(made.id, developer.wallet, TRAIN), "open");
        gate.set(true, true);
        no(data.mayUse(made.id, developer.wallet, TRAIN), "a broken gate is closed");
    }

    // GENERATION is of models alone.
    function test_generationIsNoUseOfACollection() public {
        Made memory made = _collect(artist.wallet, 1, readingTerms);
        no(data.mayUse(made.id, developer.wallet, GENERATE), "alone");
        no(data.mayUse(made.id, developer.wallet, GENERATE | TRAIN), "with another");
        no(data.mayUse(made.id, artist.wallet, GENERATE), "by its provider");
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = made.id;
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UseNotAllowed.selector, readingTerms, GENERATE, 10));
        data.authorise(ids, developer.wallet, GENERATE, START);
        // Of a model it is, and the terms do not name it.
        eq(
            data.authoriseTerms(
                trainingTerms, address(models), "model", artist.wallet, developer.wallet, GENERATE, START
            ),
            TRAIN,
            "a model's"
        );
    }

    function test_RevertWhen_askedAboutWhatIsUnknown() public {
        bytes memory reason =
            abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownCollection.selector, bytes32("none"));
        reverts(reason);
        data.status("none");
        reverts(reason);
        data.wasUsable("none", START);
        no(data.mayUse("none", developer.wallet, TRAIN), "may not be used");
        eq(data.registrantOf("none"), address(0), "nobody's");
        eq(data.payeeOf("none", address(1)), 0, "nobody is paid");
    }

    // Times are kept as 32 bits, until 2106; after that nothing is registered with a wrong one.
    function test_keepsTheLastSecondOf32Bits() public {
        vm.warp(type(uint32).max);
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        data.revoke(made.id);
        IDataRegistry.Status memory status = data.status(made.id);
        eq(status.registeredAt, type(uint32).max, "registered");
        eq(status.revokedAt, type(uint32).max, "revoked");
        made = _collect(artist.wallet, 2, trainingTerms);
        vm.warp(uint256(type(uint32).max) + 1);
        bytes memory reason =
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 32, uint256(type(uint32).max) + 1);
        reverts(reason);
        data.commit("root", 1, _spec(trainingTerms));
        reverts(reason);
        vm.prank(artist.wallet);
        data.revoke(made.id);
        yes(data.mayUse(made.id, developer.wallet, TRAIN), "asking goes on");
    }
}
