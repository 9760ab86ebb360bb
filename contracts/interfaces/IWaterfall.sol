// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Plan} from "../types/Plan.sol";

/// @title A payee that passes money on by tiers
/// @notice The address of a waterfall follows from its plan, and nobody can change the plan. So money may be sent to
/// the address before the waterfall exists. The splitter sees a wallet, which any split can name. The waterfall counts
/// what each tier received separately for each token. It divides a payment that fills several tiers exactly, to the
/// base unit.
///
/// Sometimes a tier cannot take what is due to it: a token that takes a fee rounds the last unit away, or a token that
/// refuses this address moves nothing. That money waits here for that tier. It delays nobody, no later division counts
/// it, and anybody can try to pay it again. What a subject cannot pass on waits in the splitter.
///
/// Not protected against: a token that rebases or lies harms those who are paid in it. If the balances of a token
/// shrink, more may wait than is here. If the token's own code needs more than about 300,000 gas, somebody may have to
/// try again. What waits is recorded under the token's address. Some tokens move under two addresses (a proxy that was
/// replaced and still works, a native coin that is also an ERC-20). Under the second address what waits for one tier
/// looks like new money, and anybody can have it divided again. Name one of the two addresses in the plan and be paid
/// in that one.
interface IWaterfall {
    /// @notice Money was passed on.
    /// @param before How much of the token had passed through before.
    /// @param amounts The amount of each tier. Together they are `amount`.
    event Passed(address indexed token, uint256 amount, uint256 before, uint256[] amounts);

    /// @notice A tier could not take what was due to it.
    event Waits(address indexed token, uint256 indexed tier, uint256 amount);
    /// @notice What waited for a tier was paid to it.
    event Retried(address indexed token, uint256 indexed tier, uint256 amount);

    /// Ether came with an amount in a token.
    error Waterfall_EtherWithAToken(uint256 brought);
    error Waterfall_NotEnoughEther(uint256 amount, uint256 brought);
    error Waterfall_Nothing(address token);
    error Waterfall_NothingWaits(address token, uint256 tier);
    /// The call came from a payout of the splitter, which takes no deposit during a payout.
    error Waterfall_SplitterIsBusy();
    /// A tier did not take what was due to it, and the call had less gas than it needs for that failure to count.
    error Waterfall_TooLittleGas(uint256 needed);

    /// @notice Takes an amount from the caller and passes it on, together with everything here that waits for no tier.
    /// @dev Reverts `Waterfall_TooLittleGas` if a tier fails with less than 1,040,000 gas left, so that nobody can make
    /// a tier wait by sending little gas.
    /// @param token Zero for ether. The caller may send more ether than the amount; all that is here is passed on. No
    /// ether may come with a token.
    /// @param ref Logged with each deposit: a statement, a period or an invoice.
    function pay(address token, uint256 amount, bytes32 ref) external payable;

    /// @notice Passes on everything here that waits for no tier. Anybody may call it.
    /// @dev Reverts as `pay` does.
    /// @return amount Zero if there was nothing to pass on.
    function pass(address token) external returns (uint256 amount);

    /// @notice Tries again to pay a tier what waits for it, with all gas. Anybody may call it. If the payment still
    /// fails it reverts as the splitter does, and the money waits on. The deposit carries no reference.
    function retry(address token, uint256 tier) external returns (uint256 amount);

    /// @notice What waits for a tier. It belongs to that tier and to no other.
    function waiting(address token, uint256 tier) external view returns (uint256);

    /// @notice What waits for all tiers together.
    function waitingInAll(address token) external view returns (uint256);

    /// @notice Everything that passed through, including what waits.
    function passed(address token) external view returns (uint256);

    /// @notice What each tier would get of an amount that came next.
    function dues(address token, uint256 amount) external view returns (uint256[] memory);

    /// @notice The plan of this waterfall.
    function plan() external view returns (Plan memory);
}
