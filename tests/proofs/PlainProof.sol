// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ids} from "../../contracts/libraries/Ids.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {SumTree} from "../../contracts/libraries/SumTree.sol";

/// @notice That what is hashed in assembly is its plain definition, for all values. Run by halmos (`make prove`);
/// longer trees and lists are tried in Plain.t.sol.
contract PlainProof {
    using SumTree for SumTree.Nodes;

    struct Node {
        bytes32 hash;
        uint96 sum;
    }

    function check_LeafIsItsDefinition(bytes32 key, uint96 shares) external pure {
        assert(SumTree.leaf(key, shares) == keccak256(abi.encodePacked(uint8(0x00), key, shares)));
    }

    function check_LevelOfAClimbIsItsDefinition(Node calldata own, Node calldata beside, bool onLeft) external view {
        bytes memory path = abi.encodePacked(beside.hash, beside.sum);
        (bytes32 hash, uint256 sum, uint256 lo) = this.climb(own.hash, own.sum, onLeft ? 1 : 0, path);
        Node memory parent = onLeft ? _parent(beside, own) : _parent(own, beside);
        assert(hash == parent.hash && sum == parent.sum && lo == (onLeft ? beside.sum : 0));
    }

    function check_RootOfOneIsItself(Node calldata a) external pure {
        SumTree.Nodes nodes = SumTree.alloc(1);
        nodes.push(a.hash, a.sum);
        _isRoot(nodes, a);
    }

    function check_RootOfTwoIsTheirParent(Node calldata a, Node calldata b) external pure {
        SumTree.Nodes nodes = SumTree.alloc(2);
        nodes.push(a.hash, a.sum);
        nodes.push(b.hash, b.sum);
        _isRoot(nodes, _parent(a, b));
    }

    function check_RootOfThreePromotesTheLast(Node calldata a, Node calldata b, Node calldata c) external pure {
        SumTree.Nodes nodes = SumTree.alloc(3);
        nodes.push(a.hash, a.sum);
        nodes.push(b.hash, b.sum);
        nodes.push(c.hash, c.sum);
        _isRoot(nodes, _parent(_parent(a, b), c));
    }

    /// As in `Compose.part`, and with something else in memory after them.
    function check_TreesSideBySideDoNotTouch(Node calldata a, Node calldata b, Node calldata c, bytes32 other)
        external
        pure
    {
        SumTree.Nodes left = SumTree.alloc(2);
        SumTree.Nodes right = SumTree.alloc(2);
        bytes32[1] memory behind;
        behind[0] = other;
        right.push(b.hash, b.sum);
        left.push(a.hash, a.sum);
        right.push(c.hash, c.sum);
        left.push(c.hash, c.sum);
        _isRoot(left, _parent(a, c));
        _isRoot(right, _parent(b, c));
        assert(behind[0] == other);
    }

    function check_PushTakesSharesOf96BitsAndNotZero(bytes32 hash, uint256 sum) external view {
        (bool taken,) = address(this).staticcall(abi.encodeCall(this.push, (hash, sum)));
        assert(taken == (sum != 0 && sum <= type(uint96).max));
    }

    function check_KeysAreTheirDefinitions(address account, bytes32 id, bytes32 termsId) external pure {
        assert(Ids.subject(account, id) == keccak256(abi.encodePacked(uint8(0x04), account, id)));
        assert(Ids.collection(account, id, termsId) == keccak256(abi.encodePacked(uint8(0x05), account, id, termsId)));
    }

    function check_SplitKeyIsItsDefinition(bytes32 root, uint96 total, bytes32 salt) external view {
        bytes memory opening = abi.encodePacked(root, total, salt);
        assert(this.splitKey(opening) == keccak256(bytes.concat(hex"03", opening)));
        assert(Ids.split(root, total, salt) == keccak256(bytes.concat(hex"03", opening)));
    }

    // Through the outside, for calldata and for what reverts

    function climb(bytes32 hash, uint256 sum, uint256 side, bytes calldata path)
        external
        pure
        returns (bytes32, uint256, uint256)
    {
        return SumTree.climb(hash, sum, side, path);
    }

    function push(bytes32 hash, uint256 sum) external pure {
        SumTree.alloc(1).push(hash, sum);
    }

    function splitKey(bytes calldata opening) external pure returns (bytes32) {
        return Payees.splitKey(opening);
    }

    function _isRoot(SumTree.Nodes nodes, Node memory expected) private pure {
        (bytes32 hash, uint96 sum) = nodes.root();
        assert(hash == expected.hash && sum == expected.sum);
    }

    /// @dev What has a sum of more than 96 bits is outside the claim: `climb` and `root` refuse it.
    function _parent(Node memory left, Node memory right) private pure returns (Node memory) {
        bytes32 hash = keccak256(abi.encodePacked(uint8(0x02), left.hash, left.sum, right.hash, right.sum));
        return Node(hash, left.sum + right.sum);
    }
}
