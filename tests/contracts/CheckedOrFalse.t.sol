// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallenges} from "../../contracts/interfaces/IChallenges.sol";
import {Manifests} from "./utils/Manifests.sol";
import {vm} from "./utils/Vm.sol";

// Promise 3, invariant 8: no manifest is ever both checked and proved false.
contract CheckedOrFalseTest is Manifests {
    // Never both; an honest manifest can be walked to its end, a false one never, however it is cut.
    /// forge-config: default.fuzz.runs = 200
    function test_checkedOrFalseButNeverBoth(uint256 seed) public {
        Used[] memory used = new Used[](1 + _random(seed, "collections") % 3);
        bool isFalse;
        for (uint256 i; i < used.length; ++i) {
            uint256 mine = _random(seed, i);
            used[i] =
                _use(i % 2 == 0 ? artist.wallet : studio.wallet, 1 + mine % 13, 1 + mine / 13 % 3, i, trainingTerms);
            isFalse = _spoil(used[i], mine / 39) || isFalse;
        }
        vm.warp(START + 7 days);
        Trained memory trained = _train(used);
        uint256 levels = _random(seed, "cut") % 5;
        // Somebody begins to walk before anybody challenges, or does not.
        if (seed % 2 == 0) _tryWalk(trained, levels);
        if (seed % 3 == 0) _tryWalk(trained, _random(seed, "another cut") % 5);
        bool challenged = _tryAllEvidence(trained);
        eq(challenged ? 1 : 0, isFalse ? 1 : 0, "what is false can be shown, and nothing else");
        _tryWalk(trained, 0);
        _tryWalk(trained, levels);
        IChallenges.State memory state = challenges.stateOf(trained.model);
        eq(state.checkedAt == 0 ? 0 : 1, isFalse ? 0 : 1, "checked if and only if it is true");
        eq(state.problems == 0 ? 0 : 1, isFalse ? 1 : 0, "challenged if and only if it is false");
        no(_tryAllEvidence(trained) && !isFalse, "a checked one stands");
    }

    function _random(uint256 seed, uint256 salt) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }

    function _random(uint256 seed, string memory salt) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }

    /// @dev Makes a manifest false in one way in two thirds of cases, and revokes without harm in others.
    function _spoil(Used memory used, uint256 random) private returns (bool) {
        uint256 count = used.leaves.length;
        uint256 way = random % 6;
        uint256 i = random / 6 % count;
        uint256 j = random / 100 % count;
        if (way == 0 && i != j) {
            used.leaves[i] = used.leaves[j];
            used.declared[i] = used.declared[j];
            return true;
        }
        if (way == 1 && i != j) {
            (used.leaves[i], used.leaves[j]) = (used.leaves[j], used.leaves[i]);
            (used.declared[i], used.declared[j]) = (used.declared[j], used.declared[i]);
            return true;
        }
        if (way > 3) return false;
        // 7 days before: evidence. A second less: none.
        if (way == 3) vm.warp(START + 1);
        vm.prank(used.provider);
        data.revokeItem(used.declared[i]);
        vm.warp(START);
        return way != 3;
    }

    function _tryWalk(Trained memory trained, uint256 levels) private {
        IChallenges.Slice[] memory slices = _slices(trained, levels);
        for (uint256 i; i < slices.length; ++i) {
            try challenges.checkManifest(trained.model, trained.weights, trained.shown, _one(slices[i])) {} catch {}
        }
    }

    function _tryAllEvidence(Trained memory trained) private returns (bool any) {
        for (uint256 k; k < trained.used.length; ++k) {
            uint256 count = trained.used[k].leaves.length;
            for (uint256 i; i < count; ++i) {
                IChallenges.Leaf memory leaf = _leaf(trained, k, i);
                try challenges.revokedItem(trained.model, trained.weights, trained.shown, k, leaf) {
                    any = true;
                } catch {}
                for (uint256 j = i + 1; j < count; ++j) {
                    try challenges.outOfOrder(
                        trained.model, trained.weights, trained.shown, k, leaf, _leaf(trained, k, j)
                    ) {
                        any = true;
                    } catch {}
                }
            }
        }
    }
}
