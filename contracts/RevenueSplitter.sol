// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Forwarder} from "./Forwarder.sol";
import {Signed} from "./base/Signed.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRightsToken} from "./interfaces/IRightsToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {Approval} from "./interfaces/ISigned.sol";
import {Ask} from "./libraries/Ask.sol";
import {Ids} from "./libraries/Ids.sol";
import {Pay} from "./libraries/Pay.sol";
import {Payees} from "./libraries/Payees.sol";
import {SumTree} from "./libraries/SumTree.sol";
import {Schedule} from "./types/Schedule.sol";

contract RevenueSplitter is IRevenueSplitter, Signed, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SumTree for SumTree.Nodes;

    struct Account {
        /// Of a split all that ever reached it; of a subject what waits until it resolves. In one slot with the
        /// income: a deposit is one write.
        uint128 credit;
        uint128 income;
        /// Of a split.
        mapping(uint256 lo => Leaf) leaves;
    }

    /// @dev The leaf that begins at `lo`. A struct, so that its place is computed once.
    struct Leaf {
        uint256 claimed;
    }

    /// Before its deadline; what is signed for longer counts only then.
    uint256 private constant REDIRECT_TIME = 30 days;
    bytes32 private constant REDIRECT = keccak256("Redirect(address payee,address to,uint256 nonce,uint256 deadline)");

    /// Zero outside of a multicall. Inside one its lowest bit is set, and above that bit is the purse: the part of the
    /// value sent that no deposit has drawn yet.
    uint256 private transient _purse;
    /// The payment address being swept, which alone may send ether here.
    address private transient _sweeping;
    /// Whose payouts go elsewhere for the rest of the transaction, and where.
    address private transient _redirected;
    address private transient _redirectedTo;

    mapping(bytes32 payee => mapping(address token => Account)) private _accounts;

    /// @dev What was sent with the call goes back. It is payable because every call in a multicall has the multicall's value.
    modifier refunding() {
        _;
        if (msg.value != 0) _refund(_draw(0));
    }

    constructor() EIP712("Kiseki RevenueSplitter", "1") {}

    receive() external payable {
        if (msg.sender != _sweeping) revert RevenueSplitter_UseDepositOrAPaymentAddress();
    }

    // Paying in

    /// @inheritdoc IRevenueSplitter
    function deposit(bytes32 payee, bytes calldata opening, address token, uint256 amount, bytes32 ref)
        external
        payable
        nonReentrant
        returns (uint256)
    {
        uint256 rest;
        if (token == address(0)) {
            rest = _draw(amount);
        } else {
            if (msg.value != 0) rest = _draw(0);
            uint256 before = _tokens(token);
            IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
            amount = _tokens(token) - before;
        }
        _income(payee, opening, token, amount, msg.sender, ref);
        _refund(rest);
        return amount;
    }

    /// @inheritdoc IRevenueSplitter
    function sweep(bytes32 payee, bytes calldata opening, address token)
        external
        payable
        nonReentrant
        refunding
        returns (uint256 amount)
    {
        address from = _paymentAddress(payee);
        if (from.code.length == 0) new Forwarder{salt: payee}();
        uint256 before = _balance(token);
        _sweeping = from;
        Forwarder(payable(from)).flush(token);
        _sweeping = address(0);
        amount = _balance(token) - before;
        _income(payee, opening, token, amount, from, 0);
    }

    /// @inheritdoc IRevenueSplitter
    function paymentAddress(bytes32 payee) external view returns (address) {
        if (payee == 0) revert Payees.Payees_Zero();
        if (payee == Payees.wallet(address(this))) revert Payees.Payees_Splitter();
        return _paymentAddress(payee);
    }

    /// @inheritdoc IRevenueSplitter
    function paymentAddress(bytes32 payee, bytes calldata opening) external view returns (address) {
        Payees.check(payee, opening, address(this));
        return _paymentAddress(payee);
    }

    function _paymentAddress(bytes32 payee) private view returns (address) {
        return Create2.computeAddress(payee, keccak256(type(Forwarder).creationCode));
    }

    function _income(bytes32 payee, bytes calldata opening, address token, uint256 amount, address payer, bytes32 ref)
        private
    {
        if (amount == 0) revert RevenueSplitter_NothingReceived(token);
        emit Deposited(payee, token, payer, amount, ref);
        Account storage account = _accounts[payee][token];
        (uint256 credit, uint256 income_) = (account.credit, account.income);
        // Who was paid before was opened then.
        if (opening.length == 52) Payees.checkSubject(opening, address(this)); // and opened below
        else if (opening.length != 0 || income_ == 0) Payees.check(payee, opening, address(this));
        unchecked {
            if (amount > type(uint128).max - income_) revert RevenueSplitter_TooMuch(payee, token);
            if (opening.length == 52 || Payees.isWallet(payee)) {
                account.income = uint128(income_ + amount);
            } else {
                if (amount > type(uint128).max - credit) revert RevenueSplitter_TooMuch(payee, token);
                (account.credit, account.income) = (uint128(credit + amount), uint128(income_ + amount));
                return;
            }
        }
        if (opening.length == 52) {
            _toSubject(payee, token, amount, opening);
        } else {
            _payOut(payee, token, amount);
        }
    }

    // Passing on

    /// @inheritdoc IRevenueSplitter
    function claim(Share calldata share, address token, bytes calldata opening)
        external
        payable
        nonReentrant
        refunding
        returns (uint256 amount)
    {
        (bytes32 split, uint256 lo, uint96 shares, Leaf storage leaf, uint256 entitled) = _prove(share, token);
        // Never below zero: what a split received and what its leaves are is only ever more (`make prove`).
        unchecked {
            amount = entitled - leaf.claimed;
        }
        if (amount == 0) return 0;
        leaf.claimed = entitled;
        bytes32 payee = share.payee;
        emit Claimed(split, token, payee, uint96(lo), shares, amount);
        if (Payees.isWallet(payee)) {
            if (payee == 0) revert Payees.Payees_Zero();
            if (Payees.toAddress(payee) == address(this)) revert Payees.Payees_Splitter();
            _payOut(payee, token, amount);
        } else if (opening.length == 0) {
            if (!_credit(payee, token, amount)) revert RevenueSplitter_TooMuch(payee, token);
        } else {
            _toSubject(payee, token, amount, opening);
        }
    }

    /// @inheritdoc IRevenueSplitter
    function resolve(address account, bytes32 id, address token)
        external
        payable
        nonReentrant
        refunding
        returns (uint256 amount)
    {
        bytes32 subject = Ids.subject(account, id);
        amount = _accounts[subject][token].credit;
        if (amount != 0 && !_resolve(subject, account, id, token, amount)) {
            revert RevenueSplitter_NotResolvable(subject);
        }
    }

    /// @inheritdoc IRevenueSplitter
    function redirect(address payee, address to, Approval calldata approval) external payable nonReentrant refunding {
        if (to == address(0)) revert Payees.Payees_Zero();
        if (to == address(this)) revert Payees.Payees_Splitter();
        uint256 latest = block.timestamp + REDIRECT_TIME;
        if (approval.deadline > latest) revert RevenueSplitter_RedirectTooLong(approval.deadline, latest);
        _standing(payee, keccak256(abi.encode(REDIRECT, payee, to, approval.nonce, approval.deadline)), approval);
        (_redirected, _redirectedTo) = (payee, to);
    }

    /// @inheritdoc IRevenueSplitter
    function due(Share calldata share, address token) external view returns (uint256) {
        (,,, Leaf storage leaf, uint256 entitled) = _prove(share, token);
        return entitled - leaf.claimed;
    }

    /// @dev Proves the leaf and says what it is entitled to in all.
    function _prove(Share calldata share, address token)
        private
        view
        returns (bytes32 split, uint256 lo, uint96 shares, Leaf storage leaf, uint256 entitled)
    {
        bytes calldata opening = share.split;
        shares = share.shares;
        bytes32 hash;
        uint256 total;
        (hash, total, lo) = SumTree.climb(SumTree.leaf(share.payee, shares), shares, share.side, share.path);
        _checkRoot(opening, hash, total);
        split = Payees.splitKey(opening);
        Account storage account = _accounts[split][token];
        leaf = account.leaves[lo];
        // Below 2^128 times below 2^96. Claims are cumulative, so rounding never adds up.
        unchecked {
            entitled = uint256(account.credit) * shares / total;
        }
    }

    /// @dev Passes `amount` and what waits to whom the subject stands for, or it all waits: what cannot be resolved
    /// blocks nobody. What resolves at once is not written down on its way.
    function _toSubject(bytes32 subject, address token, uint256 amount, bytes calldata opening) private {
        (address account, bytes32 id) = Payees.openSubject(subject, opening);
        uint256 all = _accounts[subject][token].credit + amount;
        if (_resolve(subject, account, id, token, all)) return;
        if (!_credit(subject, token, amount)) revert RevenueSplitter_TooMuch(subject, token);
    }

    /// @dev Moves `amount`, which holds all that waits for the subject; if that is not possible, nothing.
    function _resolve(bytes32 subject, address account, bytes32 id, address token, uint256 amount)
        private
        returns (bool moved)
    {
        (, bytes32 payee) = Ask.word(account, Ask.GAS, abi.encodeCall(IRegistry.payeeOf, (id, msg.sender)));
        if (payee == 0 || payee == subject || payee == Payees.wallet(address(this))) return false;
        Account storage waiting = _accounts[subject][token];
        uint128 before = waiting.credit;
        if (before != 0) waiting.credit = 0;
        moved = Payees.isWallet(payee) ? _pay(payee, token, amount) : _credit(payee, token, amount);
        if (moved) emit Resolved(subject, token, payee, amount);
        // Still inside the lock, so nobody has seen it moved.
        else if (before != 0) waiting.credit = before;
    }

    /// @dev One addition, and no call to anybody.
    function _credit(bytes32 payee, address token, uint256 amount) private returns (bool) {
        Account storage account = _accounts[payee][token];
        uint256 sum = account.credit + amount;
        if (sum > type(uint128).max) return false;
        account.credit = uint128(sum);
        return true;
    }

    function _payOut(bytes32 payee, address token, uint256 amount) private {
        if (!_pay(payee, token, amount)) {
            revert RevenueSplitter_PayoutFailed(_placeOf(Payees.toAddress(payee)), token, amount);
        }
    }

    /// @dev All that leaves for a wallet leaves here: to it, or to where it signed. False when it stayed.
    function _pay(bytes32 payee, address token, uint256 amount) private returns (bool paid) {
        address wallet = Payees.toAddress(payee);
        if (wallet != _redirected) return Pay.out(wallet, token, amount);
        address to = _redirectedTo;
        paid = Pay.out(to, token, amount);
        if (paid) emit Redirected(wallet, to, token, amount);
    }

    function _placeOf(address wallet) private view returns (address) {
        return wallet == _redirected ? _redirectedTo : wallet;
    }

    // Lists

    /// @inheritdoc IRevenueSplitter
    function publish(bytes calldata split, bytes32[] calldata payees, uint96[] calldata shares)
        external
        payable
        nonReentrant
        refunding
    {
        uint256 count = payees.length;
        if (count != shares.length) revert RevenueSplitter_DifferentLengths(count, shares.length);
        SumTree.Nodes leaves = SumTree.alloc(count);
        for (uint256 i; i < count; ++i) {
            leaves.push(SumTree.leaf(payees[i], shares[i]), shares[i]);
        }
        (bytes32 hash, uint96 sum) = leaves.root();
        _checkRoot(split, hash, sum);
        emit SplitPublished(Payees.splitKey(split), split, payees, shares);
    }

    function _checkRoot(bytes calldata split, bytes32 hash, uint256 total) private pure {
        if (split.length != 76) revert RevenueSplitter_SplitLength(split.length);
        bytes32 root;
        uint256 sum;
        assembly ("memory-safe") {
            root := calldataload(split.offset)
            sum := shr(160, calldataload(add(split.offset, 32)))
        }
        if (hash != root || total != sum) revert RevenueSplitter_WrongProof(split, hash, total);
    }

    // What a payment made due

    /// @inheritdoc IRevenueSplitter
    function execute(address rights, Schedule calldata schedule)
        external
        payable
        nonReentrant
        refunding
        returns (bool executed)
    {
        bytes memory request = abi.encodeCall(IRightsToken.execute, (schedule));
        assembly ("memory-safe") {
            executed := call(gas(), rights, 0, add(request, 32), mload(request), 0, 0)
            executed := and(executed, gt(extcodesize(rights), 0))
        }
    }

    // Several calls in one

    /// @inheritdoc IRevenueSplitter
    function multicall(bytes[] calldata calls, bool allowFailure) external payable returns (Result[] memory results) {
        // Each of the calls takes the lock. Between them it is free, and no foreign code runs.
        if (_reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();
        if (_purse != 0) revert RevenueSplitter_NoNesting();
        results = new Result[](calls.length);
        _purse = msg.value << 1 | 1;
        for (uint256 i; i < calls.length; ++i) {
            (results[i].success, results[i].data) = address(this).delegatecall(calls[i]);
            if (!results[i].success && !allowFailure) revert RevenueSplitter_CallFailed(i, results[i].data);
        }
        _emptyPurse();
    }

    /// @dev Ends a multicall, under the lock.
    function _emptyPurse() private nonReentrant {
        uint256 rest = _purse >> 1;
        _purse = 0;
        _refund(rest);
    }

    /// @dev Takes ether from the multicall's purse, or from what was sent with the call itself.
    /// @return rest What is left of the latter, which the call gives back.
    function _draw(uint256 amount) private returns (uint256 rest) {
        uint256 purse = _purse;
        uint256 left = purse == 0 ? msg.value : purse >> 1;
        if (amount > left) revert RevenueSplitter_NotEnoughEther(amount, left);
        if (purse == 0) return left - amount;
        _purse = purse - (amount << 1);
    }

    function _refund(uint256 rest) private {
        if (rest != 0 && !Pay.out(msg.sender, address(0), rest)) {
            revert RevenueSplitter_PayoutFailed(msg.sender, address(0), rest);
        }
    }

    // Asking

    /// @inheritdoc IRevenueSplitter
    function received(bytes32 split, address token) external view returns (uint256) {
        return _accounts[split][token].credit;
    }

    /// @inheritdoc IRevenueSplitter
    function income(bytes32 payee, address token) external view returns (uint256) {
        return _accounts[payee][token].income;
    }

    /// @inheritdoc IRevenueSplitter
    function claimed(bytes32 split, address token, uint96 lo) external view returns (uint256) {
        return _accounts[split][token].leaves[lo].claimed;
    }

    /// @inheritdoc IRevenueSplitter
    function held(bytes32 subject, address token) external view returns (uint256) {
        return _accounts[subject][token].credit;
    }

    function _balance(address token) private view returns (uint256) {
        return token == address(0) ? address(this).balance : _tokens(token);
    }

    /// @dev What the splitter has of a token. What does not say so is none.
    function _tokens(address token) private view returns (uint256 amount) {
        bytes4 selector = IERC20.balanceOf.selector;
        bool told;
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, address())
            // The call comes first: arguments are evaluated from the right.
            told := and(gt(returndatasize(), 31), staticcall(gas(), token, 0, 36, 0, 32))
            amount := mload(0)
        }
        if (!told) revert RevenueSplitter_NotAToken(token);
    }
}
