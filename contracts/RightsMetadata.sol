// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Metadata} from "./libraries/Metadata.sol";

/// @title Writes what rights tokens say of themselves
/// @notice Holds nothing and knows nothing; apart from the token because together they exceed the size of a contract.
contract RightsMetadata {
    /// @notice A token's JSON in a data URI.
    function uri(Metadata.Facts calldata facts) external pure returns (string memory) {
        return Metadata.uri(facts);
    }

    /// @notice The contract's own (ERC-7572).
    function contractUri(string calldata name, string calldata symbol) external pure returns (string memory) {
        return Metadata.contractUri(name, symbol);
    }
}
