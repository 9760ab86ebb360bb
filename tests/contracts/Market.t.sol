// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILicenseMarket} from "../../contracts/interfaces/ILicenseMarket.sol";
import {Offer, Permit, Purchase} from "../../contracts/types/Offer.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {ReenteringToken, TwistingToken} from "./utils/HostileTokens.sol";
import {AnyRegistry, Reentering} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";
import {Selling} from "./utils/Selling.sol";

// Promise 7: the trace is useful; a licence is paid through it
contract MarketTest is Selling {
    // Offering

    function test_anOfferIsKnownByTheHashOfAllInIt() public {
        Offer memory offer = _offer(made, 100);
        bytes32 expected = keccak256(abi.encode(block.chainid, address(market), offer));
        vm.expectEmit(address(market));
        emit ILicenseMarket.Offered(expected, _subject(address(data), made.id), artist.wallet, offer);
        eq(_offered(offer), expected, "its hash");
        (address holder, uint32 sold, bool ended) = market.standingOf(expected);
        eq(holder, artist.wallet, "holder");
        yes(sold == 0 && !ended, "stands");
        (ILicenseMarket.Problem problem, bool opens,) = market.problemOf(_purchase(offer, developer.wallet));
        yes(problem == ILicenseMarket.Problem.None && opens, "can be bought, and opens the collection");
    }

    function test_RevertWhen_offeredByWhoHoldsNoRights() public {
        Offer memory offer = _offer(made, 100);
        reverts(
            abi.encodeWithSelector(
                ILicenseMarket.LicenseMarket_NotHolder.selector, address(data), made.id, artist.wallet, stranger.wallet
            )
        );
        vm.prank(stranger.wallet);
        market.offer(offer, 0);
        offer.id = "nothing";
        reverts(
            abi.encodeWithSelector(
                ILicenseMarket.LicenseMarket_NotHolder.selector, address(data), offer.id, address(0), artist.wallet
            )
        );
        _offered(offer);
    }

    function test_theRightsTokensHolderOffersOnceItIsMinted() public {
        vm.startPrank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        rights.transferFrom(artist.wallet, studio.wallet, tokenId);
        vm.stopPrank();
        eq(market.holderOf(address(data), made.id), studio.wallet, "holder");
        reverts(ILicenseMarket.LicenseMarket_NotHolder.selector);
        _offered(_offer(made, 100));
        vm.prank(studio.wallet);
        market.offer(_offer(made, 100), 0);
    }

    function test_aDelegateOffersAndEnds() public {
        vm.expectEmit(address(market));
        emit ILicenseMarket.DelegateSet(artist.wallet, studio.wallet, true);
        vm.prank(artist.wallet);
        market.setDelegate(studio.wallet, true);
        vm.startPrank(studio.wallet);
        bytes32 offerId = market.offer(_offer(made, 100), 0);
        (address holder,,) = market.standingOf(offerId);
        eq(holder, artist.wallet, "the holder's offer");
        market.end(offerId);
        vm.stopPrank();
        vm.prank(artist.wallet);
        market.setDelegate(studio.wallet, false);
        reverts(ILicenseMarket.LicenseMarket_NotHolder.selector);
        vm.prank(studio.wallet);
        market.offer(_offer(made, 101), 0);
    }

    function test_RevertWhen_anOfferCannotBe() public {
        Offer memory offer = _offer(made, 100);
        offer.uses = 0;
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NoUse.selector, 0));
        _offered(offer);
        offer.uses = 128;
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NoUse.selector, 128));
        _offered(offer);
        offer.uses = 63;
        offer.supply = 0;
        reverts(ILicenseMarket.LicenseMarket_NoSupply.selector);
        _offered(offer);
        offer.supply = 1;
        bytes32 offerId = _offered(offer);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_OfferedBefore.selector, offerId));
        _offered(offer);
    }

    function test_anOfferIsReplacedOrEndedAndLicencesStand() public {
        Offer memory first = _offer(made, 100);
        bytes32 offerId = _offered(first);
        _buy(first);
        Offer memory second = _offer(made, 200);
        vm.expectEmit(address(market));
        emit ILicenseMarket.OfferEnded(offerId);
        vm.prank(artist.wallet);
        bytes32 other = market.offer(second, offerId);
        reverts(_notBought(first, ILicenseMarket.Problem.Ended));
        _buy(first);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotTheirs.selector, other, stranger.wallet));
        vm.prank(stranger.wallet);
        market.end(other);
        vm.startPrank(artist.wallet);
        market.end(other);
        market.end(other);
        vm.stopPrank();
        reverts(_notBought(second, ILicenseMarket.Problem.Ended));
        _buy(second);
        yes(market.isAllowed(_subject(address(data), made.id), developer.wallet, TRAIN), "what was sold stands");
        reverts(ILicenseMarket.LicenseMarket_NotTheirs.selector);
        market.end("nothing");
    }

    function test_RevertWhen_whatIsReplacedIsAnothers() public {
        Made memory other = _collect(studio.wallet, 2, gated);
        vm.prank(studio.wallet);
        bytes32 theirs = market.offer(_offer(other, 1), 0);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotTheirs.selector, theirs, artist.wallet));
        vm.prank(artist.wallet);
        market.offer(_offer(made, 100), theirs);
    }

    // What cannot be bought

    function test_RevertWhen_neverOfferedClosedSoldOutOrChangedHands() public {
        Offer memory offer = _offer(made, 100);
        reverts(_notBought(offer, ILicenseMarket.Problem.NotOffered));
        _buy(offer);
        offer.until = uint64(START + 10);
        offer.supply = 1;
        _offered(offer);
        // Exact price protection: a word changed is another offer.
        Offer memory cheaper = _offer(made, 99);
        (cheaper.until, cheaper.supply) = (offer.until, offer.supply);
        reverts(_notBought(cheaper, ILicenseMarket.Problem.NotOffered));
        _buy(cheaper);
        vm.warp(START + 11);
        reverts(_notBought(offer, ILicenseMarket.Problem.Closed));
        _buy(offer);
        vm.warp(START + 10);
        vm.startPrank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        rights.transferFrom(artist.wallet, studio.wallet, tokenId);
        vm.stopPrank();
        reverts(_notBought(offer, ILicenseMarket.Problem.HolderChanged));
        _buy(offer);
        vm.prank(studio.wallet);
        rights.transferFrom(studio.wallet, artist.wallet, tokenId);
        _buy(offer);
        reverts(_notBought(offer, ILicenseMarket.Problem.SoldOut));
        _buy(offer);
        Purchase memory nobody = _purchase(_offer(made, 5), address(0));
        _offered(nobody.offer);
        yes(_problem(nobody) == ILicenseMarket.Problem.NotForThem, "nobody is licensed");
    }

    function test_onlyNamedBuyersBuy() public {
        bytes32 a = keccak256(bytes.concat(keccak256(abi.encode(developer.wallet))));
        bytes32 b = keccak256(bytes.concat(keccak256(abi.encode(creator.wallet))));
        Offer memory offer = _offer(made, 100);
        offer.buyers = a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
        _offered(offer);
        reverts(_notBought(offer, ILicenseMarket.Problem.NotForThem));
        _buy(offer);
        Purchase memory purchase = _purchase(offer, developer.wallet);
        purchase.proof = new bytes32[](1);
        purchase.proof[0] = b;
        vm.startPrank(buyer.wallet);
        market.buy{value: 100}(purchase);
        // The proof is of the licensee, not of who pays.
        purchase.licensee = buyer.wallet;
        reverts(_notBought(offer, ILicenseMarket.Problem.NotForThem));
        market.buy{value: 100}(purchase);
        vm.stopPrank();
        // A single one needs no proof.
        offer.buyers = a;
        _offered(offer);
        _buy(offer);
    }

    // Many

    function _many(uint256 count, uint256 price) private returns (Purchase[] memory purchases) {
        purchases = new Purchase[](count);
        for (uint256 i; i < count; ++i) {
            Offer memory offer = _offer(_collect(artist.wallet, 100 + i, gated), price);
            _offered(offer);
            purchases[i] = _purchase(offer, developer.wallet);
        }
    }

    function test_manyAreBoughtInOne() public {
        Purchase[] memory purchases = _many(5, 10);
        vm.prank(buyer.wallet);
        uint256 bought = market.buyMany{value: 60}(purchases, false, new Permit[](0), new ILicenseMarket.Due[](0));
        eq(bought, 5, "all");
        eq(artist.wallet.balance, 50, "paid");
        eq(address(market).balance, 0, "nothing stays");
    }

    function test_whatIsGoneIsPassedOverIfAskedTo() public {
        Purchase[] memory purchases = _many(4, 10);
        purchases[1].offer.price = 9;
        TwistingToken lying = new TwistingToken();
        purchases[2].offer.token = address(lying);
        _offered(purchases[2].offer);
        uint256 before = buyer.wallet.balance;
        bytes32 second = market.offerIdOf(purchases[1].offer);
        vm.expectEmit(address(market));
        emit ILicenseMarket.PurchaseSkipped(second, developer.wallet, ILicenseMarket.Problem.NotOffered);
        bytes32 third = market.offerIdOf(purchases[2].offer);
        vm.expectEmit(address(market));
        emit ILicenseMarket.PurchaseSkipped(third, developer.wallet, ILicenseMarket.Problem.NotPaid);
        vm.prank(buyer.wallet);
        uint256 bought = market.buyMany{value: 60}(purchases, true, new Permit[](0), new ILicenseMarket.Due[](0));
        eq(bought, 2, "the others");
        eq(buyer.wallet.balance, before - 20, "and only they are paid");
        (, uint32 sold,) = market.standingOf(third);
        eq(sold, 0, "what was not paid was not sold");
        no(market.isAllowed(_subject(address(data), purchases[2].offer.id), developer.wallet, TRAIN), "nor licensed");
        reverts(
            abi.encodeWithSelector(
                ILicenseMarket.LicenseMarket_NotBought.selector, 1, second, ILicenseMarket.Problem.NotOffered
            )
        );
        vm.prank(buyer.wallet);
        market.buyMany{value: 60}(purchases, false, new Permit[](0), new ILicenseMarket.Due[](0));
    }

    function test_RevertWhen_somebodyElseBuysForThePayer() public {
        Purchase[] memory purchases = _many(1, 10);
        bytes32 offerId = market.offerIdOf(purchases[0].offer);
        reverts(ILicenseMarket.LicenseMarket_NotItself.selector);
        market.buyItself(offerId, purchases[0], buyer.wallet, 1);
    }

    // Executing what was made due

    function test_aSaleExecutesWhatItMadeDue() public {
        address income = vm.deployCode("IncomeThreshold.sol", abi.encode(splitter));
        Offer memory offer = _offer(made, 1000);
        _offered(offer);
        vm.startPrank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        Condition[] memory conditions = new Condition[](1);
        conditions[0] = Condition(income, abi.encode(_subject(address(data), made.id), ETHER, 1000, 0));
        rights.schedule(tokenId, creator.wallet, conditions, uint64(START + 1 days));
        vm.stopPrank();
        Purchase[] memory purchases = new Purchase[](1);
        purchases[0] = _purchase(offer, developer.wallet);
        ILicenseMarket.Due[] memory due = new ILicenseMarket.Due[](2);
        due[0] = ILicenseMarket.Due(
            address(rights), Schedule(tokenId, 0, artist.wallet, creator.wallet, conditions, uint64(START + 1 days))
        );
        due[1] = ILicenseMarket.Due(stranger.wallet, due[0].schedule);
        vm.prank(buyer.wallet);
        market.buyMany{value: 1000}(purchases, false, new Permit[](0), due);
        eq(rights.ownerOf(tokenId), creator.wallet, "in the same transaction");
        // The second time it is not due any more, and the offer has lapsed with the holder.
        reverts(
            abi.encodeWithSelector(
                ILicenseMarket.LicenseMarket_NotBought.selector,
                0,
                market.offerIdOf(offer),
                ILicenseMarket.Problem.HolderChanged
            )
        );
        vm.prank(buyer.wallet);
        market.buyMany{value: 1000}(purchases, false, new Permit[](0), due);
    }

    // Reentering

    function test_nobodyGetsInWhileSomethingIsBought() public {
        ReenteringToken currency = new ReenteringToken();
        currency.mint(buyer.wallet, 200);
        vm.prank(buyer.wallet);
        currency.approve(address(market), 200);
        Offer memory offer = _offer(made, 100);
        offer.token = address(currency);
        _offered(offer);
        Offer memory free = _offer(made, 0);
        _offered(free);
        currency.arm(address(market), abi.encodeCall(market.buy, (_purchase(free, stranger.wallet))));
        _buy(offer);
        eq(currency.gotIn(), 0, "not the token");
        Reentering payee = new Reentering();
        Made memory theirs = _collect(address(payee), 9, gated);
        Offer memory other = _offer(theirs, 100);
        vm.prank(address(payee));
        market.offer(other, 0);
        payee.set(address(market), abi.encodeCall(market.buy, (_purchase(free, stranger.wallet))));
        vm.prank(buyer.wallet);
        market.buy{value: 100}(_purchase(other, developer.wallet));
        yes(payee.called(), "it tried");
        no(payee.succeeded(), "nor the payee");
        // Nor the payer, whose rest comes back to it.
        Reentering payer = new Reentering();
        vm.deal(address(payer), 101);
        payer.set(address(market), abi.encodeCall(market.buy, (_purchase(free, stranger.wallet))));
        vm.prank(address(payer));
        market.buy{value: 101}(_purchase(other, developer.wallet));
        yes(payer.called(), "it tried");
        no(payer.succeeded(), "in vain");
        (, uint32 sold,) = market.standingOf(market.offerIdOf(free));
        eq(sold, 0, "nothing was bought on the side");
    }

    function test_aRegistryOfSomebodysOwnHarmsNobodyElse() public {
        AnyRegistry registry = new AnyRegistry();
        registry.setRegistrant("id", stranger.wallet);
        registry.setPayee("id", _wallet(stranger.wallet));
        Offer memory offer = _offer(made, 10);
        (offer.registry, offer.id) = (address(registry), "id");
        vm.prank(stranger.wallet);
        market.offer(offer, 0);
        Purchase[] memory purchases = _many(2, 10);
        purchases[0] = _purchase(offer, developer.wallet);
        for (uint256 mood; mood < 4; ++mood) {
            registry.setMood(AnyRegistry.Mood(mood));
            vm.prank(buyer.wallet);
            uint256 bought = market.buyMany{value: 20, gas: 20_000_000}(
                purchases, true, new Permit[](0), new ILicenseMarket.Due[](0)
            );
            yes(bought == 2, "what it does not answer waits in its subject");
        }
        eq(artist.wallet.balance, 40, "the other's");
    }
}
