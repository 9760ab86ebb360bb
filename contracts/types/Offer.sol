// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A licence that can be bought. Its hash is its ID, `keccak256(abi.encode(block.chainid, market, offer))`, so
/// who buys names the very price, uses and document that they agree to.
struct Offer {
    /// What is licensed: a collection, model or batch of a registry.
    address registry;
    bytes32 id;
    /// Zero for ether.
    address token;
    /// In base units; zero for nothing.
    uint256 price;
    /// Bits of `Uses`, `GENERATION` too.
    uint256 uses;
    /// For how many seconds, from being bought on, or from the end of what the licensee has, but not past what is sure; zero
    /// without end.
    uint64 duration;
    /// Last second at which it can be bought; zero without end.
    uint64 until;
    /// How many can be bought; the largest number is any number, which nobody counts. With 1 nobody else gets this one,
    /// which says nothing of other offers.
    uint32 supply;
    /// The root of an OpenZeppelin StandardMerkleTree of addresses; zero for everybody.
    bytes32 buyers;
    /// keccak256 of the licence.
    bytes32 document;
    /// Keeps equal offers apart.
    bytes32 salt;
}

/// @notice One offer, bought for somebody.
struct Purchase {
    Offer offer;
    /// Who is licensed; who pays may be somebody else, who is named in the event.
    address licensee;
    /// Of the split of a model or batch, when it was never paid in this token; else empty.
    bytes opening;
    /// That the licensee is among the buyers; empty when everybody is.
    bytes32[] proof;
}

/// @notice An ERC-2612 permit of the payer's for the market. One that somebody has used before, in whatever order, harms
/// nothing: what it allowed is allowed.
struct Permit {
    address token;
    uint256 value;
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}
