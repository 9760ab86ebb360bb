// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A licence that can be bought. The hash of an offer is its ID,
/// `keccak256(abi.encode(block.chainid, market, offer))`, so a buyer names the very price, uses and document that they
/// agree to.
struct Offer {
    /// What is licensed: a collection, model or batch of a registry.
    address registry;
    bytes32 id;
    /// Zero for ether.
    address token;
    /// In base units. Zero for nothing.
    uint256 price;
    /// Bits of `Uses`, including `GENERATION`.
    uint256 uses;
    /// For how many seconds, from the purchase, or from the end of what the licensee has, but not past what is sure.
    /// Zero means without end.
    uint64 duration;
    /// The last second at which it can be bought. Zero means without end.
    uint64 until;
    /// How many can be bought. The largest number means any number, which nobody counts. With 1, nobody else can buy
    /// this offer; that says nothing about other offers.
    uint32 supply;
    /// The root of an OpenZeppelin StandardMerkleTree of addresses. Zero for everybody.
    bytes32 buyers;
    /// keccak256 of the licence.
    bytes32 document;
    /// Keeps equal offers apart.
    bytes32 salt;
}

/// @notice One offer, bought for somebody.
struct Purchase {
    Offer offer;
    /// Who gets the licence. Somebody else may pay; the event names the payer.
    address licensee;
    /// The opening of the split of a model or batch that was never paid in this token. Otherwise empty.
    bytes opening;
    /// The proof that the licensee is among the buyers. Empty if everybody may buy.
    bytes32[] proof;
}

/// @notice The payer's ERC-2612 permit for the market. If somebody has used it before, that harms nothing: what it
/// allowed stays allowed.
struct Permit {
    address token;
    uint256 value;
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}
