// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LicenseMarket} from "../../contracts/LicenseMarket.sol";
import {Escrow} from "../../contracts/conditions/Escrow.sol";
import {IncomeThreshold} from "../../contracts/conditions/IncomeThreshold.sol";
import {ILicenseMarket} from "../../contracts/interfaces/ILicenseMarket.sol";
import {IWaterfall} from "../../contracts/interfaces/IWaterfall.sol";
import {Conditions} from "../../contracts/libraries/Conditions.sol";
import {Offer, Permit, Purchase} from "../../contracts/types/Offer.sol";
import {Plan} from "../../contracts/types/Plan.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Falling} from "./utils/Falling.sol";
import {HostileCondition} from "./utils/HostileConditions.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What conditional transfers, licences and waterfalls cost, as `Gas.t.sol` measures the rest.
/// forge-config: default.isolate = true
contract AgreementsGasTest is Falling {
    uint64 private constant DEADLINE = uint64(START + 1 days);

    function _measure(string memory name, address from, address to, uint256 value, bytes memory call_)
        private
        returns (uint256 gas)
    {
        vm.prank(from);
        (bool success, bytes memory reason) = to.call{value: value}(call_);
        if (!success) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
        gas = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("agreements", name, gas);
    }

    function test_schedules() public {
        IncomeThreshold income = new IncomeThreshold(splitter);
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        bytes32 payee = _wallet(studio.wallet);
        _pay(payee, "", 7);
        Condition[] memory conditions = new Condition[](1);
        conditions[0] = Condition(address(income), abi.encode(payee, ETHER, 1000, 0));
        bytes memory call_ = abi.encodeCall(rights.schedule, (tokenId, creator.wallet, conditions, DEADLINE));
        uint256 gas = _measure("rights schedule income", artist.wallet, address(rights), 0, call_);
        yes(gas <= 150_000, "schedule");
        conditions[0].data = abi.encode(payee, ETHER, 1000, 7);
        Schedule memory schedule = Schedule(tokenId, 0, artist.wallet, creator.wallet, conditions, DEADLINE);
        _pay(payee, "", 1000);
        call_ = abi.encodeCall(rights.execute, (schedule));
        gas = _measure("rights execute income", stranger.wallet, address(rights), 0, call_);
        yes(gas <= 90_000, "execute");
        Escrow escrow = new Escrow(rights);
        conditions[0] = Condition(address(escrow), abi.encode(ETHER, 1000));
        vm.prank(creator.wallet);
        bytes32 scheduleId = rights.schedule(tokenId, artist.wallet, conditions, DEADLINE);
        call_ = abi.encodeCall(escrow.pay, (scheduleId, ETHER, 1000));
        _measure("escrow pay ether", buyer.wallet, address(escrow), 1000, call_);
        schedule = Schedule(tokenId, 1, creator.wallet, artist.wallet, conditions, DEADLINE);
        vm.prank(stranger.wallet);
        rights.execute(schedule);
        call_ = abi.encodeCall(escrow.settle, (scheduleId, ETHER, 1000));
        _measure("escrow settle ether", stranger.wallet, address(escrow), 0, call_);
    }

    /// What could be scheduled can be ended, far below what a transaction may burn (EIP-7825: 16,777,216).
    function test_theLargestScheduleThereCanBe() public {
        HostileCondition condition = new HostileCondition();
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        Condition[] memory conditions = new Condition[](Conditions.MOST);
        for (uint256 i; i < Conditions.MOST; ++i) {
            bytes memory full = new bytes(Conditions.LARGEST / Conditions.MOST);
            for (uint256 j; j < full.length; ++j) {
                full[j] = 0xff;
            }
            conditions[i] = Condition(address(condition), full);
        }
        bytes memory call_ = abi.encodeCall(rights.schedule, (tokenId, creator.wallet, conditions, DEADLINE));
        _measure("rights schedule largest", artist.wallet, address(rights), 0, call_);
        Schedule memory schedule = Schedule(tokenId, 0, artist.wallet, creator.wallet, conditions, DEADLINE);
        call_ = abi.encodeCall(rights.cancel, (schedule));
        yes(_measure("rights cancel largest", creator.wallet, address(rights), 0, call_) <= 1_000_000, "cancel");
        uint256 open = vm.snapshotState();
        call_ = abi.encodeCall(rights.execute, (schedule));
        yes(_measure("rights execute largest", stranger.wallet, address(rights), 0, call_) <= 1_000_000, "execute");
        vm.revertToState(open);
        vm.warp(DEADLINE + 1);
        call_ = abi.encodeCall(rights.lapse, (schedule));
        yes(_measure("rights lapse largest", stranger.wallet, address(rights), 0, call_) <= 1_000_000, "lapse");
    }

    /// @dev Of a collection with terms of its own, so that nothing is read twice, and numbers that are no cheaper than any.
    function _offer(LicenseMarket market, uint256 i) private returns (Offer memory offer) {
        Terms memory terms = _training(2000, 0);
        (terms.gate, terms.noticeSeconds, terms.validUntil) =
        (address(market), 0xe1e1e1e1, uint64(START + 10_000 days + i));
        terms.document = keccak256(abi.encode("terms", i));
        offer.registry = address(data);
        offer.id = _collect(artist.wallet, i, data.defineTerms(terms)).id;
        (offer.price, offer.uses, offer.duration) = (0.012345678901234567 ether, TRAIN, 31_234_567);
        (offer.supply, offer.until) = (type(uint32).max, uint64(START + 0x01010101));
        (offer.document, offer.salt) = (keccak256(abi.encode("licence", i)), keccak256(abi.encode("salt", i)));
    }

    function test_licences() public {
        LicenseMarket market = new LicenseMarket(splitter, rights, data, models, address(outputs));
        vm.deal(artist.wallet, 1);
        Purchase[] memory purchases = new Purchase[](200);
        for (uint256 i; i < 202; ++i) {
            Offer memory offer = _offer(market, i);
            bytes memory call_ = abi.encodeCall(market.offer, (offer, 0));
            _measure("market offer", artist.wallet, address(market), 0, call_);
            Purchase memory purchase;
            (purchase.offer, purchase.licensee) = (offer, developer.wallet);
            if (i >= 2) purchases[i - 2] = purchase;
            if (i >= 2) continue;
            call_ = abi.encodeCall(market.buy, (purchase));
            string memory name = i == 0 ? "market buy ether first" : "market buy another";
            uint256 gas = _measure(name, buyer.wallet, address(market), offer.price, call_);
            yes(gas <= 140_000, "first");
            if (i != 0) continue;
            gas = _measure("market buy ether repeat", buyer.wallet, address(market), offer.price, call_);
            yes(gas <= 95_000, "repeat");
        }
        string[4] memory names = [
            "market buy 200 that nobody bought before",
            "market buy 200 that others bought",
            "market buy 200 again",
            "market buy 200 again, passing over what is gone"
        ];
        for (uint256 k; k < 4; ++k) {
            for (uint256 i; i < 200; ++i) {
                purchases[i].licensee = k == 0 ? stranger.wallet : developer.wallet;
            }
            bytes memory call_ =
                abi.encodeCall(market.buyMany, (purchases, k == 3, new Permit[](0), new ILicenseMarket.Due[](0)));
            yes(call_.length + 300 < 131_072, "what public mempools accept");
            uint256 gas = _measure(names[k], buyer.wallet, address(market), 3 ether, call_);
            // Two new words each, the licence and the first income, are 44,200 of it.
            if (k == 0) yes(gas <= 200 * 98_000, "of each that nobody bought before");
            else yes(gas <= 200 * 81_000, "each");
            if (k != 0) yes(gas < 16_777_216, "one transaction (EIP-7825)");
        }
    }

    function test_waterfalls() public {
        Plan memory plan = _usual(ETHER);
        bytes memory call_ = abi.encodeCall(falls.create, (plan));
        _measure("waterfall create", stranger.wallet, address(falls), 0, call_);
        IWaterfall fall = IWaterfall(falls.addressOf(plan));
        call_ = abi.encodeCall(fall.pay, (ETHER, 1000, "ref"));
        uint256 gas = _measure("waterfall pay across two boundaries", buyer.wallet, address(fall), 1000, call_);
        yes(gas <= 250_000, "two boundaries");
        _measure("waterfall pay the last tier again", buyer.wallet, address(fall), 1000, call_);
        SumTrees.Leaf[] memory leaves = _split(address(fall), 9, stranger.wallet, 1);
        _pay(_key(leaves, ""), SumTrees.opening(leaves, ""), 200);
        call_ = abi.encodeCall(splitter.claim, (_share(leaves, "", 0), ETHER, ""));
        _measure("splitter claim for a waterfall", stranger.wallet, address(splitter), 0, call_);
        _measure("waterfall pass", stranger.wallet, address(fall), 0, abi.encodeCall(fall.pass, (ETHER)));
        plan = _usual(address(token));
        fall = IWaterfall(falls.create(plan));
        vm.prank(buyer.wallet);
        token.approve(address(fall), type(uint256).max);
        call_ = abi.encodeCall(fall.pay, (address(token), 1000, "ref"));
        _measure("waterfall pay tokens across two boundaries", buyer.wallet, address(fall), 0, call_);
    }
}
