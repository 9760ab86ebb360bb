// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Schedule} from "../types/Schedule.sol";
import {Approval, ISigned} from "./ISigned.sol";

/// @title Exact payment of any number of payees
/// @notice A ledger for three kinds of payee. Each payee is a 32-byte key:
/// a wallet (upper 96 bits zero), which is paid out at once;
/// a split `keccak256(0x03 ‖ root ‖ uint96 total ‖ salt)`, the hash of a Merkle sum tree, which costs nothing to
/// create;
/// a subject `keccak256(0x04 ‖ contract ‖ id)`, which stands for the payee that `contract.payeeOf(id, caller)` names
/// when the subject is resolved.
///
/// What is due to a leaf is `received × shares / total − claimed`. At most one base unit per leaf is ever outstanding.
/// Anybody may trigger anybody's claim. Money goes only to the payee, or to the address that the payee signed. Nobody
/// owns this contract or can change it. While it pays or asks somebody, no function that changes anything can be
/// called: `ReentrancyGuardReentrantCall`.
///
/// Not protected against: tokens that rebase or lie about balances harm those who are paid in them, and nobody else.
/// Ether that is sent to this address without a call is refused. A token that is sent to it by a plain transfer belongs
/// to nobody for ever. Use `deposit` or a payment address.
interface IRevenueSplitter is ISigned {
    /// @notice A payee's place in a split, with its proof.
    struct Share {
        /// root ‖ uint96 total ‖ salt, 76 bytes.
        bytes split;
        bytes32 payee;
        uint96 shares;
        /// Bit i: the sibling of level i is on the left.
        uint256 side;
        /// The sibling's hash and uint96 sum, 44 bytes for each level. At most 64 levels.
        bytes path;
    }

    struct Result {
        bool success;
        bytes data;
    }

    /// @notice Money came in from outside, by deposit or sweep.
    /// @param ref The payer's reference: a statement, a period or an invoice. Zero for a sweep.
    event Deposited(bytes32 indexed payee, address indexed token, address indexed payer, uint256 amount, bytes32 ref);
    /// @notice What was due to a leaf was passed on.
    /// @param lo Where the leaf's interval begins. It tells the leaf from other leaves of the same payee.
    event Claimed(
        bytes32 indexed split, address indexed token, bytes32 indexed payee, uint96 lo, uint96 shares, uint256 amount
    );
    /// @notice What came in or waited for a subject was passed on to its payee.
    event Resolved(bytes32 indexed subject, address indexed token, bytes32 indexed payee, uint256 amount);
    /// @notice Money that was due to the wallet `payee` went to `to`, as the wallet had signed. The wallet was the
    /// payee itself or a subject stood for it.
    event Redirected(address indexed payee, address indexed to, address indexed token, uint256 amount);
    /// @notice All leaves of a split, checked against its root.
    /// @param opening root ‖ uint96 total ‖ salt.
    event SplitPublished(bytes32 indexed split, bytes opening, bytes32[] payees, uint96[] shares);

    error RevenueSplitter_NoNesting();
    error RevenueSplitter_NotEnoughEther(uint256 amount, uint256 left);
    error RevenueSplitter_NothingReceived(address token);
    /// The address does not answer `balanceOf`.
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
    /// @param opening The opening of the payee, so that no money goes to a hash that nobody can open. Empty for a
    /// wallet. It may also be empty for a payee that was paid in this token before; a subject is then credited and not
    /// resolved.
    /// @param token Zero for ether. The ether comes from the value that was sent; the rest of that value is returned.
    /// @param amount In base units. If the token takes a fee, the amount that arrives counts.
    /// @return arrived The amount that counted.
    function deposit(bytes32 payee, bytes calldata opening, address token, uint256 amount, bytes32 ref)
        external
        payable
        returns (uint256 arrived);

    /// @notice Passes on what is due to one leaf of a split: pays a wallet, or credits a split or subject.
    /// @param opening The opening of a subject, to resolve the subject in the same step. Otherwise empty.
    /// @return amount Zero if nothing is due.
    function claim(Share calldata share, address token, bytes calldata opening)
        external
        payable
        returns (uint256 amount);

