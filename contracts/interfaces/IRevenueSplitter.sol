// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Schedule} from "../types/Schedule.sol";
import {Approval, ISigned} from "./ISigned.sol";

/// @title Exact payment of any number of payees
/// @notice A ledger for three kinds of payee, a 32-byte key each:
/// a wallet (upper 96 bits zero), which is paid out at once;
/// a split `keccak256(0x03 ‖ root ‖ uint96 total ‖ salt)`, the hash of a Merkle sum tree, which costs nothing to create;
/// a subject `keccak256(0x04 ‖ contract ‖ id)`, which stands for what `contract.payeeOf(id, caller)` says when it is resolved.
///
/// What is due to a leaf is `received × shares / total − claimed`: at most one base unit per leaf is ever outstanding.
/// Anybody may trigger anybody's claim; money only goes to the payee, or where the payee signed that it is to go. Nobody
/// owns this contract or can change it. While it pays somebody or asks somebody, nothing here that changes anything can be
/// called: `ReentrancyGuardReentrantCall`.
///
/// Not protected against: tokens that rebase or lie about balances harm those who are paid in them, and only them.
/// Ether sent to this address without a call is refused, and a token sent to it by a plain transfer is nobody's for ever:
/// use `deposit`, or a payment address.
interface IRevenueSplitter is ISigned {
    /// @notice A payee's place in a split, with its proof.
    struct Share {
        /// root ‖ uint96 total ‖ salt, 76 bytes.
        bytes split;
        bytes32 payee;
        uint96 shares;
        /// Bit i: the sibling of level i is on the left.
        uint256 side;
        /// A sibling's hash and uint96 sum, 44 bytes, a level; at most 64.
        bytes path;
    }

    struct Result {
        bool success;
        bytes data;
    }

    /// @notice Money came in from outside, by deposit or sweep.
    /// @param ref The payer's: a statement, period or invoice; zero for a sweep.
    event Deposited(bytes32 indexed payee, address indexed token, address indexed payer, uint256 amount, bytes32 ref);
    /// @param lo Where the leaf's interval begins, which tells it from others of the same payee.
    event Claimed(
        bytes32 indexed split, address indexed token, bytes32 indexed payee, uint96 lo, uint96 shares, uint256 amount
    );
    event Resolved(bytes32 indexed subject, address indexed token, bytes32 indexed payee, uint256 amount);
    /// @notice What was due to the wallet `payee` went to `to`, as it had signed: by itself, or through a subject.
    event Redirected(address indexed payee, address indexed to, address indexed token, uint256 amount);
    /// @notice All leaves of a split, checked against its root.
    /// @param opening root ‖ uint96 total ‖ salt.
    event SplitPublished(bytes32 indexed split, bytes opening, bytes32[] payees, uint96[] shares);

    error RevenueSplitter_NoNesting();
    error RevenueSplitter_NotEnoughEther(uint256 amount, uint256 left);
    error RevenueSplitter_NothingReceived(address token);
    /// It does not answer `balanceOf`.
    error RevenueSplitter_NotAToken(address token);
    error RevenueSplitter_PayoutFailed(address to, address token, uint256 amount);
    error RevenueSplitter_RedirectTooLong(uint256 deadline, uint256 latest);
    error RevenueSplitter_TooMuch(bytes32 payee, address token);
    error RevenueSplitter_WrongProof(bytes split, bytes32 reached, uint256 sum);
    error RevenueSplitter_SplitLength(uint256 length);
    error RevenueSplitter_NotResolvable(bytes32 subject);
    error RevenueSplitter_UseDepositOrAPaymentAddress();
    error RevenueSplitter_DifferentLengths(uint256 payees, uint256 shares);
    error RevenueSplitter_CallFailed(uint256 index, bytes reason);

    /// @notice Pays `payee`.
    /// @param opening Of the payee, so that money cannot go to a hash that nobody can open. Empty for a wallet, and it may
    /// be for whom was paid in this token before; a subject is then credited and not resolved.
    /// @param token Zero for ether, which is taken from the value sent; what is left of that is returned.
    /// @param amount In base units. Of a token that takes a fee, what arrives counts.
    /// @return arrived What was counted.
    function deposit(bytes32 payee, bytes calldata opening, address token, uint256 amount, bytes32 ref)
        external
        payable
        returns (uint256 arrived);

