// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILicenseMarket} from "../../../contracts/interfaces/ILicenseMarket.sol";
import {Offer, Permit, Purchase} from "../../../contracts/types/Offer.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {Selling} from "../utils/Selling.sol";
import {HostileGate} from "../utils/HostileGates.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Providers who sell and revoke whenever they like, under terms of every kind, and buyers who stack licences.
/// Every licence is held against what the registry lets its licensee do, to its last second.
contract SoldHandler is Selling {
    struct Licence {
        bytes32 collection;
        address user;
        uint256 use;
        uint256 until;
    }

    uint256 private constant FOREVER = 2 ** 36 - 1;

    string public broken;
    /// What each did that achieved something: offered, bought, revoked, ended at its time, offered what cannot be used.
    uint256[5] public done;
    HostileGate private _gate;
    bytes32[] private _termsIds;
    bytes32[] private _collections;
    Offer[] private _offers;
    Licence[] private _licences;
    uint256 private _now = START;

    constructor() {
        setUp();
        _gate = new HostileGate();
        uint32[6] memory notices = [uint32(0), 1, 100, 1000, type(uint32).max - 1, type(uint32).max];
        for (uint256 i; i < 12; ++i) {
            _termsIds.push(data.defineTerms(_gatedTerms(notices[i % 6], i < 6 ? 0 : uint64(START + 500 * i))));
        }
        Terms memory terms = _gatedTerms(type(uint32).max, 0);
        terms.gate = address(_gate);
        _termsIds.push(data.defineTerms(terms));
        terms.gate = address(0);
        _termsIds.push(data.defineTerms(terms));
        terms = _training(0, 0);
        (terms.gate, terms.noticeSeconds) = (address(market), 1000);
        _termsIds.push(data.defineTerms(terms));
    }

    function collect(uint256 terms) public {
        vm.warp(_now);
        _collections.push(_collect(artist.wallet, 1000 + _collections.length, _termsIds[terms % _termsIds.length]).id);
    }

    function offer(uint256 which, uint256 uses, uint256 duration) external {
        vm.warp(_now);
        if (_collections.length < 8) collect(uses);
        Offer memory made;
        (made.registry, made.id) = (address(data), _collections[which % _collections.length]);
        made.uses = uses % 4 == 0 ? 1 + uses % 127 : 1 << uses % 6;
        made.duration = duration % 5 == 0 ? 0 : uint64(1 + duration % (duration % 3 == 0 ? 2000 : 101));
        (made.supply, made.salt) = (type(uint32).max, bytes32(_offers.length));
        Terms memory terms = data.termsOf(data.status(made.id).termsId);
        vm.prank(artist.wallet);
        try market.offer(made, 0) {
            if (terms.gate != address(market)) _break("sold behind another gate");
            _offers.push(made);
            ++done[0];
        } catch {
            ++done[4];
        }
    }

    function buy(uint256 which, uint256 who, bool atOnce) external {
        vm.warp(_now);
        Offer memory made = _offers[which % _offers.length];
        address user = [developer.wallet, creator.wallet, stranger.wallet][who % 3];
        uint256[7] memory before;
        for (uint256 i; i < 7; ++i) {
            before[i] = market.licensedUntil(_subject(address(data), made.id), user, 1 << i);
        }
        Purchase[] memory purchases = new Purchase[](1 + who % 2);
        for (uint256 i; i < purchases.length; ++i) {
            purchases[i] = _purchase(made, user);
        }
        uint256 bought = market.buyMany(purchases, true, new Permit[](0), new ILicenseMarket.Due[](0));
        if (bought == 0) revert("nothing was bought");
        for (uint256 i; i < 7; ++i) {
            uint256 until = market.licensedUntil(_subject(address(data), made.id), user, 1 << i);
            if (until < before[i]) _break("bought, and ends earlier");
            if (made.uses >> i & 1 == 0) continue;
            if (until + 1 < _now + made.duration) _break("bought, and shorter than the offer says");
            _licences.push(Licence(made.id, user, 1 << i, until));
        }
        ++done[1];
        // In the very second.
        if (atOnce) _revoke(made.id);
        look();
    }

    function revoke(uint256 which) external {
        vm.warp(_now);
        _revoke(_collections[which % _collections.length]);
        look();
    }

    function _revoke(bytes32 collection) private {
        vm.prank(artist.wallet);
        try data.revoke(collection) {
            ++done[2];
        } catch {}
    }

    function mood(uint256 which) external {
        _gate.setMood(HostileGate.Mood(which % 9));
    }

    /// @dev Stops at the last second of every licence that ends meanwhile.
    function pass(uint256 time) external {
        uint256 to = _now + 1 + time % (time % 7 == 0 ? 3000 : 60);
        for (uint256 i = _licences.length; i > 0; --i) {
            Licence memory each = _licences[i - 1];
            if (each.until < to) {
                vm.warp(each.until);
                _usable(each);
                ++done[3];
                _licences[i - 1] = _licences[_licences.length - 1];
                _licences.pop();
            }
        }
        vm.warp(_now = to);
        look();
    }

    /// @notice What is licensed now can be used now.
    function look() public {
        uint256 count = _licences.length;
        for (uint256 i = count > 12 ? count - 12 : 0; i < count; ++i) {
            _usable(_licences[i]);
        }
    }

    /// @notice And so can all that are left, at their last second.
    function settle() external {
        for (uint256 i; i < _licences.length; ++i) {
            uint256 until = _licences[i].until;
            // Times of registration end in 2106.
            vm.warp(until == FOREVER ? type(uint32).max : until);
            _usable(_licences[i]);
        }
        vm.warp(_now);
    }

    function _usable(Licence memory each) private {
        if (!data.mayUse(each.collection, each.user, each.use)) _break("bought, and cannot be used");
    }

    function _break(string memory how) private {
        if (bytes(broken).length == 0) broken = how;
    }
}