    /// @notice Passes on what the subject `(account, id)` holds to the payee that it stands for. One step only.
    /// @dev Reverts `RevenueSplitter_NotResolvable` if the subject stands for nobody now. The money waits.
    function resolve(address account, bytes32 id, address token) external payable returns (uint256 amount);

    /// @notice For the rest of this transaction, all money that leaves for the wallet `payee` goes to `to`, if the
    /// wallet signed `Redirect(address payee,address to,uint256 nonce,uint256 deadline)`. This holds for claims, for
    /// subjects (a collection, a rights token), for deposits and for sweeps. It is meant as the first call of a
    /// multicall that claims for somebody who wants the money at another address and has no ether to move it.
    /// @dev There is one redirect at a time; a second one replaces the first. The nonce is not used up, so that a relay
    /// can bring many leaves and tokens in many transactions. Until the deadline anybody can use the signature again.
    /// `cancelNonce` ends it. The signature counts only in the last 30 days before its deadline
    /// (`RevenueSplitter_RedirectTooLong`), so it never counts for longer. A signature with a deadline years ahead is
    /// refused until those days and counts then: nobody should sign one, and whoever did should cancel it. Whoever has
    /// the signature can do only what it says. If the owner of a rights token has code, the token's income still goes
    /// out only at the owner's own call.
    function redirect(address payee, address to, Approval calldata approval) external payable;

    /// @notice Moves what lies at the payment address of `payee` into the ledger.
    /// @param opening As for `deposit`.
    function sweep(bytes32 payee, bytes calldata opening, address token) external payable returns (uint256 amount);

    /// @notice Checks and logs all leaves of a split, so that its payees find themselves.
    function publish(bytes calldata split, bytes32[] calldata payees, uint96[] calldata shares) external payable;

    /// @notice Makes several calls to this contract in one transaction. All of them draw on the value that was sent.
    /// @param allowFailure If it is false, the first call that fails reverts the whole with
    /// `RevenueSplitter_CallFailed`.
    function multicall(bytes[] calldata calls, bool allowFailure) external payable returns (Result[] memory results);

    /// @notice Executes a conditional transfer, so that a payer's multicall can do what its own payment made due.
    /// @dev Calls only `rights.execute(schedule)`, with all gas, and copies nothing that it returns. Meanwhile no
    /// function here can be entered, and the value that the transaction brought cannot be drawn.
    /// @return executed False if the transfer was not executed. A payment is not undone because somebody else was
    /// quicker.
    function execute(address rights, Schedule calldata schedule) external payable returns (bool executed);

    /// @notice An address that pays `payee` when it is swept. It is the same before and after it is deployed.
    /// @dev Reverts `Payees_Zero` and `Payees_Splitter`. It cannot see whether somebody can open the payee. If nobody
    /// can, what lies at the address stays there. Whoever has the opening should call the other form.
    function paymentAddress(bytes32 payee) external view returns (address);

    /// @notice The same for a payee that `deposit` and `sweep` take with this opening if it was never paid. Reverts as
    /// they do then. The opening may be empty only for a wallet: that a split or subject was paid before counts for one
    /// token, and a payment address is for all tokens.
    function paymentAddress(bytes32 payee, bytes calldata opening) external view returns (address);

    /// @notice All that ever reached a split, including what other splits' leaves passed on to it.
    function received(bytes32 split, address token) external view returns (uint256);

    /// @notice What came from outside, by deposit or sweep.
    /// @dev Whoever wants to raise this figure loses what the other shares take. It costs nothing if one party is paid
    /// everything and can pay it in again.
    function income(bytes32 payee, address token) external view returns (uint256);

    /// @notice What was passed on to the leaf of `split` that begins at `lo`.
    function claimed(bytes32 split, address token, uint96 lo) external view returns (uint256);

    /// @notice What waits for a subject to be resolved. What resolves as it comes in is passed on at once.
    function held(bytes32 subject, address token) external view returns (uint256);

    /// @notice What `claim` would pass on now.
    function due(Share calldata share, address token) external view returns (uint256);
}
