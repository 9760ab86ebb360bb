// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SumTree} from "../../contracts/libraries/SumTree.sol";

/// @notice That the intervals of two leaves under one root never overlap, on the code of `SumTree.climb`.
/// @dev Run by halmos (`make prove`): every argument is symbolic, keccak256 is an injective function, and what reverts
/// is outside the claim. All depths follow by induction: the step is the first check here (one level, two nodes
/// whatever), the second says that a climb is made of such levels, and arithmetic.py puts them together.
contract SumTreeProof {
    struct Sibling {
        bytes32 hash;
        uint96 sum;
    }

    struct Node {
        bytes32 hash;
        uint256 sum;
        uint256 lo;
    }

    /// @dev Each bit of `side` is a path of execution of its own: it decides where in memory `SumTree.climb` writes, which
    /// halmos follows only for a place that is known. Bits above the path are left out, because what has them reverts.
    function climb(bytes32 hash, uint256 sum, uint256 side, bytes calldata path)
        external
        pure
        returns (Node memory reached)
    {
        uint256 known;
        for (uint256 i; i < path.length / 44; ++i) {
            if (side >> i & 1 == 1) known |= 1 << i;
        }
        (reached.hash, reached.sum, reached.lo) = SumTree.climb(hash, sum, known, path);
    }

    // Any depth, by induction

    /// Two nodes whatever, a sibling each, one parent: they are the same node, or their intervals in the parent do not
    /// overlap; and neither reaches beyond the parent's sum.
    function check_OneLevelKeepsIntervalsApart(
        bytes32 a,
        uint96 sumA,
        bool leftA,
        Sibling calldata besideA,
        bytes32 b,
        uint96 sumB,
        bool leftB,
        Sibling calldata besideB
    ) external view {
        Node memory x = this.climb(a, sumA, leftA ? 1 : 0, _path(besideA));
        Node memory y = this.climb(b, sumB, leftB ? 1 : 0, _path(besideB));
        assert(x.lo + sumA <= x.sum);
        if (x.hash != y.hash || x.sum != y.sum) return;
        if (leftA == leftB) {
            assert(a == b && sumA == sumB && x.lo == y.lo);
        } else {
            assert(x.lo + sumA <= y.lo || y.lo + sumB <= x.lo);
        }
    }

    /// A climb is a climb of the first level and then of the rest.
    function check_TwoLevelsAreOneAndOne(bytes32 hash, uint96 sum, uint256 side, Sibling calldata p, Sibling calldata q)
        external
        view
    {
        Node memory whole = this.climb(hash, sum, side, bytes.concat(_path(p), _path(q)));
        Node memory below = this.climb(hash, sum, side & 1, _path(p));
        Node memory above = this.climb(below.hash, below.sum, side >> 1, _path(q));
        _same(whole, below, above);
    }

    function check_ThreeLevelsAreOneAndTwo(
        bytes32 hash,
        uint96 sum,
        uint256 side,
        Sibling calldata p,
        Sibling calldata q,
        Sibling calldata r
    ) external view {
        bytes memory rest = bytes.concat(_path(q), _path(r));
        Node memory whole = this.climb(hash, sum, side, bytes.concat(_path(p), rest));
        Node memory below = this.climb(hash, sum, side & 1, _path(p));
        Node memory above = this.climb(below.hash, below.sum, side >> 1, rest);
        _same(whole, below, above);
    }

    /// A leaf cannot be shown to be an inner node, nor the other way round.
    function check_NoLeafIsANode(bytes32 key, uint96 shares, bytes32 hash, uint96 sum, bool left, Sibling calldata p)
        external
        view
    {
        assert(SumTree.leaf(key, shares) != this.climb(hash, sum, left ? 1 : 0, _path(p)).hash);
    }

    // Small depths, whole

    function check_LeavesAtDepths1And1(
        bytes32 keyA,
        uint96 a,
        uint256 sideA,
        Sibling calldata p,
        bytes32 keyB,
        uint96 b,
        uint256 sideB,
        Sibling calldata q
    ) external view {
        Node memory x = this.climb(SumTree.leaf(keyA, a), a, sideA, _path(p));
        Node memory y = this.climb(SumTree.leaf(keyB, b), b, sideB, _path(q));
        _apart(keyA == keyB && a == b, a, x, b, y);
    }

    function check_LeavesAtDepths1And2(
        bytes32 keyA,
        uint96 a,
        uint256 sideA,
        Sibling calldata p,
        bytes32 keyB,
        uint96 b,
        uint256 sideB,
        Sibling[2] calldata q
    ) external view {
        Node memory x = this.climb(SumTree.leaf(keyA, a), a, sideA, _path(p));
        Node memory y = this.climb(SumTree.leaf(keyB, b), b, sideB, bytes.concat(_path(q[0]), _path(q[1])));
        _apart(keyA == keyB && a == b, a, x, b, y);
    }

    function check_LeavesAtDepths2And2(
        bytes32 keyA,
        uint96 a,
        uint256 sideA,
        Sibling[2] calldata p,
        bytes32 keyB,
        uint96 b,
        uint256 sideB,
        Sibling[2] calldata q
    ) external view {
        Node memory x = this.climb(SumTree.leaf(keyA, a), a, sideA, bytes.concat(_path(p[0]), _path(p[1])));
        Node memory y = this.climb(SumTree.leaf(keyB, b), b, sideB, bytes.concat(_path(q[0]), _path(q[1])));
        _apart(keyA == keyB && a == b, a, x, b, y);
    }

    /// Under one root two different leaves do not overlap. So no two begin at one place, the place under which the
    /// splitter keeps what was claimed.
    function _apart(bool same, uint256 a, Node memory x, uint256 b, Node memory y) private pure {
        if (x.hash != y.hash || x.sum != y.sum) return;
        assert(x.lo + a <= x.sum && y.lo + b <= y.sum);
        assert((same && x.lo == y.lo) || x.lo + a <= y.lo || y.lo + b <= x.lo);
    }

    function _same(Node memory whole, Node memory below, Node memory above) private pure {
        assert(whole.hash == above.hash && whole.sum == above.sum && whole.lo == below.lo + above.lo);
    }

    function _path(Sibling calldata sibling) private pure returns (bytes memory) {
        return abi.encodePacked(sibling.hash, sibling.sum);
    }
}
