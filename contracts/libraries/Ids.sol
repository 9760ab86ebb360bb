// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Collection, External} from "../types/Sources.sol";

/// @notice Every preimage of the suite. Packed, big-endian, and each prefix byte is used once, so that no ID of
/// one kind can be read as another. 0x00 and 0x02 are in `SumTree`, 0x01 also in `IdTree`.
library Ids {
    /// @notice A file's ID. The registrant is inside, so a copied commitment gives the copier another ID.
    function item(address registrant, bytes32 commitment) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0x01), registrant, commitment));
    }

    function split(bytes32 root, uint96 total, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0x03), root, total, salt));
    }

    function subject(address account, bytes32 id) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0x04), account, id));
    }

    function collection(address provider, bytes32 root, bytes32 termsId) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0x05), provider, root, termsId));
    }

    function model(address developer, bytes32 weights, bytes32 sourcesHash, bytes32 termsId)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(uint8(0x06), developer, weights, sourcesHash, termsId));
    }

    function batch(address creator, bytes32 sourcesHash, bytes32 root) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0x07), creator, sourcesHash, root));
    }

    /// @notice Hash of one part of the collections: 1,024 each, the last fewer.
    function part(Collection[] calldata collections) internal pure returns (bytes32) {
        return keccak256(abi.encode(collections));
    }

    function sources(bytes32[] memory parts, bytes32[] memory models, External[] calldata externals)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(parts, models, externals));
    }
}
