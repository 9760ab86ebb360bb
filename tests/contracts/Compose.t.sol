// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Compose} from "../../contracts/libraries/Compose.sol";
import {Grant} from "../../contracts/types/Grant.sol";
import {Ancestor, Collection} from "../../contracts/types/Sources.sol";
import {Base} from "./utils/Base.sol";
import {SumTrees} from "./utils/Trees.sol";

// Promise 4, what no registration reaches alone: the limits, and what lists of nothing come to.
contract ComposeTest is Base {
    function partOf(Collection[] calldata collections, Grant[] memory grants, uint256 totalWeight)
        external
        view
        returns (Compose.Trees memory)
    {
        return Compose.part(collections, grants, address(data), 0, totalWeight);
    }

    function joinOf(Compose.Trees[] memory parts) external pure returns (Compose.Trees memory) {
        return Compose.join(parts);
    }

    function uniteOf(Ancestor[] memory a, Ancestor[] memory b) external pure returns (Ancestor[] memory) {
        return Compose.unite(a, b);
    }

    function splitOf(uint256 data_, Ancestor[] memory ancestry, bytes32[] memory ownSplits)
        external
        pure
        returns (bytes32)
    {
        return Compose.split("id", "data", data_, ancestry, ownSplits, "rest");
    }

    /// @dev `count` ancestors with ascending IDs from `first`, in steps of `step`.
    function _ancestors(uint256 first, uint256 count, uint256 step) private pure returns (Ancestor[] memory list) {
        list = new Ancestor[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = Ancestor(bytes32(first + i * step), uint32(1 + i));
        }
    }

    function test_nothingComposesToNothing() public view {
        Compose.Trees memory trees = this.partOf(new Collection[](0), new Grant[](0), 1);
        eq(trees.manifest, 0, "no manifest");
        eq(trees.data, 0, "no data");
        trees = this.joinOf(new Compose.Trees[](0));
        eq(trees.manifest, 0, "of no parts neither");
        eq(trees.weight, 0, "no weight");
    }

    function test_onePartIsTheWhole() public view {
        Compose.Trees[] memory parts = new Compose.Trees[](1);
        parts[0] = Compose.Trees("manifest", 5, "data", 7);
        Compose.Trees memory whole = this.joinOf(parts);
        eq(whole.manifest, "manifest", "manifest");
        eq(whole.weight, 5, "weight");
        eq(whole.data, "data", "data");
        eq(whole.shares, 7, "shares");
    }

    // Parts in which nobody asks anything are left out of the data split, not of the manifest.
    function test_partsThatAskNothingAreLeftOut() public view {
        Compose.Trees[] memory parts = new Compose.Trees[](3);
        parts[0] = Compose.Trees("first", 50, "paid", 70);
        parts[1] = Compose.Trees("second", 30, 0, 0);
        parts[2] = Compose.Trees("third", 20, "too", 10);
        (bytes32[] memory hashes, uint256[] memory sums) = (new bytes32[](2), new uint256[](2));
        (hashes[0], hashes[1], sums[0], sums[1]) = ("paid", "too", 70, 10);
        (bytes32 root,) = SumTrees.rootOf(hashes, sums);
        Compose.Trees memory whole = this.joinOf(parts);
        eq(whole.data, root, "data");
        eq(whole.shares, 80, "shares");
        (hashes, sums) = (new bytes32[](3), new uint256[](3));
        (hashes[0], hashes[1], hashes[2]) = ("first", "second", "third");
        (sums[0], sums[1], sums[2]) = (50, 30, 20);
        (root,) = SumTrees.rootOf(hashes, sums);
        eq(whole.manifest, root, "manifest");
        eq(whole.weight, 100, "weight");
    }

    function test_RevertWhen_allPartsTogetherAskMoreThanEverything() public {
        Compose.Trees[] memory parts = new Compose.Trees[](2);
        parts[0] = Compose.Trees("first", 50, "paid", 500_000);
        parts[1] = Compose.Trees("second", 50, "too", 500_000);
        eq(this.joinOf(parts).shares, 1_000_000, "everything");
        parts[1].shares = 500_001;
        reverts(abi.encodeWithSelector(Compose.Compose_LeviesExceedGross.selector, 1_000_001));
        this.joinOf(parts);
    }

    // An ancestry has at most 256, each once and ascending.
    function test_ancestriesAreUnited() public view {
        Ancestor[] memory all = this.uniteOf(_ancestors(1, 5, 2), _ancestors(2, 4, 3));
        // 1 3 5 7 9 and 2 5 8 11
        uint8[8] memory expected = [1, 2, 3, 5, 7, 8, 9, 11];
        eq(all.length, expected.length, "each once");
        for (uint256 i; i < all.length; ++i) {
            eq(all[i].model, bytes32(uint256(expected[i])), "ascending");
        }
        eq(all[1].own, 1, "with what it asks");
        eq(all[6].own, 5, "of both lists");
        all = this.uniteOf(_ancestors(1, 2, 1), new Ancestor[](0));
        eq(all.length, 2, "with none");
    }

    function test_RevertWhen_thereAreMoreThan256Ancestors() public {
        eq(this.uniteOf(_ancestors(1, 200, 1), _ancestors(101, 156, 1)).length, 256, "256, some of them twice");
        reverts(abi.encodeWithSelector(Compose.Compose_TooManyAncestors.selector, 257));
        this.uniteOf(_ancestors(1, 200, 1), _ancestors(201, 57, 1));
    }

    function test_whatIsAskedMayBeEverythingAndNotMore() public {
        Ancestor[] memory ancestry = _ancestors(1, 2, 1);
        bytes32[] memory ownSplits = new bytes32[](2);
        (ownSplits[0], ownSplits[1]) = ("one", "two");
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](3);
        leaves[0] = SumTrees.Leaf("data", 999_997);
        leaves[1] = SumTrees.Leaf("one", 1);
        leaves[2] = SumTrees.Leaf("two", 2);
        eq(this.splitOf(999_997, ancestry, ownSplits), _key(leaves, "id"), "nothing for the rest");
        reverts(abi.encodeWithSelector(Compose.Compose_LeviesExceedGross.selector, 1_000_001));
        this.splitOf(999_998, ancestry, ownSplits);
    }
}
