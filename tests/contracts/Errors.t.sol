// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Compose} from "../../contracts/libraries/Compose.sol";
import {IdTree} from "../../contracts/libraries/IdTree.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Sources} from "../../contracts/types/Sources.sol";
import {Base} from "./utils/Base.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Errors carry the values that failed: the client turns them into what to do next.
contract ErrorsTest is Base {
    function _register(Sources memory sources) private returns (bytes32) {
        vm.prank(developer.wallet);
        return models.register(_modelSpec(9, freeTerms), sources);
    }

    // The first of several, so that who sorts from there is done after one round.
    function test_theFirstThatDoesNotAscendIsNamed() public {
        (bytes32[] memory commitments,) = _commitments(artist.wallet, 6, 1);
        commitments[2] = commitments[1];
        commitments[5] = commitments[4];
        reverts(abi.encodeWithSelector(IdTree.IdTree_NotAscending.selector, 2));
        vm.prank(artist.wallet);
        data.register(commitments, _spec(trainingTerms));
    }

    function test_collectionsThatDoNotAscendAreNamed() public {
        Made[] memory made = new Made[](2);
        made[0] = _collect(artist.wallet, 1, trainingTerms);
        made[1] = _collect(studio.wallet, 2, trainingTerms);
        Sources memory sources = _sources(made);
        (sources.collections[0], sources.collections[1]) = (sources.collections[1], sources.collections[0]);
        reverts(abi.encodeWithSelector(Compose.Compose_CollectionsNotAscending.selector, made[1].id, made[0].id));
        _register(sources);
    }

    function test_theModelThatADraftMakesIsNamed() public {
        Sources memory sources = _sources(_collect(artist.wallet, 1, trainingTerms));
        IModelRegistry.ModelSpec memory spec = _modelSpec(9, freeTerms);
        spec.draft = "draft";
        bytes32 actual = _modelId(developer.wallet, spec, _sourcesHash(sources));
        reverts(abi.encodeWithSelector(IModelRegistry.ModelRegistry_WrongDraft.selector, bytes32("draft"), actual));
        vm.prank(developer.wallet);
        models.register(spec, sources);
    }

    function test_theSliceThatIsNotInTheBatchIsNamed() public {
        (bytes32 model,) = _train(1, freeTerms);
        Sources memory sources = _onModel(model);
        vm.prank(creator.wallet);
        bytes32 id = outputs.commit("root", 3, _batchSpec(1), sources);
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(creator.wallet, 3, 1);
        IOutputRegistry.BatchOpening memory opening = IOutputRegistry.BatchOpening("root", _sourcesHash(sources));
        reverts(abi.encodeWithSelector(IOutputRegistry.OutputRegistry_NotUnderRoot.selector, id, IdTrees.root(ids)));
        outputs.publish(id, opening, commitments, new bytes32[](0));
    }

    function test_whatAProofReachesIsNamed() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 3, studio.wallet, 1);
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        share.shares = 5;
        leaves[0].shares = 5;
        (bytes32 reached, uint256 sum) = SumTrees.root(leaves);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_WrongProof.selector, share.split, reached, sum));
        splitter.claim(share, ETHER, "");
        share.split = new bytes(77);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_SplitLength.selector, 77));
        splitter.claim(share, ETHER, "");
    }

    // With the root right and the sum another, too.
    function test_RevertWhen_onlyTheSumIsAnother() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 3, studio.wallet, 1);
        IRevenueSplitter.Share memory share = _share(leaves, "", 0);
        (bytes32 root,) = SumTrees.root(leaves);
        share.split = abi.encodePacked(root, uint96(5), bytes32(0));
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_WrongProof.selector, share.split, root, 4));
        splitter.claim(share, ETHER, "");
    }

    function test_thePayeeAndItsOpeningAreNamed() public {
        bytes32 split = _key(_split(artist.wallet, 3, studio.wallet, 1), "");
        bytes[3] memory openings = [bytes(""), new bytes(76), abi.encodePacked(stranger.wallet, bytes32(0))];
        for (uint256 i; i < 3; ++i) {
            reverts(abi.encodeWithSelector(Payees.Payees_WrongOpening.selector, split, openings[i]));
            splitter.deposit{value: 1}(split, openings[i], ETHER, 1, "");
        }
        // A wallet has none.
        bytes32 wallet = _wallet(artist.wallet);
        reverts(abi.encodeWithSelector(Payees.Payees_WrongOpening.selector, wallet, hex"00"));
        splitter.deposit{value: 1}(wallet, hex"00", ETHER, 1, "");
    }

    function test_theSignerAndWhatWasToBeSignedAreNamed() public {
        uint256 until = START + 1;
        bytes32 digest = _consent(address(data), artist.wallet, "root", 3, _spec(trainingTerms), 0, until);
        Approval memory approval = _approve(stranger, digest, 0, until);
        reverts(abi.encodeWithSelector(ISigned.Signed_WrongSignature.selector, artist.wallet, digest));
        data.commitFor(artist.wallet, "root", 3, _spec(trainingTerms), approval);
    }
}
