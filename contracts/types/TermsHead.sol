// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a use under terms reads of them, in one slot, the gate included.
/// @dev gate (160 bits), uses (8), royaltyBps (16), floorBps (16), validUntil (56).
type TermsHead is uint256;

using {gate, uses, royaltyBps, floorBps, validUntil} for TermsHead global;

function headOf(address gate_, uint8 uses_, uint16 royalty, uint16 floor, uint64 validUntil_) pure returns (TermsHead) {
    uint256 until = validUntil_ > type(uint56).max ? type(uint56).max : validUntil_;
    return TermsHead.wrap(
        uint256(uint160(gate_)) | uint256(uses_) << 160 | uint256(royalty) << 168 | uint256(floor) << 184 | until << 200
    );
}

/// @dev Zero for none.
function gate(TermsHead head) pure returns (address) {
    return address(uint160(TermsHead.unwrap(head)));
}

function uses(TermsHead head) pure returns (uint256) {
    return uint8(TermsHead.unwrap(head) >> 160);
}

function royaltyBps(TermsHead head) pure returns (uint16) {
    return uint16(TermsHead.unwrap(head) >> 168);
}

function floorBps(TermsHead head) pure returns (uint16) {
    return uint16(TermsHead.unwrap(head) >> 184);
}

/// @dev Zero for no end. At most what 56 bits hold. So if this time has passed, the caller reads the exact time.
function validUntil(TermsHead head) pure returns (uint256) {
    return TermsHead.unwrap(head) >> 200;
}
