// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Plan} from "../types/Plan.sol";

/// @title A payee that passes money on by tiers
/// @notice Its address follows from its plan, which nobody can change, so money may be sent there before it exists. For
/// the splitter it is a wallet, which any split can name. What each tier has had counts for each token apart; a payment
/// that fills several is divided to the base unit.
///
/// What a tier cannot take (a token that takes a fee rounds the last unit away, one that refuses this address moves
/// nothing) waits here for that tier, by name; it holds up nobody, is in no later division, and anybody can try it again.
/// What a subject cannot pass on waits in the splitter.
///
/// Not protected against: tokens that rebase or lie harm those who are paid in them; of one whose balances shrank, what
/// waits may be more than what is here. What waits is known by the token's address: a token that moves under two addresses (a
/// proxy that was replaced and still works, a native coin that is an ERC-20 as well) is new money under the other one, so
/// that what waits for one tier can be divided again, by anybody; name one of the two and be paid in that. A token whose own code takes more than about 300,000 gas may have to be tried again.
interface IWaterfall {
    /// @notice Money went on.
    /// @param before How much of the token had gone through before.
    /// @param amounts Of each tier; together `amount`.
    event Passed(address indexed token, uint256 amount, uint256 before, uint256[] amounts);

    /// @notice A tier could not take what was its due.
    event Waits(address indexed token, uint256 indexed tier, uint256 amount);
    /// @notice What waited for a tier went to it.
    event Retried(address indexed token, uint256 indexed tier, uint256 amount);

    /// Ether beside an amount in a token.
    error Waterfall_EtherWithAToken(uint256 brought);
    error Waterfall_NotEnoughEther(uint256 amount, uint256 brought);
    error Waterfall_Nothing(address token);
    error Waterfall_NothingWaits(address token, uint256 tier);
    /// Called from a payout of the splitter, which takes no deposits meanwhile.
    error Waterfall_SplitterIsBusy();
    /// A tier did not take its due, and there was less gas than it must have for that to count.
    error Waterfall_TooLittleGas(uint256 needed);

    /// @notice Takes an amount from the caller and passes it on, with what lay here and waits for no tier.
    /// @dev Reverts `Waterfall_TooLittleGas` when a tier fails with less than 1,040,000 gas left, so that nobody can make one
    /// wait by bringing little.
    /// @param token Zero for ether, of which more than the amount may be brought: what is here goes on. No ether may come
    /// with a token.
    /// @param ref Logged with each deposit: a statement, period or invoice.
    function pay(address token, uint256 amount, bytes32 ref) external payable;

    /// @notice Passes on what lies here and waits for no tier, by anybody.
    /// @dev As `pay`.
    /// @return amount Zero when nothing does.
    function pass(address token) external returns (uint256 amount);

    /// @notice Tries again to pay a tier what waits for it, by anybody, with all gas; reverts as the splitter does when it
    /// still cannot be, and then it waits on. No reference is logged with it.
    function retry(address token, uint256 tier) external returns (uint256 amount);

    /// @notice What waits for a tier, which is no other's any more.
    function waiting(address token, uint256 tier) external view returns (uint256);

    /// @notice What waits for all tiers together.
    function waitingInAll(address token) external view returns (uint256);

    /// @notice All that went through, what waits included.
    function passed(address token) external view returns (uint256);

    /// @notice What each tier would get of an amount that came next.
    function dues(address token, uint256 amount) external view returns (uint256[] memory);

    function plan() external view returns (Plan memory);
}
