// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who is paid until the tier has had its size.
struct Tier {
    /// The opening of a split (76 bytes) or of a subject (52 bytes). Not a wallet: a payment calls a wallet, and a
    /// wallet that refuses would delay every tier behind it. A split of one leaf does the same as a wallet, and its
    /// money waits.
    bytes payee;
    /// How many base units of each of the plan's tokens the tier takes. No size is zero. Empty in the last tier.
    uint128[] sizes;
}

/// @notice A waterfall: money goes to the first tier until it has had its size, then to the next. The last tier has no
/// end.
struct Plan {
    /// The tokens that have sizes, strictly ascending. Zero is ether. In every other token everything goes to the first
    /// tier, so that nobody can pay in another currency to avoid those who recoup.
    address[] tokens;
    /// 1 to 16 tiers.
    Tier[] tiers;
    /// Keeps equal plans apart.
    bytes32 salt;
}
