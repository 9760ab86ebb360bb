// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../interfaces/IDataRegistry.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ShownSources} from "../types/Sources.sol";
import {Ids} from "./Ids.sol";

/// @notice Checks sources that are shown again, and says which have ended consent since.
library Shown {
    function hash(ShownSources calldata shown) internal pure returns (bytes32) {
        return Ids.sources(shown.parts, shown.models, shown.externals);
    }

    /// @notice Whether the collections shown are the part they are said to be.
    function partIsTrue(ShownSources calldata shown) internal pure returns (bool) {
        if (shown.parts.length == 0) return shown.collections.length == 0;
        return shown.part < shown.parts.length && Ids.part(shown.collections) == shown.parts[shown.part];
    }

    function lapsed(ShownSources calldata shown, IDataRegistry data, IModelRegistry models)
        internal
        view
        returns (bytes32[] memory ids)
    {
        ids = new bytes32[](shown.collections.length + shown.models.length);
        uint256 count;
        for (uint256 i; i < shown.collections.length; ++i) {
            IDataRegistry.Status memory known = data.status(shown.collections[i].id);
            bool expired = known.endsAt != 0 && block.timestamp >= known.endsAt;
            if (known.revokedAt != 0 || expired) ids[count++] = shown.collections[i].id;
        }
        for (uint256 i; i < shown.models.length; ++i) {
            (, bytes32 termsId) = models.termsOf(shown.models[i]);
            uint64 validUntil = data.termsOf(termsId).validUntil;
            if (validUntil != 0 && block.timestamp > validUntil) ids[count++] = shown.models[i];
        }
        assembly ("memory-safe") {
            mstore(ids, count)
        }
    }
}