    /// @notice Passes on what is due to one leaf of a split: pays a wallet, credits a split or subject.
    /// @param opening When the payee is a subject, its opening resolves it in the same step; else empty.
    /// @return amount Zero when nothing is due.
    function claim(Share calldata share, address token, bytes calldata opening)
        external
        payable
        returns (uint256 amount);

    /// @notice Passes on what the subject `(account, id)` holds to whom it stands for, one hop.
    /// @dev Reverts `RevenueSplitter_NotResolvable` when that is nobody now; the money waits.
    function resolve(address account, bytes32 id, address token) external payable returns (uint256 amount);

    /// @notice For the rest of this transaction, whatever leaves for the wallet `payee` goes to `to`, where its signature
    /// says so: claims, what a subject stands for (a collection, a rights token), deposits and sweeps. It is the first call
    /// of a multicall that claims for somebody who wants the money elsewhere, and holds no ether to move it.
    /// `Redirect(address payee,address to,uint256 nonce,uint256 deadline)`.
    /// @dev One at a time: another takes its place. The nonce is not used up, so that a relay can bring many leaves and
    /// tokens in many transactions; until the deadline anybody can, with or without it. `cancelNonce` ends it. It counts
    /// only in the last 30 days before its deadline (`RevenueSplitter_RedirectTooLong`), so it never counts for longer. One whose
    /// deadline is years ahead is refused until then and counts then: nobody should sign such, and who did cancels it. Whoever has the signature can only do what it says. Income of a rights token whose owner has code still goes out only at
    /// the owner's own call.
    function redirect(address payee, address to, Approval calldata approval) external payable;

    /// @notice Moves what lies at the payment address of `payee` into the ledger.
    /// @param opening As for `deposit`.
    function sweep(bytes32 payee, bytes calldata opening, address token) external payable returns (uint256 amount);

    /// @notice Logs all leaves of a split, checked, so that its payees find themselves.
    function publish(bytes calldata split, bytes32[] calldata payees, uint96[] calldata shares) external payable;

    /// @notice Several calls to this contract in one transaction, drawing on the same value.
    /// @param allowFailure With false, the first that fails reverts all with `RevenueSplitter_CallFailed`.
    function multicall(bytes[] calldata calls, bool allowFailure) external payable returns (Result[] memory results);

    /// @notice Executes a conditional transfer, so that a payer's multicall can do what its own payment made due.
    /// @dev Calls `rights.execute(schedule)` and nothing else, with all gas, and copies nothing it returns. Nothing here
    /// can be entered meanwhile, and what the transaction brought cannot be drawn.
    /// @return executed False when it was not: a payment is not undone because somebody else was quicker.
    function execute(address rights, Schedule calldata schedule) external payable returns (bool executed);

    /// @notice An address that pays `payee` when it is swept; the same before and after it is deployed.
    /// @dev Reverts `Payees_Zero` and `Payees_Splitter`. Whether somebody can open the payee it cannot see: what lies at the
    /// address of one that nobody opens stays there. Who has the opening asks with it.
    function paymentAddress(bytes32 payee) external view returns (address);

    /// @notice The same, of a payee that `deposit` and `sweep` take with this opening when it was never paid; reverts as they
    /// do then. An empty opening is for wallets only: that a split or subject was paid before counts for one token, and a
    /// payment address is for all.
    function paymentAddress(bytes32 payee, bytes calldata opening) external view returns (address);

    /// @notice All that ever reached a split, claims of other splits' leaves included.
    function received(bytes32 split, address token) external view returns (uint256);

    /// @notice What came from outside, by deposit or sweep.
    /// @dev Pushing it costs what others' shares take: nothing where one party is paid all of it and can pay it in again.
    function income(bytes32 payee, address token) external view returns (uint256);

    /// @notice What the leaf of `split` that begins at `lo` has been passed.
    function claimed(bytes32 split, address token, uint96 lo) external view returns (uint256);

    /// @notice What waits for a subject to be resolved. What resolves as it comes in is passed on at once.
    function held(bytes32 subject, address token) external view returns (uint256);

    /// @notice What `claim` would pass on now.
    function due(Share calldata share, address token) external view returns (uint256);
}
