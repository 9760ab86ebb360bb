// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RevenueSplitter} from "../../../contracts/RevenueSplitter.sol";
import {Waterfalls} from "../../../contracts/Waterfalls.sol";
import {IRevenueSplitter} from "../../../contracts/interfaces/IRevenueSplitter.sol";
import {IWaterfall} from "../../../contracts/interfaces/IWaterfall.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Plan, Tier} from "../../../contracts/types/Plan.sol";
import {HostileSubjects} from "../utils/HostileSubjects.sol";
import {BlacklistToken, ReenteringToken, RoundingToken} from "../utils/HostileTokens.sol";
import {FeeToken} from "../utils/Mocks.sol";
import {SumTrees} from "../utils/Trees.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Two waterfalls, one of which is half of a split that is a tier of the other, in six currencies: ether, one of
/// 6 decimals, one that takes a fee, one that reenters, one whose fee rounds the last unit away, one whose issuer lists
/// whom it likes. What must never happen is kept in `broken`.
contract WaterfallHandler {
    uint256 public constant CURRENCIES = 6;
    uint256 public constant FEE = 2;
    uint256 public constant ROUNDING = 4;
    uint256 public constant LISTING = 5;
    uint256 private constant TIERS = 3;

    RevenueSplitter public immutable SPLITTER;
    Waterfalls public immutable FALLS;
    HostileSubjects public immutable SUBJECTS;

    string public broken;
    /// What each did that achieved something: paid, passed, sent, claimed, made wait, tried again, starved in vain.
    uint256[7] public done;
    /// Whether the last currency's issuer lets a waterfall pay.
    bool[2] public listed;
    IWaterfall[2] public falls;
    address[CURRENCIES] public currencies;
    /// What went into each by our own books: paid to it, sent to it, claimed for it.
    mapping(uint256 f => mapping(uint256 c => uint256)) public entered;
    bytes32[TIERS][2] public keys;
    Plan[2] private _plans;
    SumTrees.Leaf[] private _between;

    constructor(RevenueSplitter splitter, Waterfalls factory) {
        (SPLITTER, FALLS) = (splitter, factory);
        SUBJECTS = new HostileSubjects();
        currencies[1] = address(new TestToken());
        currencies[2] = address(new FeeToken());
        currencies[3] = address(new ReenteringToken());
        currencies[4] = address(new RoundingToken());
        currencies[5] = address(new BlacklistToken());
        _make(1, abi.encodePacked(address(SUBJECTS), bytes32("second")));
        _between.push(SumTrees.Leaf(bytes32(uint256(uint160(address(falls[1])))), 3));
        _between.push(SumTrees.Leaf(bytes32(uint256(0xbeef)), 1));
        _make(0, SumTrees.opening(_between, ""));
        for (uint256 c = 1; c < CURRENCIES; ++c) {
            for (uint256 f; f < 2; ++f) {
                TestToken(currencies[c]).approve(address(falls[f]), type(uint256).max);
            }
        }
    }

    /// @dev Its second tier is `middle`; sizes differ by token and by waterfall.
    function _make(uint256 f, bytes memory middle) private {
        Plan storage plan = _plans[f];
        address[] memory tokens = new address[](5);
        (tokens[1], tokens[2], tokens[3], tokens[4]) = (currencies[1], currencies[3], currencies[4], currencies[5]);
        for (uint256 i = 2; i < 5; ++i) {
            for (uint256 j = i; j > 1 && tokens[j] < tokens[j - 1]; --j) {
                (tokens[j], tokens[j - 1]) = (tokens[j - 1], tokens[j]);
            }
        }
        plan.tokens = tokens;
        plan.salt = bytes32(f);
        for (uint256 i; i < TIERS; ++i) {
            SumTrees.Leaf[] memory one = new SumTrees.Leaf[](1);
            one[0] = SumTrees.Leaf(bytes32(uint256(0x100 + 16 * f + i)), 1);
            Tier storage tier = plan.tiers.push();
            tier.payee = i == 1 ? middle : SumTrees.opening(one, "");
            for (uint256 t; i + 1 < TIERS && t < 5; ++t) {
                tier.sizes.push(uint128(1000 * (1 + f + i + 7 * t)));
            }
            bytes1 prefix = tier.payee.length == 52 ? bytes1(0x04) : bytes1(0x03);
            keys[f][i] = keccak256(abi.encodePacked(prefix, tier.payee));
        }
        falls[f] = IWaterfall(FALLS.create(plan));
    }

    function pay(uint256 f, uint256 c, uint256 amount) external {
        (f, c) = (f % 2, c % CURRENCIES);
        amount = 1 + amount % 5000;
        uint256 lay = _new(f, c);
        _give(c, address(this), amount);
        uint256 passedBefore = falls[f].passed(currencies[c]);
        falls[f].pay{value: c == 0 ? amount : 0}(currencies[c], amount, "");
        uint256 came = c == FEE ? amount - amount / 100 : c == ROUNDING ? amount - (amount + 99) / 100 : amount;
        if (falls[f].passed(currencies[c]) - passedBefore != lay + came) _break("another amount than came");
        entered[f][c] += came;
        ++done[0];
    }

    function send(uint256 f, uint256 c, uint256 amount) external {
        (f, c) = (f % 2, c % CURRENCIES);
        amount = 1 + amount % 5000;
        _give(c, address(falls[f]), amount);
        entered[f][c] += amount;
        ++done[2];
    }

    function pass(uint256 f, uint256 c) external {
        (f, c) = (f % 2, c % CURRENCIES);
        if (!_passed(f, c, gasleft())) revert("not passed");
    }

    /// @dev By a caller who brings little gas: all as ever, or nothing at all.
    function starve(uint256 f, uint256 c, uint256 gas) external {
        (f, c) = (f % 2, c % CURRENCIES);
        bytes32 before = _state(f, c);
        if (_passed(f, c, 40_000 + gas % 1_200_000)) return;
        if (_state(f, c) != before) _break("something happened all the same");
        ++done[6];
    }

    function retry(uint256 f, uint256 c, uint256 tier) external {
        (f, c, tier) = (f % 2, c % CURRENCIES, tier % TIERS);
        uint256 waits = falls[f].waiting(currencies[c], tier);
        uint256 had = SPLITTER.income(keys[f][tier], currencies[c]);
        if (falls[f].retry(currencies[c], tier) != waits) _break("another amount than waited");
        if (waits == 0) _break("nothing was tried again");
        if (SPLITTER.income(keys[f][tier], currencies[c]) - had > waits) _break("more than waited");
        ++done[5];
    }

    function list(uint256 f, bool on) external {
        listed[f % 2] = on;
        BlacklistToken(currencies[LISTING]).list(address(falls[f % 2]), on);
    }

    function _passed(uint256 f, uint256 c, uint256 gas) private returns (bool success) {
        address currency = currencies[c];
        uint256 lay = _new(f, c);
        uint256[] memory dues = falls[f].dues(currency, lay);
        uint256[TIERS] memory income;
        uint256[TIERS] memory waits;
        for (uint256 i; i < TIERS; ++i) {
            (income[i], waits[i]) = (SPLITTER.income(keys[f][i], currency), falls[f].waiting(currency, i));
        }
        bytes memory answer;
        (success, answer) = address(falls[f]).call{gas: gas}(abi.encodeCall(IWaterfall.pass, (currency)));
        if (!success) return false;
        if (abi.decode(answer, (uint256)) != lay) _break("another amount than lay there");
        for (uint256 i; i < TIERS; ++i) {
            uint256 got = SPLITTER.income(keys[f][i], currency) - income[i];
            uint256 kept = falls[f].waiting(currency, i) - waits[i];
            // Only these may wait: a last unit that rounds away, and what the issuer does not let go.
            bool may = (c == ROUNDING && dues[i] == 1) || (c == LISTING && listed[f]);
            if (kept != (may ? dues[i] : 0)) _break("waits without need, or does not");
            if (c != FEE && c != ROUNDING && got + kept != dues[i]) _break("another than was due");
            if (kept != 0) ++done[4];
        }
        if (lay == 0) return false;
        ++done[1];
    }

    /// @dev What lies there and waits for nobody.
    function _new(uint256 f, uint256 c) private view returns (uint256) {
        return _balance(c, address(falls[f])) - falls[f].waitingInAll(currencies[c]);
    }

    function _state(uint256 f, uint256 c) private view returns (bytes32) {
        uint256[TIERS] memory waits;
        for (uint256 i; i < TIERS; ++i) {
            waits[i] = falls[f].waiting(currencies[c], i);
        }
        return keccak256(abi.encode(waits, falls[f].passed(currencies[c]), _balance(c, address(falls[f]))));
    }

    /// @dev From the first waterfall's split to the second.
    function claim(uint256 c) external {
        c %= CURRENCIES;
        IRevenueSplitter.Share memory share;
        share.split = SumTrees.opening(_between, "");
        (share.payee, share.shares) = (_between[0].key, _between[0].shares);
        (share.path, share.side) = SumTrees.proof(_between, 0);
        uint256 before = _balance(c, address(falls[1]));
        if (SPLITTER.claim(share, currencies[c], "") == 0) revert("nothing");
        entered[1][c] += _balance(c, address(falls[1])) - before;
        ++done[3];
    }

    function mood(uint256 which, uint256 f) external {
        SUBJECTS.set("second", HostileSubjects.Mood(which % 8), bytes32(uint256(0xcafe)), 0);
        bytes memory call_ = abi.encodeCall(falls[f % 2].pass, (currencies[f % CURRENCIES]));
        SUBJECTS.arm(address(falls[f % 2]), call_);
        ReenteringToken(currencies[3]).arm(address(falls[f % 2]), call_);
    }

    /// @notice In = out, to the unit, and no tier over its size.
    function look() external {
        for (uint256 f; f < 2; ++f) {
            for (uint256 c; c < CURRENCIES; ++c) {
                uint256 out;
                uint256 waits;
                uint256 above;
                for (uint256 i; i < TIERS; ++i) {
                    uint256 waiting = falls[f].waiting(currencies[c], i);
                    uint256 had = SPLITTER.income(keys[f][i], currencies[c]) + waiting;
                    (out, waits) = (out + had, waits + waiting);
                    if (c == FEE && i != 0 && had != 0) _break("an unlisted token beyond the first tier");
                    if (c != FEE && i + 1 < TIERS && had > _size(f, i, c)) _break("over its size");
                    if (c != FEE && c != ROUNDING && i != 0 && had != 0 && above != _size(f, i - 1, c)) {
                        _break("a tier began before the one above was full");
                    }
                    above = had;
                }
                if (waits != falls[f].waitingInAll(currencies[c])) _break("what waits has no name");
                if (_balance(c, address(falls[f])) < waits) _break("what waits is not here");
                uint256 passed = falls[f].passed(currencies[c]);
                if (c != FEE && c != ROUNDING && out != passed) _break("passed is not out and what waits");
                if (out > passed) _break("more came out than passed");
                if (passed + _new(f, c) != entered[f][c]) _break("in is not passed on and what lies");
            }
        }
    }

    function _size(uint256 f, uint256 i, uint256 c) private view returns (uint256) {
        for (uint256 t; t < 5; ++t) {
            if (_plans[f].tokens[t] == currencies[c]) return _plans[f].tiers[i].sizes[t];
        }
        return 0;
    }

    function _give(uint256 c, address to, uint256 amount) private {
        if (c == 0) vm.deal(to, to.balance + amount);
        else TestToken(currencies[c]).mint(to, amount);
    }

    function _balance(uint256 c, address of_) private view returns (uint256) {
        return c == 0 ? of_.balance : TestToken(currencies[c]).balanceOf(of_);
    }

    function _break(string memory how) private {
        if (bytes(broken).length == 0) broken = how;
    }
}
