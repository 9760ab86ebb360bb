// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Forwarder} from "./Forwarder.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {Payees} from "./libraries/Payees.sol";
import {SumTree} from "./libraries/SumTree.sol";

contract RevenueSplitter is IRevenueSplitter {
    using SafeERC20 for IERC20;

    /// @dev Both in one slot: a deposit is one write.
    struct Account {
        uint128 received;
        uint128 income;
    }

    /// Between the calls of a multicall the lock is `BETWEEN`: no foreign code runs then.
    uint256 private constant FREE = 0;
    uint256 private constant BETWEEN = 1;
    uint256 private constant INSIDE = 2;

    /// Gas for asking a subject, and for a payout that the payee did not ask for. Enough for any wallet; too little
    /// to make others' transactions fail.
    uint256 private constant ASK_GAS = 300_000;
    uint256 private constant PAYOUT_GAS = 100_000;
    /// The same for a token, whose own work comes on top.
    uint256 private constant TOKEN_GAS = 300_000;

    uint256 private transient _lock;
    /// The part of the value sent that no deposit has drawn yet.
    uint256 private transient _unspent;
    /// The payment address being swept, which alone may send ether here.
    address private transient _sweeping;

    mapping(bytes32 payee => mapping(address token => Account)) private _accounts;
    mapping(bytes32 subject => mapping(address token => uint256)) private _resolved;
    mapping(bytes32 split => mapping(address token => mapping(uint256 lo => uint256))) private _claimed;

    modifier entry() {
        bool outer = _enter();
        _;
        _leave(outer);
    }

    receive() external payable {
        if (msg.sender != _sweeping) revert RevenueSplitter_UseDepositOrAPaymentAddress();
    }

    // Paying in

    /// @inheritdoc IRevenueSplitter
    function deposit(bytes32 payee, bytes calldata opening, address token, uint256 amount, bytes32 ref)
        external
        payable
        entry
        returns (uint256)
    {
        Payees.check(payee, opening, address(this));
        if (token == address(0)) {
            if (amount > _unspent) revert RevenueSplitter_NotEnoughEther(amount, _unspent);
            _unspent -= amount;
        } else {
            uint256 before = IERC20(token).balanceOf(address(this));
            IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
            amount = IERC20(token).balanceOf(address(this)) - before;
        }
        _income(payee, opening, token, amount, msg.sender, ref);
        return amount;
    }

    /// @inheritdoc IRevenueSplitter
    function sweep(bytes32 payee, bytes calldata opening, address token)
        external
        payable
        entry
        returns (uint256 amount)
    {
        Payees.check(payee, opening, address(this));
        address from = paymentAddress(payee);
        if (from.code.length == 0) new Forwarder{salt: payee}();
        uint256 before = _balance(token);
        _sweeping = from;
        Forwarder(payable(from)).flush(token);
        _sweeping = address(0);
        amount = _balance(token) - before;
        _income(payee, opening, token, amount, from, 0);
    }

    /// @inheritdoc IRevenueSplitter
    function paymentAddress(bytes32 payee) public view returns (address) {
        return Create2.computeAddress(payee, keccak256(type(Forwarder).creationCode));
    }

    function _income(bytes32 payee, bytes calldata opening, address token, uint256 amount, address payer, bytes32 ref)
        private
    {
        if (amount == 0) revert RevenueSplitter_NothingReceived(token);
        Account storage account = _accounts[payee][token];
        uint256 sum = account.income + amount;
        if (sum > type(uint128).max) revert RevenueSplitter_TooMuch(payee, token);
        account.income = uint128(sum);
        emit Deposited(payee, token, payer, amount, ref);
        if (Payees.isWallet(payee)) {
            _payOut(Payees.toAddress(payee), token, amount);
        } else {
            if (!_credit(payee, token, amount)) revert RevenueSplitter_TooMuch(payee, token);
            if (opening.length == 52) _resolveOpened(payee, token, opening);
        }
    }

    // Passing on

    /// @inheritdoc IRevenueSplitter
    function claim(Share calldata share, address token, bytes calldata opening)
        external
        payable
        entry
        returns (uint256 amount)
    {
        (bytes32 split, uint256 lo, uint256 dueNow) = _due(share, token);
        if (dueNow == 0) return 0;
        bytes32 payee = share.payee;
        _claimed[split][token][lo] += dueNow;
        emit Claimed(split, token, payee, uint96(lo), share.shares, dueNow);
        if (Payees.isWallet(payee)) {
            if (payee == 0) revert Payees.Payees_Zero();
            if (Payees.toAddress(payee) == address(this)) revert Payees.Payees_Splitter();
            _payOut(Payees.toAddress(payee), token, dueNow);
        } else {
            if (!_credit(payee, token, dueNow)) revert RevenueSplitter_TooMuch(payee, token);
            if (opening.length != 0) _resolveOpened(payee, token, opening);
        }
        return dueNow;
    }

    /// @inheritdoc IRevenueSplitter
    function resolve(address account, bytes32 id, address token) external payable entry returns (uint256 amount) {
        bytes32 subject = keccak256(abi.encodePacked(uint8(0x04), account, id));
        bool moved;
        (moved, amount) = _resolve(subject, account, id, token);
        if (!moved) revert RevenueSplitter_NotResolvable(subject);
    }

    /// @inheritdoc IRevenueSplitter
    function due(Share calldata share, address token) external view returns (uint256 amount) {
        (,, amount) = _due(share, token);
    }

    /// @dev Proves the leaf and says what is due to it.
    function _due(Share calldata share, address token)
        private
        view
        returns (bytes32 split, uint256 lo, uint256 amount)
    {
        bytes32 hash;
        uint256 sum;
        (hash, sum, lo) = SumTree.climb(SumTree.leaf(share.payee, share.shares), share.shares, share.side, share.path);
        uint256 total = _checkRoot(share.split, hash, sum);
        split = Payees.splitKey(share.split);
        // Below 2^128 times below 2^96. Claims are cumulative, so rounding never adds up.
        amount = uint256(_accounts[split][token].received) * share.shares / total - _claimed[split][token][lo];
    }

    function _resolveOpened(bytes32 subject, address token, bytes calldata opening) private {
        (address account, bytes32 id) = Payees.openSubject(subject, opening);
        _resolve(subject, account, id, token);
    }

    /// @dev Moves what the subject holds, or nothing: what cannot be resolved waits and blocks nobody.
    function _resolve(bytes32 subject, address account, bytes32 id, address token)
        private
        returns (bool moved, uint256 amount)
    {
        uint256 before = _resolved[subject][token];
        amount = _accounts[subject][token].received - before;
        if (amount == 0) return (true, 0);
        bytes32 payee = _ask(account, id);
        address wallet = Payees.toAddress(payee);
        if (payee == 0 || payee == subject || payee == Payees.wallet(address(this))) return (false, 0);
        _resolved[subject][token] = before + amount;
        moved = Payees.isWallet(payee) ? _send(wallet, token, amount) : _credit(payee, token, amount);
        if (!moved) {
            // Still inside the lock, so nobody has seen it moved.
            _resolved[subject][token] = before;
            return (false, 0);
        }
        emit Resolved(subject, token, payee, amount);
    }

    /// @dev Exactly 32 bytes from a call that succeeded, else zero. Copies no more than that.
    function _ask(address account, bytes32 id) private view returns (bytes32 payee) {
        bytes memory request = abi.encodeCall(IRegistry.payeeOf, (id, msg.sender));
        uint256 gasLimit = ASK_GAS;
        assembly ("memory-safe") {
            let success := staticcall(gasLimit, account, add(request, 32), mload(request), 0, 32)
            if and(success, eq(returndatasize(), 32)) { payee := mload(0) }
        }
    }

    /// @dev One addition, and no call to anybody.
    function _credit(bytes32 payee, address token, uint256 amount) private returns (bool) {
        Account storage account = _accounts[payee][token];
        uint256 sum = account.received + amount;
        if (sum > type(uint128).max) return false;
        account.received = uint128(sum);
        return true;
    }

    function _payOut(address to, address token, uint256 amount) private {
        if (!_send(to, token, amount)) revert RevenueSplitter_PayoutFailed(to, token, amount);
    }

    /// @dev Copies nothing that a payee returns (of a token one word), and caps what it can burn of somebody else's
    /// gas: with a token that calls its receiver, too.
    function _send(address to, address token, uint256 amount) private returns (bool success) {
        uint256 gasLimit = to == msg.sender ? gasleft() : token == address(0) ? PAYOUT_GAS : TOKEN_GAS;
        if (token == address(0)) {
            assembly ("memory-safe") {
                success := call(gasLimit, to, amount, 0, 0, 0, 0)
            }
            return success;
        }
        bytes memory request = abi.encodeCall(IERC20.transfer, (to, amount));
        assembly ("memory-safe") {
            success := call(gasLimit, token, 0, add(request, 32), mload(request), 0, 32)
            // As in SafeERC20: true, or from a contract nothing at all.
            switch returndatasize()
            case 0 { success := and(success, gt(extcodesize(token), 0)) }
            default { success := and(success, and(gt(returndatasize(), 31), eq(mload(0), 1))) }
        }
    }

    // Lists

    /// @inheritdoc IRevenueSplitter
    function publish(bytes calldata split, bytes32[] calldata payees, uint96[] calldata shares) external payable entry {
        uint256 count = payees.length;
        if (count != shares.length) revert RevenueSplitter_DifferentLengths(count, shares.length);
        if (count == 0) revert SumTree.SumTree_NoShares();
        bytes32[] memory hashes = new bytes32[](count);
        uint256[] memory sums = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            hashes[i] = SumTree.leaf(payees[i], shares[i]);
            sums[i] = shares[i];
        }
        (bytes32 hash, uint96 sum) = SumTree.root(hashes, sums, count);
        _checkRoot(split, hash, sum);
        emit SplitPublished(Payees.splitKey(split), split, payees, shares);
    }

    function _checkRoot(bytes calldata split, bytes32 hash, uint256 sum) private pure returns (uint256 total) {
        if (split.length != 76) revert RevenueSplitter_SplitLength(split.length);
        total = uint96(bytes12(split[32:44]));
        if (hash != bytes32(split) || sum != total) revert RevenueSplitter_WrongProof(split, hash, sum);
    }

    // Several calls in one

    /// @inheritdoc IRevenueSplitter
    function multicall(bytes[] calldata calls, bool allowFailure) external payable returns (Result[] memory results) {
        if (!_enter()) revert RevenueSplitter_NoNesting();
        results = new Result[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            _lock = BETWEEN;
            (results[i].success, results[i].data) = address(this).delegatecall(calls[i]);
            if (!results[i].success && !allowFailure) revert RevenueSplitter_CallFailed(i, results[i].data);
        }
        _lock = INSIDE;
        _leave(true);
    }

    /// @return outer Whether this is the transaction's outermost entry, which keeps the purse.
    function _enter() private returns (bool outer) {
        if (_lock == INSIDE) revert RevenueSplitter_Reentered();
        outer = _lock == FREE;
        _lock = INSIDE;
        if (outer) _unspent = msg.value;
    }

    function _leave(bool outer) private {
        if (!outer) {
            _lock = BETWEEN;
            return;
        }
        uint256 rest = _unspent;
        if (rest != 0) {
            _unspent = 0;
            (bool success,) = msg.sender.call{value: rest}("");
            if (!success) revert RevenueSplitter_PayoutFailed(msg.sender, address(0), rest);
        }
        _lock = FREE;
    }

    // Asking

    /// @inheritdoc IRevenueSplitter
    function received(bytes32 payee, address token) external view returns (uint256) {
        return _accounts[payee][token].received;
    }

    /// @inheritdoc IRevenueSplitter
    function income(bytes32 payee, address token) external view returns (uint256) {
        return _accounts[payee][token].income;
    }

    /// @inheritdoc IRevenueSplitter
    function claimed(bytes32 split, address token, uint96 lo) external view returns (uint256) {
        return _claimed[split][token][lo];
    }

    /// @inheritdoc IRevenueSplitter
    function held(bytes32 subject, address token) external view returns (uint256) {
        return _accounts[subject][token].received - _resolved[subject][token];
    }

    function _balance(address token) private view returns (uint256) {
        return token == address(0) ? address(this).balance : IERC20(token).balanceOf(address(this));
    }
}
