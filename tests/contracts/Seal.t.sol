// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Seal} from "../../contracts/libraries/Seal.sol";
import {Base} from "./utils/Base.sol";

/// @notice Seals as `kiseki.core.seal` draws them, to the character.
contract SealTest is Base {
    /// @dev Of 64 seals one after the other. `tests/python/core/test_core_seal.py` has the same hash.
    bytes32 private constant DRAWN = 0xc6663f113397088b849c38e7f0bd5d17c89492aeb56e278109fecccc16dec66e;

    function test_drawsWhatPythonDraws() public pure {
        string memory all;
        for (uint256 i; i < 64; ++i) {
            all = string.concat(all, Seal.svg(keccak256(abi.encode(i))));
        }
        eq(keccak256(bytes(all)), DRAWN, "another drawing");
    }
}
