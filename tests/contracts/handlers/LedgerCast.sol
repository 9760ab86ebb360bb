// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RevenueSplitter} from "../../../contracts/RevenueSplitter.sol";
import {IRevenueSplitter} from "../../../contracts/interfaces/IRevenueSplitter.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {BurningPayee, FloodingPayee, ReenteringPayee} from "../utils/HostilePayees.sol";
import {HostileSubjects} from "../utils/HostileSubjects.sol";
import {BlacklistToken, ReenteringToken, SilentToken, TwistingToken} from "../utils/HostileTokens.sol";
import {FeeToken, Rejecting} from "../utils/Mocks.sol";
import {SumTrees} from "../utils/Trees.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Who plays in the ledger's campaign: the currencies, the payees good and bad, and the splits between them.
abstract contract LedgerCast {
    /// @notice A payee and what opens it. Wallets first, then what cannot be paid, then splits, then subjects.
    struct Node {
        bytes32 key;
        bytes opening;
    }

    /// @notice A leaf that can be shown, and who it is.
    struct Place {
        IRevenueSplitter.Share share;
        bytes32 split;
        uint96 lo;
        uint96 shares;
        uint96 total;
        uint256 payee;
    }

    // Currencies. The ledger promises all of its invariants in all but the last.
    uint256 public constant CURRENCIES = 8;
    uint256 public constant ETHER = 0;
    /// Keeps a hundredth of every transfer, also of those out.
    uint256 public constant FEE = 2;
    uint256 internal constant BLACKLIST = 4;
    /// A supply near 2^255, in sums near 2^127.
    uint256 internal constant HUGE = 5;
    uint256 internal constant HOOKED = 6;
    uint256 public constant LIAR = 7;

    // Wallets: three that only take, and five that do worse.
    uint256 public constant WALLETS = 8;
    uint256 public constant HONEST = 3;
    uint256 internal constant REJECTING = 3;
    uint256 internal constant BURNING = 4;
    uint256 internal constant FLOODING = 5;
    uint256 internal constant REENTERING = 6;
    /// The payment address of the first split, so that money can go round.
    uint256 internal constant ADDRESS = 7;
    // Nodes that nothing can be paid to.
    uint256 internal constant ZERO = 8;
    uint256 internal constant ITSELF = 9;
    uint256 public constant NOBODY = 10;
    // Watched beside the wallets: who pays and who calls.
    uint256 internal constant PAYER = 8;
    uint256 internal constant SUBJECTS = 4;

    RevenueSplitter public immutable SPLITTER;
    HostileSubjects public immutable REGISTRY;
    address public constant CALLER = address(uint160(uint256(keccak256("caller"))));

    address[CURRENCIES] public currencies;
    address[] public watched;
    Node[] private _nodes;
    uint256 public firstSplit;
    uint256 public firstSubject;
    Place[] internal _places;
    /// Where the places of each split begin.
    uint256[] private _firstPlace;
    IRevenueSplitter.Share[] internal _lies;

    SumTrees.Leaf[] private _draft;
    uint256[] private _draftPayees;

    constructor(RevenueSplitter splitter) {
        SPLITTER = splitter;
        REGISTRY = new HostileSubjects();
        currencies = [
            address(0),
            address(new TestToken()),
            address(new FeeToken()),
            address(new SilentToken()),
            address(new BlacklistToken()),
            address(new TestToken()),
            address(new ReenteringToken()),
            address(new TwistingToken())
        ];
        for (uint256 i; i < HONEST; ++i) {
            _wallet(vm.addr(_key(i)));
        }
        _wallet(address(new Rejecting()));
        _wallet(address(new BurningPayee()));
        _wallet(address(new FloodingPayee()));
        _wallet(address(new ReenteringPayee()));
        // The first split is made before the wallet that is its payment address.
        _leaf(0, 1);
        _leaf(1, 3);
        _leaf(2, 7);
        Node memory first = _treeOfDraft();
        _wallet(SPLITTER.paymentAddress(first.key));
        _nodes.push(Node(bytes32(0), ""));
        _nodes.push(Node(bytes32(uint256(uint160(address(SPLITTER)))), ""));
        _nodes.push(Node(keccak256("nobody can open this"), ""));
        watched.push(address(uint160(uint256(keccak256("payer")))));
        watched.push(CALLER);
        _splits(first);
        for (uint256 i; i < SUBJECTS; ++i) {
            _nodes.push(Node(_subject(i), abi.encodePacked(address(REGISTRY), bytes32(i))));
        }
        // The third and fourth begin as rings of a split and a subject.
        uint256[SUBJECTS] memory answers = [uint256(0), firstSplit + 2, firstSubject - 2, firstSubject - 1];
        for (uint256 i; i < SUBJECTS; ++i) {
            REGISTRY.set(bytes32(i), HostileSubjects.Mood.Answering, keyOf(answers[i]), 0);
        }
    }

    // Asking

    function nodes() public view returns (uint256) {
        return _nodes.length;
    }

    function keyOf(uint256 node) public view returns (bytes32) {
        return _nodes[node].key;
    }

    function openingOf(uint256 node) public view returns (bytes memory) {
        return _nodes[node].opening;
    }

    function places() external view returns (Place[] memory) {
        return _places;
    }

    function subjectId(uint256 node) public view returns (bytes32) {
        return bytes32(node - firstSubject);
    }

    function balance(uint256 c, address account) external view returns (uint256) {
        return _balance(c, account);
    }

    function _balance(uint256 c, address account) internal view returns (uint256) {
        return c == ETHER ? account.balance : TestToken(currencies[c]).balanceOf(account);
    }

    function _placeOf(uint256 split, uint256 leaf) internal view returns (Place storage) {
        split %= _firstPlace.length;
        uint256 end = split + 1 == _firstPlace.length ? _places.length : _firstPlace[split + 1];
        return _places[_firstPlace[split] + leaf % (end - _firstPlace[split])];
    }

    /// @dev The wallets that a payment to `node` may reach, a bit each: itself, or whom a subject may name now.
    function _mayBePaid(uint256 node) internal view returns (uint256 bits) {
        if (node < WALLETS) return 1 << node;
        if (node < firstSubject) return 0;
        HostileSubjects.Answer memory answer = REGISTRY.answerOf(subjectId(node));
        if (answer.mood > HostileSubjects.Mood.Prying) return 0;
        for (uint256 i; i < WALLETS; ++i) {
            bytes32 key = _nodes[i].key;
            bool other = answer.mood == HostileSubjects.Mood.Fickle && key == answer.other;
            if (key == answer.payee || other) bits |= 1 << i;
        }
    }

    // Making

    /// @dev Of an honest wallet, which can sign.
    function _key(uint256 wallet) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("wallet", wallet)));
    }

    function _wallet(address account) private {
        watched.push(account);
        _nodes.push(Node(bytes32(uint256(uint160(account))), ""));
    }

    function _subject(uint256 i) private view returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x04), address(REGISTRY), bytes32(i)));
    }

    function _splits(Node memory first) private {
        firstSplit = _nodes.length;
        _seal(first);
        // Of those who do not just take.
        _leaf(REJECTING, 1);
        _leaf(BURNING, 1);
        _leaf(FLOODING, 2);
        _leaf(REENTERING, 3);
        _leaf(0, 5);
        _seal(_treeOfDraft());
        // Nested.
        _leaf(firstSplit, 500_000);
        _leafOfSubject(0, 333_333);
        _leaf(firstSplit + 1, 166_667);
        _seal(_treeOfDraft());
        // Nested deeper, and one payee three times, twice with the same share.
        _leaf(firstSplit + 2, 2 ** 94);
        _leaf(1, 9);
        _leaf(1, 9);
        _leafOfSubject(1, 12_345);
        _leaf(1, 1);
        _seal(_treeOfDraft());
        // A sum of 2^96 - 1, the most there can be.
        _leaf(0, 2 ** 95);
        _leaf(2, 2 ** 95 - 1);
        _seal(_treeOfDraft());
        _deep();
        _false();
        // What the splitter must not pay, and a payment address.
        _leaf(ZERO, 1);
        _leaf(ITSELF, 1);
        _leaf(ADDRESS, 3);
        _leaf(NOBODY, 1);
        _seal(_treeOfDraft());
        // Rings.
        _leafOfSubject(2, 1);
        _leaf(0, 1);
        _seal(_treeOfDraft());
        _leafOfSubject(3, 2);
        _leafOfSubject(2, 2);
        _leaf(1, 1);
        _seal(_treeOfDraft());
        firstSubject = _nodes.length;
        // Payees among the places were counted before the subjects had their numbers.
        for (uint256 i; i < _places.length; ++i) {
            if (_places[i].payee >= 1000) _places[i].payee = firstSubject + _places[i].payee - 1000;
        }
    }

    function _leaf(uint256 node, uint96 shares) private {
        _draft.push(SumTrees.Leaf(_nodes[node].key, shares));
        _draftPayees.push(node);
    }

    function _leafOfSubject(uint256 i, uint96 shares) private {
        _draft.push(SumTrees.Leaf(_subject(i), shares));
        _draftPayees.push(1000 + i);
    }

    function _treeOfDraft() private view returns (Node memory) {
        bytes memory opening = SumTrees.opening(_draft, bytes32(_firstPlace.length));
        return Node(SumTrees.key(opening), opening);
    }

    /// @dev Makes the drafted leaves a split's places.
    function _seal(Node memory node) private {
        _nodes.push(node);
        _firstPlace.push(_places.length);
        SumTrees.Leaf[] memory leaves = _draft;
        (, uint256 total) = SumTrees.root(leaves);
        uint96 lo;
        for (uint256 i; i < leaves.length; ++i) {
            (bytes memory path, uint256 side) = SumTrees.proof(leaves, i);
            _place(node, i, leaves[i], side, path, lo, uint96(total));
            lo += leaves[i].shares;
        }
        delete _draft;
        delete _draftPayees;
    }

    function _place(
        Node memory node,
        uint256 drafted,
        SumTrees.Leaf memory leaf,
        uint256 side,
        bytes memory path,
        uint96 lo,
        uint96 total
    ) private {
        _places.push(
            Place(
                IRevenueSplitter.Share(node.opening, leaf.key, leaf.shares, side, path),
                node.key,
                lo,
                leaf.shares,
                total,
                _draftPayees[drafted]
            )
        );
    }

    /// @dev 64 levels: the first leaf at the bottom, another joining on the right at every level. The two at the
    /// bottom and the one at the top are shown.
    function _deep() private {
        _leaf(0, 1);
        _leaf(1, 2);
        _leaf(2, 66);
        SumTrees.Leaf memory bottom = _draft[0];
        bytes32 hash = SumTrees.leafHash(bottom);
        uint96 sum = bottom.shares;
        bytes memory above;
        bytes memory below;
        for (uint96 i; i < 64; ++i) {
            SumTrees.Leaf memory joining =
                i == 0 ? _draft[1] : i == 63 ? _draft[2] : SumTrees.Leaf(keccak256(abi.encode(i)), 1);
            bytes32 right = SumTrees.leafHash(joining);
            below = abi.encodePacked(hash, sum);
            if (i != 0) above = abi.encodePacked(above, right, joining.shares);
            (hash, sum) = _join(hash, sum, right, joining.shares);
        }
        Node memory node;
        node.opening = abi.encodePacked(hash, sum, bytes32(0));
        node.key = SumTrees.key(node.opening);
        _nodes.push(node);
        _firstPlace.push(_places.length);
        bytes memory second = abi.encodePacked(SumTrees.leafHash(_draft[1]), _draft[1].shares, above);
        _place(node, 0, _draft[0], 0, second, 0, sum);
        bytes memory lowest = abi.encodePacked(SumTrees.leafHash(_draft[0]), _draft[0].shares, above);
        _place(node, 1, _draft[1], 1, lowest, 1, sum);
        _place(node, 2, _draft[2], 1, below, sum - 66, sum);
        delete _draft;
        delete _draftPayees;
    }

    /// @dev Its author says of the left leaf, which has 3 shares, that it has 10, and puts a zero leaf beside the right
    /// one. Only the right one can be shown, for exactly its 5 of 15.
    function _false() private {
        _leaf(0, 5);
        bytes32 left = SumTrees.leafHash(SumTrees.Leaf(_nodes[2].key, 3));
        bytes32 right = SumTrees.leafHash(_draft[0]);
        bytes32 zero = SumTrees.leafHash(SumTrees.Leaf(_nodes[1].key, 0));
        (bytes32 pair,) = _join(right, 5, zero, 0);
        (bytes32 hash,) = _join(left, 10, pair, 5);
        Node memory node;
        node.opening = abi.encodePacked(hash, uint96(15), bytes32(0));
        node.key = SumTrees.key(node.opening);
        _nodes.push(node);
        _firstPlace.push(_places.length);
        _place(node, 0, _draft[0], 2, abi.encodePacked(zero, uint96(0), left, uint96(10)), 10, 15);
        bytes memory beside = abi.encodePacked(pair, uint96(5));
        _lies.push(IRevenueSplitter.Share(node.opening, _nodes[2].key, 3, 0, beside));
        _lies.push(IRevenueSplitter.Share(node.opening, _nodes[2].key, 10, 0, beside));
        bytes memory path = abi.encodePacked(right, uint96(5), left, uint96(10));
        _lies.push(IRevenueSplitter.Share(node.opening, _nodes[1].key, 0, 3, path));
        _lies.push(IRevenueSplitter.Share(node.opening, _nodes[1].key, 1, 3, path));
        delete _draft;
        delete _draftPayees;
    }

    function _join(bytes32 left, uint96 leftSum, bytes32 right, uint96 rightSum)
        private
        pure
        returns (bytes32, uint96)
    {
        return (keccak256(abi.encodePacked(bytes1(0x02), left, leftSum, right, rightSum)), leftSum + rightSum);
    }
}
