// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who provides a source and what its terms ask, in one word, because a model of a thousand sources carries a
/// thousand of them.
type Grant is uint256;

using {provider, royaltyBps, floorBps} for Grant global;

function grantOf(address provider_, uint16 royalty, uint16 floor) pure returns (Grant) {
    return Grant.wrap(uint256(uint160(provider_)) | uint256(royalty) << 160 | uint256(floor) << 176);
}

function provider(Grant grant) pure returns (address) {
    return address(uint160(Grant.unwrap(grant)));
}

function royaltyBps(Grant grant) pure returns (uint256) {
    return uint16(Grant.unwrap(grant) >> 160);
}

function floorBps(Grant grant) pure returns (uint256) {
    return uint16(Grant.unwrap(grant) >> 176);
}
