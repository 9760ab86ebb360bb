// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A collection in one slot. Its root is not in the slot but in the ID; whoever needs the root shows it.
/// @dev A word and not a struct, because a model of a thousand collections reads a thousand records and memory of
/// structs is never freed: provider (160 bits), registeredAt (32), revokedAt (32), number of its terms (32). Zero for
/// none.
type Record is uint256;

using {provider, registeredAt, revokedAt, terms, revokedSince} for Record global;

function recordOf(address provider_, uint32 registeredAt_, uint32 terms_) pure returns (Record) {
    return Record.wrap(uint256(uint160(provider_)) | uint256(registeredAt_) << 160 | uint256(terms_) << 224);
}

function provider(Record record) pure returns (address) {
    return address(uint160(Record.unwrap(record)));
}

function registeredAt(Record record) pure returns (uint256) {
    return uint32(Record.unwrap(record) >> 160);
}

/// @dev Zero if it is not revoked.
function revokedAt(Record record) pure returns (uint256) {
    return uint32(Record.unwrap(record) >> 192);
}

function terms(Record record) pure returns (uint256) {
    return Record.unwrap(record) >> 224;
}

/// @dev The same record, revoked. Only for a record that is not revoked.
function revokedSince(Record record, uint32 when) pure returns (Record) {
    return Record.wrap(Record.unwrap(record) | uint256(when) << 192);
}
