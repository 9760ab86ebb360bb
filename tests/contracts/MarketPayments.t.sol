// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ILicenseMarket} from "../../contracts/interfaces/ILicenseMarket.sol";
import {Offer, Permit, Purchase} from "../../contracts/types/Offer.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {TwistingToken} from "./utils/HostileTokens.sol";
import {FeeToken, Rejecting} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";
import {Selling} from "./utils/Selling.sol";

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

// The price: exact, in any currency, and nothing stays at the market. Promise 4.
contract MarketPaymentsTest is Selling {
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
}
