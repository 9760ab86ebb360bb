// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILicenseMarket} from "../../contracts/interfaces/ILicenseMarket.sol";
import {Offer} from "../../contracts/types/Offer.sol";
import {Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {vm} from "./utils/Vm.sol";
import {Selling} from "./utils/Selling.sol";

// What a licence lets its licensee do, and until when. Promise 7.
contract LicencesTest is Selling {
    // Licences

    function test_aLicenceLastsItsTimeAndRenewalsExtendIt() public {
        Offer memory offer = _offer(made, 0);
        offer.duration = 100;
        bytes32 offerId = _offered(offer);
        bytes32 subject = _subject(address(data), made.id);
        vm.expectEmit(address(market));
        emit ILicenseMarket.LicenceBought(offerId, subject, developer.wallet, buyer.wallet, (START + 99) << 108);
        _buy(offer);
        eq(market.licensedUntil(subject, developer.wallet, TRAIN), START + 99, "a hundred seconds with this one");
        vm.warp(START + 99);
        yes(market.isAllowed(subject, developer.wallet, TRAIN), "its last second");
        vm.warp(START + 100);
        no(market.isAllowed(subject, developer.wallet, TRAIN), "over");
        _buy(offer);
        _buy(offer);
        eq(market.licensedUntil(subject, developer.wallet, TRAIN), START + 299, "from now, and from its end");
        offer.duration = 0;
        _offered(offer);
        _buy(offer);
        eq(market.licensedUntil(subject, developer.wallet, TRAIN), 2 ** 36 - 1, "without end");
        offer.duration = 5;
        _offered(offer);
        _buy(offer);
        eq(market.licensedUntil(subject, developer.wallet, TRAIN), 2 ** 36 - 1, "which nothing shortens");
    }

    function test_itIsOfTheLicenseeForTheUsesAndNoOther() public {
        Offer memory offer = _offer(made, 0);
        offer.uses = TRAIN | READ;
        offer.duration = type(uint64).max;
        _offered(offer);
        _buy(offer);
        bytes32 subject = _subject(address(data), made.id);
        yes(market.isAllowed(subject, developer.wallet, TRAIN), "one use");
        yes(market.isAllowed(subject, developer.wallet, TRAIN | READ), "both");
        no(market.isAllowed(subject, developer.wallet, TRAIN | 1), "one that was not bought");
        no(market.isAllowed(subject, developer.wallet, 0), "no use");
        no(market.isAllowed(subject, developer.wallet, 128), "no such use");
        no(market.isAllowed(subject, buyer.wallet, TRAIN), "who paid is not licensed");
        no(market.isAllowed("another", developer.wallet, TRAIN), "another subject");
        eq(market.licensedUntil(subject, developer.wallet, READ), 2 ** 36 - 1, "as long as can be");
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NoUse.selector, 3));
        market.licensedUntil(subject, developer.wallet, 3);
    }

    function testFuzz_everyUseHasItsOwnTime(uint256 first, uint256 second, uint32 a, uint32 b, uint32 wait) public {
        (first, second) = (1 + first % 63, 1 + second % 63);
        vm.assume(a != 0 && b != 0);
        Offer memory offer = _offer(made, 0);
        (offer.uses, offer.duration) = (first, a);
        _offered(offer);
        _buy(offer);
        vm.warp(START + wait);
        (offer.uses, offer.duration, offer.salt) = (second, b, "second");
        _offered(offer);
        _buy(offer);
        for (uint256 i; i < 7; ++i) {
            uint256 until = first >> i & 1 == 1 ? START + a - 1 : 0;
            if (second >> i & 1 == 1) until = (until >= START + wait ? until : START + wait - 1) + b;
            eq(market.licensedUntil(_subject(address(data), made.id), developer.wallet, 1 << i), until, "its own");
        }
    }

    // The gate

    function test_unlicensedTrainingIsRefusedAndLicensedIsNot() public {
        Offer memory offer = _offer(made, 1000);
        offer.duration = 100;
        _offered(offer);
        Sources memory sources = _sources(made);
        vm.expectRevert();
        vm.prank(developer.wallet);
        models.register(_modelSpec(1, freeTerms), sources);
        _buy(offer);
        vm.prank(developer.wallet);
        bytes32 model = models.register(_modelSpec(1, freeTerms), sources);
        vm.warp(START + 100);
        vm.expectRevert();
        vm.prank(developer.wallet);
        models.register(_modelSpec(2, freeTerms), sources);
        eq(models.modelOf(model).developer, developer.wallet, "the old one stands");
        eq(artist.wallet.balance, 1000, "and the artist was paid");
    }

    function test_aModelLicenceLetsACreatorRegisterOutputs() public {
        Terms memory asks = _training(1000, 0);
        asks.gate = address(market);
        (bytes32 model,) = _train(7, data.defineTerms(asks));
        Sources memory sources = _onModel(model);
        bytes32[] memory commitments = new bytes32[](1);
        vm.expectRevert();
        vm.prank(creator.wallet);
        outputs.register(commitments, _batchSpec(1), sources);
        Offer memory offer = _offer(made, 0);
        (offer.registry, offer.id, offer.uses) = (address(models), model, GENERATE);
        vm.prank(developer.wallet);
        market.offer(offer, 0);
        vm.prank(buyer.wallet);
        market.buy(_purchase(offer, creator.wallet));
        vm.prank(creator.wallet);
        outputs.register(commitments, _batchSpec(1), sources);
    }
}
