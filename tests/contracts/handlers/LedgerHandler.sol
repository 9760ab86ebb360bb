// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RevenueSplitter} from "../../../contracts/RevenueSplitter.sol";
import {IRevenueSplitter} from "../../../contracts/interfaces/IRevenueSplitter.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {AnyRegistry, FeeToken, Rejecting} from "../utils/Mocks.sol";
import {Test} from "../utils/Test.sol";
import {SumTrees} from "../utils/Trees.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Everything that anybody can do to the ledger, over nested splits, two subjects that change their minds, a
/// wallet that rejects, ether, a plain token and one that takes a fee. It keeps its own books of what went where.
contract LedgerHandler is Test {
    struct Node {
        bytes32 key;
        bytes opening;
        /// Empty for wallets and subjects.
        SumTrees.Leaf[] leaves;
    }

    uint256 public constant CURRENCIES = 3;

    RevenueSplitter public immutable SPLITTER;
    AnyRegistry public immutable REGISTRY;
    address[3] public currencies;
    address public immutable PAYER = address(uint160(uint256(keccak256("payer"))));
    address public immutable CALLER = address(uint160(uint256(keccak256("caller"))));

    /// Who money may ever be paid out to.
    address[] public wallets;
    /// Wallets first, then splits, then subjects.
    Node[] private _nodes;
    uint256 public firstSplit;
    uint256 public firstSubject;
    bytes32[2] public subjectIds = [bytes32("one"), bytes32("two")];

    /// What the payer parted with, by currency.
    mapping(address currency => uint256) public paidIn;
    uint256 public done;

    constructor(RevenueSplitter splitter) {
        SPLITTER = splitter;
        REGISTRY = new AnyRegistry();
        currencies = [address(0), address(new TestToken()), address(new FeeToken())];
        for (uint256 i; i < 3; ++i) {
            wallets.push(address(uint160(uint256(keccak256(abi.encode("wallet", i))))));
        }
        wallets.push(address(new Rejecting()));
        for (uint256 i; i < wallets.length; ++i) {
            _nodes.push();
            _nodes[i].key = bytes32(uint256(uint160(wallets[i])));
        }
        bytes32[2] memory subjects;
        for (uint256 i; i < 2; ++i) {
            subjects[i] = keccak256(abi.encodePacked(bytes1(0x04), address(REGISTRY), subjectIds[i]));
        }
        firstSplit = _nodes.length;
        // A split of wallets; one with that one, a subject and the wallet that rejects; one more on top.
        _split3(_nodes[0].key, 1, _nodes[1].key, 3, _nodes[3].key, 7);
        _split3(_nodes[firstSplit].key, 500_000, subjects[0], 333_333, _nodes[2].key, 166_667);
        _split3(_nodes[firstSplit + 1].key, 2 ** 95, _nodes[firstSplit].key, 12_345, subjects[1], 1);
        firstSubject = _nodes.length;
        for (uint256 i; i < 2; ++i) {
            _nodes.push();
            Node storage node = _nodes[_nodes.length - 1];
            node.key = subjects[i];
            node.opening = abi.encodePacked(address(REGISTRY), subjectIds[i]);
        }
    }

    function _split3(bytes32 a, uint96 sa, bytes32 b, uint96 sb, bytes32 c, uint96 sc) private {
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](3);
        leaves[0] = SumTrees.Leaf(a, sa);
        leaves[1] = SumTrees.Leaf(b, sb);
        leaves[2] = SumTrees.Leaf(c, sc);
        _nodes.push();
        Node storage node = _nodes[_nodes.length - 1];
        node.opening = SumTrees.opening(leaves, bytes32(_nodes.length));
        node.key = SumTrees.key(node.opening);
        for (uint256 i; i < 3; ++i) {
            node.leaves.push(leaves[i]);
        }
    }

    // What the invariants read

    function nodes() external view returns (uint256) {
        return _nodes.length;
    }

    function nodeOf(uint256 index) external view returns (Node memory) {
        return _nodes[index];
    }

    function balanceOf(address currency, address account) public view returns (uint256) {
        return currency == address(0) ? account.balance : TestToken(currency).balanceOf(account);
    }

    // What anybody can do

    function deposit(uint256 to, uint256 which, uint96 amount) external {
        address currency = currencies[which % CURRENCIES];
        _give(currency, amount);
        uint256 value = currency == address(0) ? amount : 0;
        _run(currency, value, _deposit(to, currency, amount));
    }

    function sweep(uint256 to, uint256 which, uint96 amount) external {
        address currency = currencies[which % CURRENCIES];
        Node storage node = _nodes[to % _nodes.length];
        address from = SPLITTER.paymentAddress(node.key);
        if (currency == address(0)) vm.deal(from, from.balance + amount);
        else TestToken(currency).mint(from, amount);
        uint256 before = balanceOf(currency, from);
        vm.prank(CALLER);
        try SPLITTER.sweep(node.key, node.opening, currency) {
            paidIn[currency] += before - _fee(currency, before);
            ++done;
        } catch {}
    }

    function claim(uint256 split, uint256 leaf, uint256 which, bool open) external {
        vm.prank(CALLER);
        try SPLITTER.claim(
            _share(split, leaf), currencies[which % CURRENCIES], open ? _openingOf(split, leaf) : bytes("")
        ) {
            ++done;
        } catch {}
    }

    function resolve(uint256 subject, uint256 which) external {
        vm.prank(CALLER);
        try SPLITTER.resolve(address(REGISTRY), subjectIds[subject % 2], currencies[which % CURRENCIES]) {
            ++done;
        } catch {}
    }

    /// @dev Any node, nobody, the splitter, or a failure.
    function setPayee(uint256 subject, uint256 to, uint256 mood) external {
        uint256 choice = to % (_nodes.length + 2);
        bytes32 payee = choice < _nodes.length
            ? _nodes[choice].key
            : choice == _nodes.length ? bytes32(0) : bytes32(uint256(uint160(address(SPLITTER))));
        REGISTRY.setPayee(subjectIds[subject % 2], payee);
        REGISTRY.setMood(AnyRegistry.Mood(mood % 8 > 3 ? 0 : mood % 4));
    }

    /// @dev Two deposits on one value, two claims and a resolve, some of which fail.
    function multicall(uint256 to, uint256 which, uint96 amount, uint96 value, bool allowFailure) external {
        address currency = currencies[which % CURRENCIES];
        _give(currency, amount);
        if (currency != address(0)) value = 0;
        bytes[] memory calls = new bytes[](5);
        calls[0] = _deposit(to, currency, amount / 2);
        calls[1] = abi.encodeCall(SPLITTER.claim, (_share(to, which), currency, ""));
        calls[2] = _deposit(to / 7, currency, amount - amount / 2);
        calls[3] = abi.encodeCall(SPLITTER.claim, (_share(to / 3, which / 5), currency, ""));
        calls[4] = abi.encodeCall(SPLITTER.resolve, (address(REGISTRY), subjectIds[to % 2], currency));
        if (currency == address(0)) vm.deal(PAYER, PAYER.balance + value);
        _run(currency, value, abi.encodeCall(SPLITTER.multicall, (calls, allowFailure)));
    }

    function _deposit(uint256 to, address currency, uint256 amount) private view returns (bytes memory) {
        Node storage node = _nodes[to % _nodes.length];
        return abi.encodeCall(SPLITTER.deposit, (node.key, node.opening, currency, amount, bytes32(to)));
    }

    function _give(address currency, uint256 amount) private {
        if (currency == address(0)) {
            vm.deal(PAYER, PAYER.balance + amount);
        } else {
            TestToken(currency).mint(PAYER, amount);
            vm.prank(PAYER);
            TestToken(currency).approve(address(SPLITTER), type(uint256).max);
        }
    }

    /// @dev Runs as the payer and books what it parted with.
    function _run(address currency, uint256 value, bytes memory data) private {
        uint256 before = balanceOf(currency, PAYER);
        vm.prank(PAYER);
        (bool success,) = address(SPLITTER).call{value: value}(data);
        uint256 spent = before - balanceOf(currency, PAYER);
        paidIn[currency] += spent;
        if (success) ++done;
    }

    function _fee(address currency, uint256 amount) private view returns (uint256) {
        return currency == currencies[2] ? amount / 100 : 0;
    }

    function _share(uint256 split, uint256 leaf) private view returns (IRevenueSplitter.Share memory share) {
        Node memory node = _nodes[firstSplit + split % (firstSubject - firstSplit)];
        leaf %= node.leaves.length;
        share.split = node.opening;
        share.payee = node.leaves[leaf].key;
        share.shares = node.leaves[leaf].shares;
        (share.path, share.side) = SumTrees.proof(node.leaves, leaf);
    }

    function _openingOf(uint256 split, uint256 leaf) private view returns (bytes memory) {
        bytes32 payee = _share(split, leaf).payee;
        for (uint256 i = firstSubject; i < _nodes.length; ++i) {
            if (_nodes[i].key == payee) return _nodes[i].opening;
        }
        return "";
    }
}
