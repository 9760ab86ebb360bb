// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LicenseMarket} from "../../../contracts/LicenseMarket.sol";
import {RevenueSplitter} from "../../../contracts/RevenueSplitter.sol";
import {RightsToken} from "../../../contracts/RightsToken.sol";
import {ILicenseMarket} from "../../../contracts/interfaces/ILicenseMarket.sol";
import {IRevenueSplitter} from "../../../contracts/interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "../../../contracts/interfaces/IRightsToken.sol";
import {Ids} from "../../../contracts/libraries/Ids.sol";
import {Payees} from "../../../contracts/libraries/Payees.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Offer, Permit, Purchase} from "../../../contracts/types/Offer.sol";
import {ReenteringToken, TwistingToken} from "../utils/HostileTokens.sol";
import {AnyRegistry, FeeToken, Rejecting} from "../utils/Mocks.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Everything that anybody can do at the market, with hostile currencies, registries and buyers, and a book of
/// licences of its own to hold against the market's. What must never happen is kept in `broken`.
contract MarketHandler {
    uint256 public constant GROUPS = 3;
    uint256 public constant PEOPLE = 4;
    uint256 public constant CURRENCIES = 5;
    uint256 private constant FOREVER = 2 ** 36 - 1;

    LicenseMarket public immutable MARKET;
    RevenueSplitter public immutable SPLITTER;
    RightsToken public immutable RIGHTS;
    AnyRegistry public immutable REGISTRY;

    string public broken;
    /// What each did that achieved something: offered, ended, bought, bought many, skipped, moved rights, delegated.
    uint256[7] public done;
    address[PEOPLE] public people;
    address[CURRENCIES] public currencies;
    bytes32[GROUPS] public groups;
    Offer[] private _offers;
    mapping(bytes32 offerId => uint256) public sold;
    /// Ended or replaced.
    mapping(bytes32 offerId => bool) private _ended;
    /// What ours says of each licence.
    mapping(bytes32 subject => mapping(address user => uint256[7])) public until;
    /// What was paid for each subject in each currency, by our books.
    mapping(bytes32 subject => mapping(address token => uint256)) public paid;

    constructor(LicenseMarket market, RevenueSplitter splitter, RightsToken rights, address[PEOPLE] memory people_) {
        (MARKET, SPLITTER, RIGHTS, people) = (market, splitter, rights, people_);
        REGISTRY = new AnyRegistry();
        vm.etch(people[3], address(new Rejecting()).code);
        currencies[1] = address(new TestToken());
        currencies[2] = address(new FeeToken());
        currencies[3] = address(new ReenteringToken());
        currencies[4] = address(new TwistingToken());
        for (uint256 i; i < GROUPS; ++i) {
            groups[i] = bytes32(i + 1);
            REGISTRY.setRegistrant(groups[i], people[i]);
            REGISTRY.setPayee(groups[i], Payees.wallet(people[i]));
        }
        for (uint256 i; i < PEOPLE; ++i) {
            vm.deal(people[i], 1e30);
            for (uint256 c = 1; c < CURRENCIES; ++c) {
                TestToken(currencies[c]).mint(people[i], 1e30);
                vm.prank(people[i]);
                TestToken(currencies[c]).approve(address(market), type(uint256).max);
            }
        }
    }

    function offer(uint256 g, uint256 uses, uint256 price, uint256 r) external {
        Offer memory made;
        made.registry = address(REGISTRY);
        made.id = groups[g % GROUPS];
        made.token = currencies[r % CURRENCIES];
        made.price = price % 4 == 0 ? 0 : 100 * (price % 50);
        made.uses = 1 + uses % 127;
        made.duration = r % 3 == 0 ? 0 : uint64(1 + r % 1000);
        made.until = r % 5 == 0 ? uint64(block.timestamp + r % 1000) : 0;
        made.supply = uint32(1 + r % 3);
        made.salt = bytes32(_offers.length);
        address holder = MARKET.holderOf(address(REGISTRY), made.id);
        address by = r % 4 == 0 ? people[r % PEOPLE] : holder;
        bool may = by == holder || MARKET.isDelegate(holder, by);
        bytes32 replaces =
            r % 6 == 0 && _offers.length != 0 ? MARKET.offerIdOf(_offers[r % _offers.length]) : bytes32(0);
        vm.prank(by);
        MARKET.offer(made, replaces);
        if (!may) _break("offered by a stranger");
        _ended[replaces] = true;
        _offers.push(made);
        ++done[0];
    }

    function end(uint256 o, uint256 by) external {
        Offer memory made = _some(o);
        bytes32 offerId = MARKET.offerIdOf(made);
        (address holder,,) = MARKET.standingOf(offerId);
        address ender = by % 2 == 0 ? holder : people[by % PEOPLE];
        bool may = ender == holder || MARKET.isDelegate(holder, ender);
        vm.prank(ender);
        MARKET.end(offerId);
        if (!may) _break("ended by a stranger");
        _ended[offerId] = true;
        ++done[1];
    }

    function delegate(uint256 holder, uint256 to, bool on) external {
        vm.prank(people[holder % PEOPLE]);
        MARKET.setDelegate(people[to % PEOPLE], on);
        ++done[6];
    }

    function buy(uint256 o, uint256 by, uint256 extra) external {
        Offer memory made = _some(o);
        Purchase memory purchase = Purchase(made, people[extra % PEOPLE], "", new bytes32[](0));
        address payer = people[by % PEOPLE];
        (ILicenseMarket.Problem problem,,) = MARKET.problemOf(purchase);
        bool can = problem == ILicenseMarket.Problem.None;
        uint256 before = _balance(made.token, payer);
        uint256 value = made.token == address(0) ? made.price + extra % 2 : extra % 2;
        vm.prank(payer);
        MARKET.buy{value: value, gas: 20_000_000}(purchase);
        if (!can) _break("bought what cannot be");
        _bought(purchase);
        // The one who is paid nothing, also not what waited.
        if (payer == people[3] && (made.token == currencies[1] || made.token == address(0))) {
            if (_balance(made.token, payer) + made.price != before) _break("not the price");
        }
        ++done[2];
    }

    function buyMany(uint256 a, uint256 b, uint256 by, bool skip) external {
        Purchase[] memory purchases = new Purchase[](2);
        purchases[0] = Purchase(_some(a), people[b % PEOPLE], "", new bytes32[](0));
        purchases[1] = Purchase(_some(b), people[a % PEOPLE], "", new bytes32[](0));
        uint256[2] memory before;
        for (uint256 i; i < 2; ++i) {
            before[i] = _sold(purchases[i].offer);
        }
        uint256 value;
        for (uint256 i; i < 2; ++i) {
            if (purchases[i].offer.token == address(0)) value += purchases[i].offer.price;
        }
        vm.prank(people[by % PEOPLE]);
        uint256 bought = MARKET.buyMany{value: value, gas: 25_000_000}(
            purchases, skip, new Permit[](0), new ILicenseMarket.Due[](0)
        );
        bool same = keccak256(abi.encode(purchases[0].offer)) == keccak256(abi.encode(purchases[1].offer));
        uint256 found;
        for (uint256 i; i < 2; ++i) {
            uint256 more = _sold(purchases[i].offer) - before[i];
            if (more == 0) continue;
            // Both of one offer: the second is looked at once.
            if (same && i == 1 && more == 1) continue;
            _bought(purchases[i]);
            ++found;
        }
        if (found != bought) _break("another number than were bought");
        if (!skip && bought != 2) _break("not all, and nobody asked for less");
        ++done[3];
        if (bought < 2) ++done[4];
    }

    function moveRights(uint256 g, uint256 to) external {
        bytes32 id = groups[g % GROUPS];
        uint256 tokenId = uint256(Ids.subject(address(REGISTRY), id));
        address holder = RIGHTS.holderOf(tokenId);
        if (holder == address(0)) {
            IRevenueSplitter.Share memory share;
            vm.prank(REGISTRY.registrants(id));
            // A registry may burn all of a minter's gas, and only the minter's; without a limit that takes seconds a call.
            RIGHTS.mint{gas: 2_000_000}(IRightsToken.RightsSpec(address(REGISTRY), id, "document", 0, 0, 0), share);
        } else {
            vm.prank(holder);
            RIGHTS.transferFrom(holder, people[to % PEOPLE], tokenId);
        }
        ++done[5];
    }

    function mood(uint256 which, uint256 token) external {
        REGISTRY.setMood(AnyRegistry.Mood(which % 4));
        TwistingToken(currencies[4]).setMood(TwistingToken.Mood(token % 6));
    }

    function arm(uint256 o, uint256 by) external {
        Purchase memory purchase = Purchase(_some(o), people[by % PEOPLE], "", new bytes32[](0));
        ReenteringToken(currencies[3]).arm(address(MARKET), abi.encodeCall(MARKET.buy, (purchase)));
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + time % 500);
    }

    /// @notice Holds every licence, every sale and every payment against our own books.
    function look() external {
        for (uint256 g; g < GROUPS; ++g) {
            bytes32 subject = Ids.subject(address(REGISTRY), groups[g]);
            for (uint256 p; p < PEOPLE; ++p) {
                for (uint256 i; i < 7; ++i) {
                    uint256 ours = until[subject][people[p]][i];
                    if (MARKET.licensedUntil(subject, people[p], 1 << i) != ours) _break("another licence");
                    if (MARKET.isAllowed(subject, people[p], 1 << i) != (ours >= block.timestamp)) {
                        _break("allowed otherwise than licensed");
                    }
                }
            }
            for (uint256 c; c < 4; ++c) {
                if (SPLITTER.income(subject, currencies[c]) != paid[subject][currencies[c]]) _break("another income");
            }
        }
        for (uint256 o; o < _offers.length; ++o) {
            (, uint32 count,) = MARKET.standingOf(MARKET.offerIdOf(_offers[o]));
            if (count > _offers[o].supply) _break("more sold than there were");
            if (count != sold[MARKET.offerIdOf(_offers[o])]) _break("another number sold");
        }
        for (uint256 c; c < 4; ++c) {
            if (_balance(currencies[c], address(MARKET)) != 0) _break("something stays at the market");
        }
    }

    function _bought(Purchase memory purchase) private {
        Offer memory made = purchase.offer;
        if (_ended[MARKET.offerIdOf(made)]) _break("bought what had ended");
        bytes32 subject = Ids.subject(made.registry, made.id);
        for (uint256 i; i < 7; ++i) {
            if (made.uses >> i & 1 == 0) continue;
            uint256 ours = until[subject][purchase.licensee][i];
            if (ours < block.timestamp) ours = block.timestamp - 1;
            ours = made.duration == 0 || ours == FOREVER ? FOREVER : ours + made.duration;
            until[subject][purchase.licensee][i] = ours;
        }
        paid[subject][made.token] += made.price;
        ++sold[MARKET.offerIdOf(made)];
    }

    function _sold(Offer memory made) private view returns (uint256 count) {
        (, count,) = MARKET.standingOf(MARKET.offerIdOf(made));
    }

    function _some(uint256 o) private view returns (Offer memory) {
        if (_offers.length == 0) revert("none");
        return _offers[o % _offers.length];
    }

    function _balance(address token, address of_) private view returns (uint256) {
        return token == address(0) ? of_.balance : TestToken(token).balanceOf(of_);
    }

    function _break(string memory how) private {
        if (bytes(broken).length == 0) broken = how;
    }
}
