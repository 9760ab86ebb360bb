// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IdTree} from "../../contracts/libraries/IdTree.sol";
import {Base} from "./utils/Base.sol";
import {IdTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

contract PublishTest is Base {
    function _slice(bytes32[] memory all, uint256 from, uint256 to) private pure returns (bytes32[] memory some) {
        some = new bytes32[](to - from);
        for (uint256 i = from; i < to; ++i) {
            some[i - from] = all[i];
        }
    }

    // A larger set is cut every 4,000; the slice roots are the leaves of another tree, and proofs are both parts.
    function test_publishesSlicesOfALargeSet() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 8005, 1);
        bytes32[] memory roots = new bytes32[](3);
        for (uint256 i; i < 3; ++i) {
            roots[i] = IdTrees.root(_slice(ids, 4000 * i, i == 2 ? 8005 : 4000 * i + 4000));
        }
        bytes32 root = IdTrees.root(roots);
        vm.prank(artist.wallet);
        bytes32 id = data.commit(root, 8005, _spec(trainingTerms));
        for (uint256 i; i < 3; ++i) {
            bytes32[] memory slice = _slice(commitments, 4000 * i, i == 2 ? 8005 : 4000 * i + 4000);
            vm.expectEmit(address(data));
            emit IDataRegistry.CollectionPublished(id, artist.wallet, slice);
            // By anybody, in any order.
            vm.prank(stranger.wallet);
            data.publish(id, root, slice, IdTrees.proof(roots, i));
        }
        bytes32[] memory low = IdTrees.proof(_slice(ids, 8000, 8005), 3);
        bytes32[] memory high = IdTrees.proof(roots, 2);
        bytes32[] memory proof = new bytes32[](low.length + high.length);
        for (uint256 i; i < proof.length; ++i) {
            proof[i] = i < low.length ? low[i] : high[i - low.length];
        }
        yes(data.contains(id, root, commitments[8003], proof), "one file of the last slice");
    }

    function test_publishesASingleItemOfASlice() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 6, 1);
        bytes32 root = IdTrees.root(ids);
        vm.prank(artist.wallet);
        bytes32 id = data.commit(root, 6, _spec(trainingTerms));
        data.publish(id, root, _slice(commitments, 4, 5), IdTrees.proof(ids, 4));
    }

    function test_RevertWhen_notUnderTheRoot() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 6, 1);
        bytes32 root = IdTrees.root(ids);
        vm.prank(artist.wallet);
        bytes32 id = data.commit(root, 6, _spec(trainingTerms));
        (bytes32[] memory others, bytes32[] memory otherIds) = _commitments(artist.wallet, 6, 2);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_NotUnderRoot.selector, id, IdTrees.root(otherIds)));
        data.publish(id, root, others, new bytes32[](0));
        (commitments[0], commitments[1]) = (commitments[1], commitments[0]);
        reverts(abi.encodeWithSelector(IdTree.IdTree_NotAscending.selector, 1));
        data.publish(id, root, commitments, new bytes32[](0));
        reverts(abi.encodeWithSelector(IdTree.IdTree_Empty.selector));
        data.publish(id, root, new bytes32[](0), new bytes32[](0));
    }

    function test_RevertWhen_theRootIsAnother() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 6, 1);
        vm.prank(artist.wallet);
        bytes32 id = data.commit(IdTrees.root(ids), 6, _spec(trainingTerms));
        // A root under which these very commitments are.
        (bytes32[] memory some, bytes32 root) = (_slice(commitments, 0, 2), IdTrees.root(_slice(ids, 0, 2)));
        bytes memory reason = abi.encodeWithSelector(IDataRegistry.DataRegistry_WrongRoot.selector, id, root);
        reverts(reason);
        data.publish(id, root, some, new bytes32[](0));
        reverts(reason);
        data.contains(id, root, some[0], IdTrees.proof(_slice(ids, 0, 2), 0));
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownCollection.selector, bytes32("none")));
        data.contains("none", root, some[0], new bytes32[](0));
    }

    function test_RevertWhen_unknown() public {
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownCollection.selector, bytes32("none")));
        data.publish("none", "root", new bytes32[](1), new bytes32[](0));
    }

    // The tree is OpenZeppelin's, for every shape.
    function test_rootIsOpenZeppelinsForEveryCountTo70() public {
        for (uint256 n = 1; n <= 70; ++n) {
            (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, n, n);
            vm.prank(artist.wallet);
            bytes32 id = data.register(commitments, _spec(trainingTerms));
            eq(id, keccak256(abi.encodePacked(bytes1(0x05), artist.wallet, IdTrees.root(ids), trainingTerms)), "id");
        }
    }

    function testFuzz_rootAndProofsAreOpenZeppelins(address registrant, uint256 seed, uint256 count, uint256 index)
        public
    {
        vm.assume(registrant != address(0) && registrant != address(splitter));
        count = bound(count, 1, 130);
        index = bound(index, 0, count - 1);
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(registrant, count, seed);
        bytes32 root = IdTrees.root(ids);
        vm.prank(registrant);
        bytes32 id = data.register(commitments, _spec(trainingTerms));
        yes(data.contains(id, root, commitments[index], IdTrees.proof(ids, index)), "proved");
    }
}
