// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenges} from "../../../contracts/Challenges.sol";
import {IChallenges} from "../../../contracts/interfaces/IChallenges.sol";
import {IModelRegistry} from "../../../contracts/interfaces/IModelRegistry.sol";
import {Collection, ShownSources, Sources} from "../../../contracts/types/Sources.sol";
import {Base} from "./Base.sol";
import {IdTrees, SumTrees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice Models whose manifests are known leaf by leaf, honest or false, and the slices and proofs of these.
abstract contract Manifests is Base {
    /// @notice A collection, and what a manifest says of it.
    struct Used {
        bytes32 id;
        address provider;
        /// Of the whole collection, IDs ascending.
        bytes32[] commitments;
        bytes32[] ids;
        /// As declared, in the order declared.
        SumTrees.Leaf[] leaves;
        bytes32[] declared;
    }

    struct Trained {
        bytes32 model;
        bytes32 weights;
        ShownSources shown;
        Used[] used;
    }

    /// Above all leaves of any tree here.
    uint256 internal constant TOP = 20;

    Challenges internal challenges;

    function setUp() public virtual override {
        super.setUp();
        challenges = Challenges(vm.deployCode("Challenges.sol", abi.encode(data, models)));
    }

    /// @dev A collection of `count` items; declared are those whose number is a multiple of `every`, in order.
    function _use(address provider, uint256 count, uint256 every, uint256 seed, bytes32 termsId)
        internal
        returns (Used memory used)
    {
        used.provider = provider;
        (used.commitments, used.ids) = _commitments(provider, count, seed);
        vm.prank(provider);
        used.id = data.commit(IdTrees.root(used.ids), uint64(count), _spec(termsId));
        uint256 many = (count + every - 1) / every;
        used.leaves = new SumTrees.Leaf[](many);
        used.declared = new bytes32[](many);
        for (uint256 i; i < many; ++i) {
            _declare(used, i, i * every);
        }
    }

    /// @dev Leaf `place` is the collection's item `item`.
    function _declare(Used memory used, uint256 place, uint256 item) internal pure {
        used.leaves[place] = SumTrees.Leaf(used.ids[item], uint96(1 + uint256(used.ids[item]) % 1000));
        used.declared[place] = used.commitments[item];
    }

    function _train(Used[] memory used) internal returns (Trained memory trained) {
        for (uint256 i = 1; i < used.length; ++i) {
            for (uint256 j = i; j > 0 && used[j].id < used[j - 1].id; --j) {
                (used[j], used[j - 1]) = (used[j - 1], used[j]);
            }
        }
        Sources memory sources;
        sources.collections = new Collection[](used.length);
        for (uint256 i; i < used.length; ++i) {
            (bytes32 items, uint256 weight) = SumTrees.root(used[i].leaves);
            sources.collections[i] = Collection(used[i].id, items, uint96(weight));
        }
        IModelRegistry.ModelSpec memory spec = _modelSpec(uint256(keccak256(abi.encode(sources))), freeTerms);
        vm.prank(developer.wallet);
        trained.model = models.register(spec, sources);
        trained.weights = spec.weights;
        trained.shown = _shown(sources);
        trained.used = used;
    }

    function _train(Used memory used) internal returns (Trained memory) {
        Used[] memory one = new Used[](1);
        one[0] = used;
        return _train(one);
    }

    /// @dev The artist's collection of `count`, all of it declared.
    function _honest(uint256 count) internal returns (Trained memory) {
        return _train(_use(artist.wallet, count, 1, 1, trainingTerms));
    }

    // Evidence

    function _leaf(Trained memory trained, uint256 source, uint256 index)
        internal
        pure
        returns (IChallenges.Leaf memory leaf)
    {
        SumTrees.Leaf[] memory leaves = trained.used[source].leaves;
        (leaf.id, leaf.weight) = (leaves[index].key, leaves[index].shares);
        (leaf.path, leaf.side) = SumTrees.proof(leaves, index);
    }

    function _outOfOrder(Trained memory trained, uint256 source, uint256 first, uint256 second) internal {
        vm.prank(stranger.wallet);
        challenges.outOfOrder(
            trained.model,
            trained.weights,
            trained.shown,
            source,
            _leaf(trained, source, first),
            _leaf(trained, source, second)
        );
    }

    function _revoked(Trained memory trained, uint256 source, uint256 index) internal {
        vm.prank(stranger.wallet);
        challenges.revokedItem(trained.model, trained.weights, trained.shown, source, _leaf(trained, source, index));
    }

    // Walking

    /// @dev The node with this index, `levels` above the leaves.
    function _slice(Trained memory trained, uint256 source, uint256 levels, uint256 index)
        internal
        pure
        returns (IChallenges.Slice memory slice)
    {
        Used memory used = trained.used[source];
        uint256 from = index << levels;
        uint256 to = from + (1 << levels);
        if (to > used.leaves.length) to = used.leaves.length;
        slice.source = uint32(source);
        for (uint256 i; i < from; ++i) {
            slice.lo += used.leaves[i].shares;
        }
        bytes32[] memory ids = new bytes32[](to - from);
        for (uint256 i = from; i < to; ++i) {
            slice.leaves = abi.encodePacked(slice.leaves, used.declared[i], used.leaves[i].shares);
            ids[i - from] = used.leaves[i].key;
        }
        (slice.path, slice.side) = SumTrees.proof(used.leaves, levels, index);
        (slice.proof, slice.flags) = IdTrees.multiproof(used.ids, ids);
    }

    /// @dev All of a manifest, a node of at most 2^levels leaves a slice.
    function _slices(Trained memory trained, uint256 levels) internal pure returns (IChallenges.Slice[] memory slices) {
        uint256 count;
        for (uint256 i; i < trained.used.length; ++i) {
            count += _count(trained, i, levels);
        }
        slices = new IChallenges.Slice[](count);
        count = 0;
        for (uint256 i; i < trained.used.length; ++i) {
            for (uint256 j; j < _count(trained, i, levels); ++j) {
                slices[count++] = _slice(trained, i, levels, j);
            }
        }
    }

    function _count(Trained memory trained, uint256 source, uint256 levels) private pure returns (uint256) {
        return ((trained.used[source].leaves.length - 1) >> levels) + 1;
    }

    function _walk(Trained memory trained, IChallenges.Slice[] memory slices) internal {
        vm.prank(stranger.wallet);
        challenges.checkManifest(trained.model, trained.weights, trained.shown, slices);
    }

    function _walk(Trained memory trained, IChallenges.Slice memory slice) internal {
        IChallenges.Slice[] memory one = new IChallenges.Slice[](1);
        one[0] = slice;
        _walk(trained, one);
    }

    function _one(IChallenges.Slice memory slice) internal pure returns (IChallenges.Slice[] memory one) {
        one = new IChallenges.Slice[](1);
        one[0] = slice;
    }

    function _isChecked(Trained memory trained) internal view returns (bool) {
        return challenges.stateOf(trained.model).checkedAt != 0;
    }
}
