// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A collection in one slot. Its root is not in it: it is in the ID, and whoever needs it shows it.
/// @dev A word rather than a struct, because models of a thousand collections read a thousand and structs in memory
/// are never freed: provider (160 bits), registeredAt (32), revokedAt (32), number of its terms (32). Zero for none.
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

/// @dev Zero when it is not.
function revokedAt(Record record) pure returns (uint256) {
    return uint32(Record.unwrap(record) >> 192);
}

function terms(Record record) pure returns (uint256) {
    return Record.unwrap(record) >> 224;
}

/// @dev The same, revoked; only of one that is not yet.
function revokedSince(Record record, uint32 when) pure returns (Record) {
    return Record.wrap(Record.unwrap(record) | uint256(when) << 192);
}
