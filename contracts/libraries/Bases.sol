// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "../types/Base.sol";
import {External} from "../types/Sources.sol";

/// @notice Which level base models that nobody registered give to what rests on them; the one way for both registries.
library Bases {
    /// Externals ascend by weights, each once. So only the first can have none.
    error Bases_ExternalsNotAscending(bytes32 last, bytes32 next);

    /// @notice `base`, or the level of the worst external if that is worse.
    function withExternals(Base base, External[] calldata externals) internal pure returns (Base) {
        for (uint256 i; i < externals.length; ++i) {
            bytes32 weights = externals[i].weights;
            if (i != 0 && weights <= externals[i - 1].weights) {
                revert Bases_ExternalsNotAscending(externals[i - 1].weights, weights);
            }
            Base its = weights == 0 || externals[i].document == 0 ? Base.Undisclosed : Base.Stated;
            if (its > base) base = its;
        }
        return base;
    }
}
