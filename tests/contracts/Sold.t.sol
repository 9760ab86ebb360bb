// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {ILicenseMarket} from "../../contracts/interfaces/ILicenseMarket.sol";
import {Approval} from "../../contracts/interfaces/ISigned.sol";
import {Offer, Permit, Purchase} from "../../contracts/types/Offer.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Selling} from "./utils/Selling.sol";
import {AnyRegistry} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

// Promises 2 and 7: what was bought can be used until it ends, whoever revokes what and whenever.
contract SoldTest is Selling {
    uint32 private constant NEVER = type(uint32).max;
    uint256 private constant FOREVER = 2 ** 36 - 1;

    function _noticed(uint32 notice, uint64 validUntil) private returns (Made memory) {
        return _collect(artist.wallet, 100, data.defineTerms(_gatedTerms(notice, validUntil)));
    }

    function _for(Made memory of_, uint64 duration) private view returns (Offer memory offer) {
        offer = _offer(of_, 0);
        offer.duration = duration;
    }

    function _tooLong(uint256 duration, uint256 longest) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ILicenseMarket.LicenseMarket_TooLong.selector, duration, longest);
    }

    function _revoke(Made memory of_) private {
        vm.prank(artist.wallet);
        data.revoke(of_.id);
    }

    function _until(Made memory of_, uint256 use) private view returns (uint256) {
        return market.licensedUntil(_subject(address(data), of_.id), developer.wallet, use);
    }

    function _usable(Made memory of_) private view returns (bool) {
        return data.mayUse(of_.id, developer.wallet, TRAIN);
    }

    // How long it is sure

    function test_whatIsGrantedNowIsSureForTheNoticeToTheSecond() public {
        Made memory with = _noticed(100, 0);
        eq(data.sureUntil(with.id), START + 99, "a hundred seconds with this one");
        eq(data.sureUntil(_noticed(0, 0).id), START - 1, "none");
        eq(data.sureUntil(_noticed(100, uint64(START + 50)).id), START + 50, "valid no longer");
        eq(data.sureUntil(_noticed(100, uint64(START + 99)).id), START + 99, "as long");
        eq(data.sureUntil(_noticed(NEVER - 1, 0).id), START + NEVER - 2, "the longest that ends");
        eq(data.sureUntil(_noticed(NEVER, uint64(START + 9)).id), START + 9, "irrevocable, and expires");
        eq(data.sureUntil(_noticed(NEVER, 0).id), type(uint256).max, "without end");
        eq(data.sureUntil("nothing"), 0, "no collection");
        _revoke(with);
        eq(data.sureUntil(with.id), 0, "revoked: nothing more is granted");
        yes(data.wasUsable(with.id, START + 99), "what was granted is usable");
        no(data.wasUsable(with.id, START + 100), "for as long");
    }

    function testFuzz_nothingEndsWhatWasSure(uint32 notice, uint64 validUntil, uint32 later, uint32 when) public {
        Made memory with = _noticed(notice, validUntil);
        uint256 sure = data.sureUntil(with.id);
        when = uint32(bound(when, START, NEVER));
        vm.warp(bound(later, START, when));
        if (notice != NEVER) _revoke(with);
        yes(when > sure || data.wasUsable(with.id, when), "revoked at any time since");
    }

    // Irrevocable

    function test_RevertWhen_irrevocableConsentIsRevoked() public {
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_Irrevocable.selector, made.id));
        _revoke(made);
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Revocation(address provider,bytes32 collection,uint256 nonce,uint256 deadline)"),
                artist.wallet,
                made.id,
                1,
                START
            )
        );
        Approval memory approval = _approve(artist, _digest("Kiseki DataRegistry", address(data), structHash), 1, START);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_Irrevocable.selector, made.id));
        data.revokeFor(artist.wallet, made.id, approval);
        no(data.isNonceUsed(artist.wallet, 1), "nor is the signature used up");
        eq(data.status(made.id).endsAt, 0, "without end");
        // One second less is a notice like any other.
        _revoke(_noticed(NEVER - 1, 0));
    }

    // Offering

    function test_RevertWhen_theMarketIsNotTheGate() public {
        Made memory open = _collect(artist.wallet, 2, trainingTerms);
        reverts(
            abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotTheGate.selector, address(data), open.id, address(0))
        );
        _offered(_for(open, 0));
        Terms memory terms = _gatedTerms(NEVER, 0);
        terms.gate = address(list);
        Made memory listed = _collect(artist.wallet, 3, data.defineTerms(terms));
        reverts(
            abi.encodeWithSelector(
                ILicenseMarket.LicenseMarket_NotTheGate.selector, address(data), listed.id, address(list)
            )
        );
        _offered(_for(listed, 0));
    }

    function test_RevertWhen_theTermsForbidTheUse() public {
        Terms memory terms = _training(0, 0);
        (terms.gate, terms.noticeSeconds) = (address(market), NEVER);
        Made memory training = _collect(artist.wallet, 2, data.defineTerms(terms));
        Offer memory offer = _for(training, 0);
        offer.uses = TRAIN | READ;
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_UseNotAllowed.selector, TRAIN | READ, TRAIN));
        _offered(offer);
        // Outputs are registered of models, not of collections.
        offer = _for(made, 0);
        offer.uses = GENERATE;
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_UseNotAllowed.selector, GENERATE, 63));
        _offered(offer);
    }

    function test_RevertWhen_itWasRevoked() public {
        Made memory with = _noticed(100, 0);
        _revoke(with);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_Revoked.selector, with.id));
        _offered(_for(with, 1));
    }

    function test_RevertWhen_itLastsLongerThanTheNotice() public {
        Made memory none = _noticed(0, 0);
        reverts(_tooLong(1, 0));
        _offered(_for(none, 1));
        Made memory with = _noticed(100, 0);
        reverts(_tooLong(101, 100));
        _offered(_for(with, 101));
        reverts(_tooLong(0, 100));
        _offered(_for(with, 0));
        reverts(_tooLong(type(uint64).max, 100));
        _offered(_for(with, type(uint64).max));
        _offered(_for(with, 100));
        // The longest notice that is one does not make it endless.
        Made memory century = _noticed(NEVER - 1, 0);
        reverts(_tooLong(0, NEVER - 1));
        _offered(_for(century, 0));
        _offered(_for(century, NEVER - 1));
    }

    function test_RevertWhen_itLastsLongerThanTheTermsAreValid() public {
        Made memory expires = _noticed(NEVER, uint64(START + 50));
        reverts(_tooLong(52, 51));
        _offered(_for(expires, 52));
        reverts(_tooLong(0, 51));
        _offered(_for(expires, 0));
        _offered(_for(expires, 51));
        vm.warp(START + 51);
        reverts(_tooLong(1, 0));
        _offered(_for(expires, 1));
        // Valid past all that a licence can say is still not without end.
        Made memory late = _noticed(NEVER, type(uint64).max);
        reverts(ILicenseMarket.LicenseMarket_TooLong.selector);
        _offered(_for(late, 0));
    }

    // Buying

    function test_whatWasBoughtIsUsableToItsLastSecondThoughRevokedAtOnce() public {
        Made memory with = _noticed(100, 0);
        Offer memory offer = _for(with, 100);
        _offered(offer);
        _buy(offer);
        _revoke(with);
        reverts(_notBought(offer, ILicenseMarket.Problem.Revoked));
        _buy(offer);
        uint256 last = market.licensedUntil(_subject(address(data), with.id), developer.wallet, TRAIN);
        vm.warp(last);
        yes(_usable(with), "its last second");
        Sources memory sources = _sources(with);
        vm.prank(developer.wallet);
        models.register(_modelSpec(1, freeTerms), sources);
        vm.warp(last + 1);
        no(_usable(with), "then not");
    }

    function test_renewalsDoNotGoPastTheNotice() public {
        Made memory with = _noticed(100, 0);
        Offer memory offer = _for(with, 60);
        _offered(offer);
        _buy(offer);
        eq(_until(with, TRAIN), START + 59, "sixty seconds with this one");
        _buy(offer);
        eq(_until(with, TRAIN), START + 99, "the notice, and not twice sixty");
        _buy(offer);
        eq(_until(with, TRAIN), START + 99, "there is no more");
        vm.warp(START + 20);
        _buy(offer);
        eq(_until(with, TRAIN), START + 119, "the notice from now");
        _revoke(with);
        vm.warp(START + 119);
        yes(_usable(with), "its last second");
    }

    // Each use goes on from its own end, and only what is bought does.
    function test_onlyTheUsesThatAreBoughtGoOn() public {
        Made memory with = _noticed(100, 0);
        Offer memory offer = _for(with, 90);
        _offered(offer);
        _buy(offer);
        (offer.uses, offer.duration) = (TRAIN | READ, 30);
        _offered(offer);
        _buy(offer);
        eq(_until(with, TRAIN), START + 99, "to what is sure");
        eq(_until(with, READ), START + 29, "for its seconds");
        eq(_until(with, 1), 0, "not bought");
    }

    // Free licences from a rival: whoever has a use for long buys another with it all the same, and loses nothing.
    function test_nobodyKeepsALicenseeFromBuyingByGivingThemLicences() public {
        Made memory with = _noticed(30 days, 0);
        Offer memory trial = _for(with, 1 days);
        trial.uses = READ;
        Offer memory full = _for(with, 30 days);
        full.uses = READ | TRAIN;
        _offered(trial);
        _offered(full);
        // Counted beside: within a transaction the other code generator reads the time of the block only once.
        uint256 today = block.timestamp;
        for (uint256 day; day < 40; ++day) {
            vm.prank(stranger.wallet);
            market.buy(_purchase(trial, developer.wallet));
            vm.prank(stranger.wallet);
            market.buy(_purchase(trial, developer.wallet));
            uint256 snapshot = vm.snapshotState();
            _buy(full);
            eq(_until(with, TRAIN), today + 30 days - 1, "all that was offered");
            yes(_until(with, READ) >= today + 30 days - 1, "of either");
            vm.revertToState(snapshot);
            today += 1 days;
            vm.warp(today);
        }
    }

    // What is shown before is the least that is bought, whoever gives, ends or waits in between, for the same price.
    function testFuzz_whatIsShownIsTheLeastThatIsBought(uint256 seed) public {
        uint256[3] memory notices = [uint256(100), 1000, NEVER - 1];
        Made memory with = _noticed(uint32(notices[seed % 3]), seed % 2 == 0 ? uint64(START + 300) : 0);
        Offer[4] memory offers;
        for (uint256 i; i < 4; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            offers[i] = _for(with, uint64(1 + dice % 100));
            (offers[i].uses, offers[i].salt) = (1 + (dice >> 64) % 63, bytes32(i));
            _offered(offers[i]);
        }
        for (uint256 i; i < 8; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, "wanted", i)));
            Purchase memory wanted = _purchase(offers[dice % 4], developer.wallet);
            (,, uint256 shown) = market.problemOf(wanted);
            for (uint256 j; j < dice >> 8 & 3; ++j) {
                Offer memory other = offers[(dice >> (16 + 2 * j)) % 4];
                vm.prank(stranger.wallet);
                try market.buy(_purchase(other, developer.wallet)) {} catch {}
            }
            vm.warp(block.timestamp + (dice >> 32) % 40);
            (, uint256 got) = _bought(wanted);
            if (got == 0) continue;
            for (uint256 use; use < 6; ++use) {
                uint256 until = got >> 36 * use & 2 ** 36 - 1;
                yes(until >= shown >> 36 * use & 2 ** 36 - 1, "no less than was shown");
                if (wanted.offer.uses >> use & 1 == 0) continue;
                yes(until + 1 >= block.timestamp + wanted.offer.duration, "its seconds from now at least");
                yes(until <= data.sureUntil(with.id), "and all of them sure");
            }
        }
    }

    /// @return problem None where it was bought.
    /// @return licence What the licensee has then; zero where it was not.
    function _bought(Purchase memory purchase) private returns (ILicenseMarket.Problem problem, uint256 licence) {
        (problem,, licence) = market.problemOf(purchase);
        if (problem != ILicenseMarket.Problem.None) return (problem, 0);
        vm.expectEmit(address(market));
        emit ILicenseMarket.LicenceBought(
            market.offerIdOf(purchase.offer),
            _subject(purchase.offer.registry, purchase.offer.id),
            purchase.licensee,
            buyer.wallet,
            licence
        );
        vm.prank(buyer.wallet);
        market.buy(purchase);
    }

    // A studio buys for its trainers; the event says who paid.
    function test_anybodyMayPayAndIsNamed() public {
        (, uint256 licence) = _bought(_purchase(_offeredFor(made), developer.wallet));
        eq(licence, FOREVER << 36 * 3, "training, without end");
        yes(_usable(made), "and the trainer may");
    }

    function _offeredFor(Made memory of_) private returns (Offer memory offer) {
        offer = _for(of_, 0);
        _offered(offer);
    }

    function test_validityIsLookedAtWhenItIsBought() public {
        Made memory expires = _noticed(NEVER, uint64(START + 50));
        Offer memory offer = _for(expires, 51);
        _offered(offer);
        vm.warp(START + 1);
        reverts(_notBought(offer, ILicenseMarket.Problem.TooLong));
        _buy(offer);
    }

    function test_irrevocableConsentIsSoldForEver() public {
        Offer memory offer = _for(made, 0);
        _offered(offer);
        _buy(offer);
        vm.warp(START + 80 * 365 days);
        yes(_usable(made), "and there is nobody who could end it");
    }

    function test_whatCannotBeUsedIsPassedOverAndSaid() public {
        Made memory with = _noticed(100, 0);
        Made memory other = _collect(artist.wallet, 101, data.defineTerms(_gatedTerms(100, 0)));
        Purchase[] memory purchases = new Purchase[](3);
        purchases[0] = _purchase(_for(with, 60), developer.wallet);
        // Sure for fifty seconds when it was offered, for one less when it is bought.
        purchases[1] = _purchase(_for(_noticed(100, uint64(START + 49)), 50), developer.wallet);
        purchases[2] = _purchase(_for(other, 60), developer.wallet);
        _offered(purchases[0].offer);
        _offered(purchases[1].offer);
        _offered(purchases[2].offer);
        _revoke(other);
        vm.warp(START + 1);
        vm.expectEmit(address(market));
        emit ILicenseMarket.PurchaseSkipped(
            market.offerIdOf(purchases[1].offer), developer.wallet, ILicenseMarket.Problem.TooLong
        );
        vm.expectEmit(address(market));
        emit ILicenseMarket.PurchaseSkipped(
            market.offerIdOf(purchases[2].offer), developer.wallet, ILicenseMarket.Problem.Revoked
        );
        eq(market.buyMany(purchases, true, new Permit[](0), new ILicenseMarket.Due[](0)), 1, "the first");
    }

    // Models

    function _modelBehind(Terms memory terms) private returns (Offer memory offer) {
        terms.gate = address(market);
        (bytes32 model,) = _train(7, data.defineTerms(terms));
        (offer.registry, offer.id, offer.uses) = (address(models), model, GENERATE);
        offer.supply = 1000;
    }

    function _offeredByDeveloper(Offer memory offer) private {
        vm.prank(developer.wallet);
        market.offer(offer, 0);
    }

    function test_aModelSellsWhatItsTermsAllowAndGeneration() public {
        Offer memory offer = _modelBehind(_training(0, 0));
        offer.uses = TRAIN | GENERATE;
        _offeredByDeveloper(offer);
        (, bool opens,) = market.problemOf(_purchase(offer, creator.wallet));
        yes(opens, "asked for by the registry of outputs");
        offer.uses = READ;
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_UseNotAllowed.selector, READ, TRAIN | GENERATE));
        _offeredByDeveloper(offer);
        Terms memory terms = _training(0, 0);
        (bytes32 open,) = _train(8, data.defineTerms(terms));
        (offer.id, offer.uses) = (open, GENERATE);
        reverts(
            abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotTheGate.selector, address(models), open, address(0))
        );
        _offeredByDeveloper(offer);
    }

    function test_aModelSellsNothingPastTheEndOfItsTerms() public {
        Terms memory terms = _training(0, 0);
        terms.validUntil = uint64(START + 50);
        Offer memory offer = _modelBehind(terms);
        reverts(_tooLong(0, 51));
        _offeredByDeveloper(offer);
        offer.duration = 40;
        _offeredByDeveloper(offer);
        vm.prank(buyer.wallet);
        market.buy(_purchase(offer, creator.wallet));
        vm.prank(buyer.wallet);
        market.buy(_purchase(offer, creator.wallet));
        eq(
            market.licensedUntil(_subject(address(models), offer.id), creator.wallet, GENERATE),
            START + 50,
            "to the end of its terms, and not twice forty"
        );
        vm.warp(START + 12);
        vm.prank(buyer.wallet);
        reverts(_notBought(offer, ILicenseMarket.Problem.TooLong));
        market.buy(_purchase(offer, buyer.wallet));
        vm.warp(START + 39);
        bytes32[] memory commitments = new bytes32[](1);
        Sources memory sources = _onModel(offer.id);
        vm.prank(creator.wallet);
        outputs.register(commitments, _batchSpec(1), sources);
    }

    // What opens nothing

    function test_whatIsNoCollectionOrModelOpensNothingAndSaysSo() public {
        AnyRegistry registry = new AnyRegistry();
        registry.setRegistrant("id", artist.wallet);
        Offer memory offer = _offer(made, 0);
        (offer.registry, offer.id, offer.uses) = (address(registry), "id", 127);
        _offered(offer);
        (ILicenseMarket.Problem problem, bool opens,) = market.problemOf(_purchase(offer, developer.wallet));
        yes(problem == ILicenseMarket.Problem.None && !opens, "another registry's");
        _buy(offer);
        offer.registry = address(outputs);
        (, opens,) = market.problemOf(_purchase(offer, developer.wallet));
        no(opens, "a batch");
    }

    // While the rights are locked

    function test_whileItIsLockedNobodyOffersOrReplacesAndWhatStandsGoesOn() public {
        Offer memory standing = _offer(made, 10);
        bytes32 offerId = _offered(standing);
        Condition[] memory conditions = new Condition[](1);
        conditions[0] = Condition(vm.deployCode("AfterTime.sol"), abi.encode(START + 1 days));
        vm.startPrank(artist.wallet);
        market.setDelegate(studio.wallet, true);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        bytes32 scheduleId = rights.schedule(tokenId, creator.wallet, conditions, uint64(START + 2 days));
        vm.stopPrank();
        bytes memory locked = abi.encodeWithSelector(ILicenseMarket.LicenseMarket_Locked.selector, tokenId, scheduleId);
        Offer memory cheaper = _offer(made, 1);
        reverts(locked);
        _offered(cheaper);
        reverts(locked);
        vm.prank(artist.wallet);
        market.offer(cheaper, offerId);
        reverts(locked);
        vm.prank(studio.wallet);
        market.offer(cheaper, 0);
        _buy(standing);
        eq(artist.wallet.balance, 10, "what stands is sold, and paid as ever");
        vm.prank(studio.wallet);
        market.end(offerId);
        // Once it is theirs the new holder sells.
        Schedule memory schedule =
            Schedule(tokenId, 0, artist.wallet, creator.wallet, conditions, uint64(START + 2 days));
        vm.warp(START + 1 days);
        rights.execute(schedule);
        vm.prank(creator.wallet);
        market.offer(cheaper, 0);
    }
}
