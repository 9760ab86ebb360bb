// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who is paid until a tier has had its size.
struct Tier {
    /// The opening of a split (76 bytes) or of a subject (52). Not a wallet: paying one calls it, and one that refuses would
    /// hold up everybody behind it. A split of one leaf is a wallet whose money waits.
    bytes payee;
    /// How many base units of each of the plan's tokens it takes, none of them zero; empty in the last tier.
    uint128[] sizes;
}

/// @notice A waterfall: the first tier until it has had its size, then the next, the last without end.
struct Plan {
    /// The tokens that have sizes, strictly ascending; zero is ether. In every other token all goes to the first tier, so
    /// that paying in another currency does not go around those who recoup.
    address[] tokens;
    /// 1 to 16.
    Tier[] tiers;
    /// Keeps equal plans apart.
    bytes32 salt;
}
