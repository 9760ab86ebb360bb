// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IWaterfall} from "../../contracts/interfaces/IWaterfall.sol";
import {Plan, Tier} from "../../contracts/types/Plan.sol";
import {Sources} from "../../contracts/types/Sources.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";
import {Falling} from "./utils/Falling.sol";

// Promise 4 as contracts between people put it
contract WaterfallExamplesTest is Falling {
    IWaterfall private _fall;

    function setUp() public override {
        super.setUp();
        _fall = IWaterfall(falls.create(_usual(ETHER)));
        vm.prank(buyer.wallet);
        token.approve(address(_fall), type(uint256).max);
    }

    function _payEther(uint256 amount) private {
        vm.prank(buyer.wallet);
        _fall.pay{value: amount}(ETHER, amount, "ref");
    }

    // Worked examples

    // A window's fee off the top: a split in front.
    function test_aFeeOffTheTop() public {
        SumTrees.Leaf[] memory leaves = _split(stranger.wallet, 10, address(_fall), 90);
        _pay(_key(leaves, ""), SumTrees.opening(leaves, ""), 1000);
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        splitter.claim(_share(leaves, "", 1), ETHER, "");
        _fall.pass(ETHER);
        eq(stranger.wallet.balance, 100, "the fee");
        _had(ETHER, 100, 50, 750);
    }

    // Investors recoup what they paid, then all share in the profit.
    function test_recoupmentThenProfit() public {
        SumTrees.Leaf[] memory investors = _split(studio.wallet, 2, buyer.wallet, 1);
        SumTrees.Leaf[] memory profit = _split(creator.wallet, 60, studio.wallet, 40);
        Plan memory plan = _usual(ETHER);
        plan.tiers = new Tier[](2);
        plan.tiers[0] = _tierOf(SumTrees.opening(investors, ""), 900);
        plan.tiers[1] = _tierOf(SumTrees.opening(profit, ""), 0);
        _fall = IWaterfall(falls.create(plan));
        _payEther(1000);
        splitter.claim(_share(investors, "", 0), ETHER, "");
        splitter.claim(_share(profit, "", 0), ETHER, "");
        splitter.claim(_share(profit, "", 1), ETHER, "");
        eq(studio.wallet.balance, 600 + 40, "recouped, and its share");
        eq(creator.wallet.balance, 60, "its share");
    }

    // A distributor pays 500 when it buys, and keeps what comes in until it has that back.
    function test_aMinimumGuaranteeIsRecoupedFirst() public {
        address distributor = developer.wallet;
        vm.deal(distributor, 500);
        vm.prank(distributor);
        splitter.deposit{value: 500}(_wallet(studio.wallet), "", ETHER, 500, "guarantee");
        SumTrees.Leaf[] memory shared = _split(studio.wallet, 70, distributor, 30);
        Plan memory plan = _usual(ETHER);
        plan.tiers = new Tier[](2);
        plan.tiers[0] = _tier(distributor, 500);
        plan.tiers[1] = _tierOf(SumTrees.opening(shared, ""), 0);
        _fall = IWaterfall(falls.create(plan));
        _payEther(499);
        _payEther(101);
        splitter.claim(_share(_only(distributor), "", 0), ETHER, "");
        splitter.claim(_share(shared, "", 0), ETHER, "");
        splitter.claim(_share(shared, "", 1), ETHER, "");
        eq(distributor.balance, 500 + 30, "its guarantee back, and its share");
        eq(studio.wallet.balance, 500 + 70, "the guarantee, and its share");
    }

    // The holder of a token has all until a threshold, and from then on shares it.
    function test_aTierCanBeARightsToken() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        bytes32 tokenId = bytes32(rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare()));
        SumTrees.Leaf[] memory shared = new SumTrees.Leaf[](2);
        shared[0] = SumTrees.Leaf(_subject(address(rights), tokenId), 70);
        shared[1] = SumTrees.Leaf(_wallet(creator.wallet), 30);
        Plan memory plan = _usual(ETHER);
        plan.tiers = new Tier[](2);
        plan.tiers[0] = _tierOf(abi.encodePacked(address(rights), tokenId), 100);
        plan.tiers[1] = _tierOf(SumTrees.opening(shared, ""), 0);
        _fall = IWaterfall(falls.create(plan));
        _payEther(200);
        splitter.claim(_share(shared, "", 0), ETHER, abi.encodePacked(address(rights), tokenId));
        splitter.claim(_share(shared, "", 1), ETHER, "");
        eq(artist.wallet.balance, 170, "the holder");
        eq(creator.wallet.balance, 30, "the creator");
    }

    // A series is a split over its cuts' batches, weighted by frames; what it earns reaches every cut's artists.
    function test_aTitleReachesEveryCutsArtists() public {
        uint96[3] memory frames = [uint96(120), 72, 48];
        SumTrees.Leaf[] memory title = new SumTrees.Leaf[](3);
        Composed[3] memory cuts;
        Made[3] memory sources;
        bytes32[3] memory batches;
        for (uint256 i; i < 3; ++i) {
            bytes32 model;
            (model, sources[i]) = _train(20 + i, freeTerms);
            Sources memory on = _onModel(model);
            bytes32 root = keccak256(abi.encode("cut", i));
            vm.prank(developer.wallet);
            batches[i] = outputs.commit(root, uint64(frames[i]), _batchSpec(1), on);
            bytes32[] memory own = new bytes32[](1);
            uint256[] memory owns = new uint256[](1);
            (own[0], owns[0]) = (models.modelOf(model).ownSplit, models.modelOf(model).own);
            cuts[i] = _compose(batches[i], new Made[](0), own, owns, 0, _wallet(developer.wallet));
            title[i] = SumTrees.Leaf(SumTrees.key(cuts[i].opening), frames[i]);
            eq(outputs.payeeOf(batches[i], address(0)), title[i].key, "the cut's split");
        }
        _pay(_key(title, "title"), SumTrees.opening(title, "title"), 24_000);
        for (uint256 i; i < 3; ++i) {
            splitter.claim(_share(title, "title", i), ETHER, "");
            eq(splitter.received(title[i].key, ETHER), 100 * frames[i], "by frames");
            splitter.claim(_share(cuts[i].leaves, batches[i], 1), ETHER, "");
        }
        eq(developer.wallet.balance, 24_000 * 8 / 10, "the creator of all three cuts, after 20% to the data");
    }
}
