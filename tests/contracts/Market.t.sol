// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {LicenseMarket} from "../../contracts/LicenseMarket.sol";
import {ILicenseMarket} from "../../contracts/interfaces/ILicenseMarket.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {Offer, Permit, Purchase} from "../../contracts/types/Offer.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {ReenteringToken, TwistingToken} from "./utils/HostileTokens.sol";
import {AnyRegistry, FeeToken, Reentering, Rejecting} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

contract PermitToken is ERC20Permit {
    constructor() ERC20("Yen", "JPY") ERC20Permit("Yen") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Keeps one part in a hundred of what is sent to one address.
contract TollToken is ERC20 {
    address private immutable BEHIND;

    constructor(address behind) ERC20("Toll", "TOLL") {
        BEHIND = behind;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (to == BEHIND) super._update(to, address(0), amount / 100);
    }
}

/// @notice A market, and a collection of the artist's behind it.
abstract contract Selling is Base {
    LicenseMarket internal market;
    bytes32 internal gated;
    Made internal made;

    function setUp() public virtual override {
        super.setUp();
        market = new LicenseMarket(splitter, rights, data, models, address(outputs));
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
        (problem,) = market.problemOf(purchase);
    }

    function _notBought(Offer memory offer, ILicenseMarket.Problem problem) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotBought.selector, 0, market.offerIdOf(offer), problem);
    }
}

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
        (ILicenseMarket.Problem problem, bool opens) = market.problemOf(_purchase(offer, developer.wallet));
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

    // Paying

    function test_thePriceIsPaidInTheSameTransactionAndTheRestComesBack() public {
        Offer memory offer = _offer(made, 100);
        bytes32 offerId = _offered(offer);
        uint256 before = buyer.wallet.balance;
        vm.prank(buyer.wallet);
        market.buy{value: 150}(_purchase(offer, developer.wallet));
        eq(buyer.wallet.balance, before - 100, "the price and no more");
        eq(artist.wallet.balance, 100, "the artist has it");
        eq(splitter.income(_subject(address(data), made.id), ETHER), 100, "income of the collection");
        (, uint32 sold,) = market.standingOf(offerId);
        eq(sold, 1, "counted");
    }

    function test_tokensToo() public {
        Offer memory offer = _offer(made, 100);
        offer.token = address(token);
        _offered(offer);
        uint256 before = token.balanceOf(buyer.wallet);
        _buy(offer);
        _buy(offer);
        eq(token.balanceOf(buyer.wallet), before - 200, "the price");
        eq(token.balanceOf(artist.wallet), 200, "the artist has it");
        eq(token.balanceOf(address(market)), 0, "nothing stays");
    }

    function test_whatCostsNothingPaysNothing() public {
        Offer memory offer = _offer(made, 0);
        _offered(offer);
        _buy(offer);
        yes(market.isAllowed(_subject(address(data), made.id), developer.wallet, TRAIN), "licensed");
    }

    function test_RevertWhen_tooLittleEtherOrTheRestCannotComeBack() public {
        Offer memory offer = _offer(made, 100);
        _offered(offer);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotEnoughEther.selector, 100, 99));
        vm.prank(buyer.wallet);
        market.buy{value: 99}(_purchase(offer, developer.wallet));
        vm.etch(buyer.wallet, address(new Rejecting()).code);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_RefundFailed.selector, buyer.wallet, 1));
        vm.prank(buyer.wallet);
        market.buy{value: 101}(_purchase(offer, developer.wallet));
    }

    function test_whatSomebodyLostAtTheMarketStopsNobody() public {
        token.mint(address(market), 5);
        token.mint(buyer.wallet, 1000);
        vm.prank(buyer.wallet);
        token.approve(address(market), 1000);
        Offer memory offer = _offer(made, 1000);
        offer.token = address(token);
        _offered(offer);
        _buy(offer);
        eq(token.balanceOf(artist.wallet), 1000, "the price");
        eq(token.balanceOf(address(market)), 5, "and no more");
    }

    function test_RevertWhen_aTokenTakesAFeeOrLies() public {
        FeeToken fee = new FeeToken();
        fee.mint(buyer.wallet, 1000);
        vm.prank(buyer.wallet);
        fee.approve(address(market), 1000);
        Offer memory offer = _offer(made, 1000);
        offer.token = address(fee);
        _offered(offer);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotThePrice.selector, address(fee), 1000, 990));
        _buy(offer);
        TollToken toll = new TollToken(address(splitter));
        toll.mint(buyer.wallet, 1000);
        vm.prank(buyer.wallet);
        toll.approve(address(market), 1000);
        offer.token = address(toll);
        _offered(offer);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotThePrice.selector, address(toll), 1000, 990));
        _buy(offer);
        TwistingToken lying = new TwistingToken();
        offer.token = address(lying);
        _offered(offer);
        lying.setMood(TwistingToken.Mood.Idle);
        reverts(abi.encodeWithSelector(ILicenseMarket.LicenseMarket_NotThePrice.selector, address(lying), 1000, 0));
        _buy(offer);
    }

    function test_aModelsSaleIsIncomeOfItsSplitAndReachesTheArtists() public {
        Terms memory asks = _training(1000, 0);
        asks.gate = address(market);
        (bytes32 model, Made memory source) = _train(7, data.defineTerms(asks));
        Composed memory composed =
            _compose(model, _one(source), new bytes32[](0), new uint256[](0), 1000, _wallet(developer.wallet));
        Offer memory offer = _offer(made, 1000);
        (offer.registry, offer.id, offer.uses) = (address(models), model, GENERATE);
        vm.prank(developer.wallet);
        market.offer(offer, 0);
        Purchase memory purchase = _purchase(offer, creator.wallet);
        purchase.opening = composed.opening;
        vm.prank(buyer.wallet);
        market.buy{value: 1000}(purchase);
        bytes32 split = SumTrees.key(composed.opening);
        eq(splitter.income(split, ETHER), 1000, "income of the model's split");
        // The opening cannot lead anywhere else, and needs not be shown again.
        purchase.opening = SumTrees.opening(_split(buyer.wallet, 1, stranger.wallet, 1), "");
        vm.startPrank(buyer.wallet);
        vm.expectRevert();
        market.buy{value: 1000}(purchase);
        purchase.opening = "";
        market.buy{value: 1000}(purchase);
        vm.stopPrank();
        eq(splitter.income(split, ETHER), 2000, "twice");
        splitter.claim(_share(composed.leaves, model, 0), ETHER, "");
        splitter.claim(_share(composed.dataLeaves, 0, 0), ETHER, abi.encodePacked(address(data), source.id));
        eq(artist.wallet.balance, 400, "20% of gross");
        splitter.claim(_share(composed.leaves, model, 1), ETHER, "");
        eq(developer.wallet.balance, 1600, "the rest");
    }

    function _one(Made memory only) private pure returns (Made[] memory list_) {
        list_ = new Made[](1);
        list_[0] = only;
    }

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

    // Permits

    function _permit(PermitToken yen, uint256 value) private view returns (Permit[] memory permits) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                buyer.wallet,
                address(market),
                value,
                yen.nonces(buyer.wallet),
                START + 1
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", yen.DOMAIN_SEPARATOR(), structHash));
        permits = new Permit[](1);
        (permits[0].v, permits[0].r, permits[0].s) = vm.sign(buyer.key, digest);
        (permits[0].token, permits[0].value, permits[0].deadline) = (address(yen), value, START + 1);
    }

    function test_aPermitThatSomebodyUsedBeforeHarmsNothing() public {
        PermitToken yen = new PermitToken();
        yen.mint(buyer.wallet, 300);
        Purchase[] memory purchases = new Purchase[](1);
        Offer memory offer = _offer(made, 100);
        offer.token = address(yen);
        _offered(offer);
        purchases[0] = _purchase(offer, developer.wallet);
        Permit[] memory permits = _permit(yen, 100);
        vm.prank(buyer.wallet);
        market.buyMany(purchases, false, permits, new ILicenseMarket.Due[](0));
        permits = _permit(yen, 200);
        Permit memory p = permits[0];
        vm.prank(stranger.wallet);
        IERC20Permit(address(yen)).permit(buyer.wallet, address(market), 200, p.deadline, p.v, p.r, p.s);
        vm.prank(buyer.wallet);
        market.buyMany(purchases, false, permits, new ILicenseMarket.Due[](0));
        eq(yen.balanceOf(artist.wallet), 200, "paid twice, as was asked");
        // One that is none at all is passed over, and the price is then not there.
        permits[0].token = stranger.wallet;
        vm.startPrank(buyer.wallet);
        yen.approve(address(market), 0);
        vm.expectRevert();
        market.buyMany(purchases, false, permits, new ILicenseMarket.Due[](0));
        vm.stopPrank();
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
