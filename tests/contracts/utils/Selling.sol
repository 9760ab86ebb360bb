// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LicenseMarket} from "../../../contracts/LicenseMarket.sol";
import {ILicenseMarket} from "../../../contracts/interfaces/ILicenseMarket.sol";
import {Offer, Purchase} from "../../../contracts/types/Offer.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {Base} from "./Base.sol";
import {vm} from "./Vm.sol";

/// @notice A market, and a collection of the artist's behind it.
abstract contract Selling is Base {
    LicenseMarket internal market;
    bytes32 internal gated;
    Made internal made;

    function setUp() public virtual override {
        super.setUp();
        bytes memory arguments = abi.encode(splitter, rights, data, models, outputs);
        market = LicenseMarket(vm.deployCode("LicenseMarket.sol", arguments));
        gated = data.defineTerms(_gatedTerms(type(uint32).max, 0));
        made = _collect(artist.wallet, 1, gated);
        vm.prank(buyer.wallet);
        token.approve(address(market), type(uint256).max);
    }

    /// @dev All uses, behind the market.
    function _gatedTerms(uint32 notice, uint64 validUntil) internal view returns (Terms memory terms) {
        terms = _training(2000, 0);
        terms.dataMining = terms.aiInference = terms.aiTraining = terms.commercialOutput = terms.redistribution = true;
        (terms.gate, terms.noticeSeconds, terms.validUntil) = (address(market), notice, validUntil);
    }

    function _offer(Made memory of_, uint256 price) internal view returns (Offer memory offer) {
        offer.registry = address(data);
        offer.id = of_.id;
        offer.price = price;
        offer.uses = TRAIN;
        offer.supply = 1000;
    }

    function _purchase(Offer memory offer, address licensee) internal pure returns (Purchase memory purchase) {
        purchase.offer = offer;
        purchase.licensee = licensee;
    }

    function _offered(Offer memory offer) internal returns (bytes32) {
        vm.prank(artist.wallet);
        return market.offer(offer, 0);
    }

    function _buy(Offer memory offer) internal {
        vm.prank(buyer.wallet);
        market.buy{value: offer.token == ETHER ? offer.price : 0}(_purchase(offer, developer.wallet));
    }

    function _problem(Purchase memory purchase) internal view returns (ILicenseMarket.Problem problem) {
        (problem,,) = market.problemOf(purchase);
    }

    function _notBought(Offer memory offer, ILicenseMarket.Problem problem) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotBought.selector, 0, market.offerIdOf(offer), problem);
    }
}
