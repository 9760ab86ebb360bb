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

    /// @dev `keccak256(abi.encodePacked(uint8(0x04), account, id))`, 53 bytes, which fit the scratch space: a model of a
    /// thousand collections asks for thousands.
    function subject(address account, bytes32 id) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore8(0x00, 0x04)
            mstore(0x01, shl(96, account))
            mstore(0x15, id)
            hash := keccak256(0x00, 53)
        }
    }

    /// @dev `keccak256(abi.encodePacked(uint8(0x05), provider, root, termsId))`.
    function collection(address provider, bytes32 root, bytes32 termsId) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore8(spot, 0x05)
            mstore(add(spot, 1), shl(96, provider))
            mstore(add(spot, 21), root)
            mstore(add(spot, 53), termsId)
            hash := keccak256(spot, 85)
        }
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

    /// @notice Somebody whom an issuer knows, by a salted hash of who they are.
    function identity(address issuer, bytes32 person) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0x08), issuer, person));
    }

    /// @notice The IDs of collections.
    function each(Collection[] calldata collections) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](collections.length);
        assembly ("memory-safe") {
            let from := collections.offset
            let to := add(ids, 0x20)
            for { let end := add(to, shl(5, collections.length)) } lt(to, end) { to := add(to, 0x20) } {
                mstore(to, calldataload(from))
                from := add(from, 0x60)
            }
        }
    }

    /// @notice Hash of one part of the collections: 1,024 each, the last fewer.
    /// @dev `keccak256(abi.encode(collections))`, of the calldata as it is. A weight of more than 96 bits gives a hash that
    /// no registered part has, because whoever registers one reads its weights.
    function part(Collection[] calldata collections) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let spot := mload(0x40)
            let size := mul(collections.length, 0x60)
            mstore(spot, 0x20)
            mstore(add(spot, 0x20), collections.length)
            calldatacopy(add(spot, 0x40), collections.offset, size)
            hash := keccak256(spot, add(size, 0x40))
        }
    }

    function sources(bytes32[] memory parts, bytes32[] memory models, External[] calldata externals)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(parts, models, externals));
    }
}
