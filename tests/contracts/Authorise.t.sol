// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {Grant} from "../../contracts/types/Grant.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {HostileGate} from "./utils/HostileGates.sol";
import {AnyGate} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

// Invariant 5: terms that many collections share are read once, but every collection is judged by its own.
contract AuthoriseTest is Base {
    function _three(bytes32 a, bytes32 b, bytes32 c) private returns (bytes32[] memory ids) {
        ids = new bytes32[](3);
        ids[0] = _collect(artist.wallet, 1, a).id;
        ids[1] = _collect(studio.wallet, 2, b).id;
        ids[2] = _collect(stranger.wallet, 3, c).id;
    }

    function _authorise(bytes32[] memory ids) private view returns (Grant[] memory grants, uint256 allowed) {
        return data.authorise(ids, developer.wallet, TRAIN, block.timestamp);
    }

    function _gated(address gate) private pure returns (Terms memory terms) {
        terms = _training(100, 0);
        terms.gate = gate;
    }

    function test_grantsWhatTheTermsOfEachSay() public {
        bytes32 other = data.defineTerms(_training(10_000, 7));
        (Grant[] memory grants,) = _authorise(_three(trainingTerms, other, trainingTerms));
        eq(grants.length, 3, "one each");
        eq(grants[0].provider(), artist.wallet, "the artist");
        eq(grants[1].provider(), studio.wallet, "the studio");
        eq(grants[2].provider(), stranger.wallet, "the stranger");
        eq(grants[0].royaltyBps(), 2000, "20%");
        eq(grants[1].royaltyBps(), 10_000, "everything");
        eq(grants[1].floorBps(), 7, "with a floor");
        eq(grants[2].royaltyBps(), 2000, "20% again");
        eq(grants[2].floorBps(), 0, "without one");
    }

    function test_allowsWhatAllOfThemAllow() public {
        Terms memory wide = _training(0, 0);
        (wide.dataMining, wide.redistribution, wide.commercialOutput) = (true, true, true);
        Terms memory other = _training(0, 0);
        (other.aiInference, other.commercialOutput) = (true, true);
        bytes32[2] memory terms = [data.defineTerms(wide), data.defineTerms(other)];
        (, uint256 allowed) = _authorise(_three(terms[0], terms[1], terms[0]));
        eq(allowed, TRAIN | 16, "training and commercial output");
        (, allowed) = _authorise(_three(terms[0], terms[0], terms[0]));
        eq(allowed, TRAIN | 16 | 1 | 32, "alone, what the wide ones say");
        (, allowed) = _authorise(new bytes32[](0));
        eq(allowed, 63, "nothing forbids nothing");
    }

    function test_RevertWhen_oneOfThemDoesNotAllowTheUse() public {
        Terms memory none;
        bytes32 reserved = data.defineTerms(none);
        bytes memory reason =
            abi.encodeWithSelector(IDataRegistry.DataRegistry_UseNotAllowed.selector, reserved, TRAIN, 0);
        for (uint256 i; i < 3; ++i) {
            bytes32[3] memory terms = [trainingTerms, trainingTerms, trainingTerms];
            terms[i] = reserved;
            bytes32[] memory ids = _three(terms[0], terms[1], terms[2]);
            reverts(reason);
            _authorise(ids);
        }
    }

    function test_RevertWhen_theTermsOfOneExpired() public {
        Terms memory short = _training(0, 0);
        short.validUntil = uint64(START);
        bytes32 termsId = data.defineTerms(short);
        bytes32[] memory ids = _three(trainingTerms, termsId, trainingTerms);
        _authorise(ids);
        vm.warp(START + 1);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_TermsExpired.selector, termsId, START, START + 1));
        _authorise(ids);
    }

    // Gates are asked about every collection, also when the terms are those of the one before.
    function test_RevertWhen_theGateOfOneIsClosed() public {
        bytes32 gated = data.defineTerms(_gated(address(list)));
        bytes32[] memory ids = _three(gated, gated, gated);
        address[3] memory providers = [artist.wallet, studio.wallet, stranger.wallet];
        for (uint256 i; i < 3; ++i) {
            reverts(
                abi.encodeWithSelector(
                    IDataRegistry.DataRegistry_GateClosed.selector,
                    _subject(address(data), ids[i]),
                    address(list),
                    developer.wallet,
                    TRAIN
                )
            );
            _authorise(ids);
            vm.prank(providers[i]);
            list.allow(address(data), ids[i], developer.wallet, TRAIN);
        }
        _authorise(ids);
    }

    // Open terms, gated ones, open ones, and the gates of two gated ones are two.
    function test_asksTheGateOfTheTermsOfEach() public {
        (AnyGate first, AnyGate second) = (new AnyGate(), new AnyGate());
        bytes32 a = data.defineTerms(_gated(address(first)));
        bytes32 b = data.defineTerms(_gated(address(second)));
        bytes32[] memory ids = _three(trainingTerms, a, trainingTerms);
        reverts(IDataRegistry.DataRegistry_GateClosed.selector);
        _authorise(ids);
        first.set(true, false);
        _authorise(ids);
        ids = _three(a, b, a);
        reverts(IDataRegistry.DataRegistry_GateClosed.selector);
        _authorise(ids);
        second.set(true, false);
        _authorise(ids);
        first.set(false, false);
        reverts(IDataRegistry.DataRegistry_GateClosed.selector);
        _authorise(ids);
    }

    // A gate closes what names it, and that is all it can do: whatever it answers, or burns, its word counts only if it
    // is one, and whoever asked pays for no more than its limit.
    function test_RevertWhen_aGateDoesAnythingButSayYes() public {
        HostileGate gate = new HostileGate();
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = _collect(artist.wallet, 1, data.defineTerms(_gated(address(gate)))).id;
        for (uint256 i = uint256(HostileGate.Mood.Closed); i <= uint256(type(HostileGate.Mood).max); ++i) {
            gate.setMood(HostileGate.Mood(i));
            bytes memory call_ = abi.encodeCall(data.authorise, (ids, developer.wallet, TRAIN, block.timestamp));
            uint256 gas = gasleft();
            (bool success, bytes memory reason) = address(data).staticcall(call_);
            gas -= gasleft();
            yes(!success, "closed");
            eq(bytes32(bytes4(reason)), bytes32(IDataRegistry.DataRegistry_GateClosed.selector), "says which gate");
            yes(gas < 360_000, "no more than the limit is burnt, and nothing is copied");
        }
        gate.setMood(HostileGate.Mood.Open);
        _authorise(ids);
    }

    // Revocation is of one collection, and its notice that of its own terms.
    function test_endsEachAfterTheNoticeOfItsOwnTerms() public {
        Terms memory noticed = _training(0, 0);
        noticed.noticeSeconds = 10;
        bytes32 a = data.defineTerms(noticed);
        noticed.noticeSeconds = 20;
        bytes32 b = data.defineTerms(noticed);
        bytes32[] memory ids = _three(a, b, a);
        vm.prank(studio.wallet);
        data.revoke(ids[1]);
        vm.warp(START + 19);
        _authorise(ids);
        vm.warp(START + 20);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_ConsentRevoked.selector, ids[1], START, START + 20));
        _authorise(ids);
        // The third's, under the terms of the first.
        ids[1] = ids[0];
        vm.prank(stranger.wallet);
        data.revoke(ids[2]);
        vm.warp(START + 29);
        _authorise(ids);
        vm.warp(START + 30);
        reverts(
            abi.encodeWithSelector(IDataRegistry.DataRegistry_ConsentRevoked.selector, ids[2], START + 20, START + 30)
        );
        _authorise(ids);
    }

    function test_RevertWhen_oneIsUnknownOrLater() public {
        bytes32[] memory ids = _three(trainingTerms, trainingTerms, trainingTerms);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_NotRegisteredThen.selector, ids[0], START, START - 1));
        data.authorise(ids, developer.wallet, TRAIN, START - 1);
        ids[2] = "none";
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownCollection.selector, bytes32("none")));
        _authorise(ids);
    }

    // Any list of any collections is judged as one by one.
    function testFuzz_aListIsJudgedAsItsCollections(uint256 seed, bool read, uint32 later) public {
        bytes32[] memory pool = new bytes32[](6);
        for (uint256 i; i < 6; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, "terms", i / 2)));
            Terms memory terms = _training(uint16(i / 2), 0);
            terms.aiInference = random % 2 == 0;
            terms.noticeSeconds = uint32(random >> 8) % 100;
            terms.validUntil = random >> 40 & 1 == 0 ? 0 : uint64(START + (random >> 48) % 200);
            if (random >> 41 & 1 == 0) terms.gate = address(list);
            pool[i] = _collect(artist.wallet, i, data.defineTerms(terms)).id;
            vm.startPrank(artist.wallet);
            if (random >> (50 + i) & 1 == 0) data.revoke(pool[i]);
            if (random >> (60 + i) & 1 == 0) list.allow(address(data), pool[i], developer.wallet, TRAIN | READ);
            vm.stopPrank();
        }
        vm.warp(START + later % 250);
        uint256 use = read ? READ : TRAIN;
        bytes32[] memory ids = new bytes32[](1 + seed % 5);
        bool all = true;
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = pool[uint256(keccak256(abi.encode(seed, i))) % 6];
            all = all && data.mayUse(ids[i], developer.wallet, use);
        }
        try data.authorise(ids, developer.wallet, use, block.timestamp) returns (Grant[] memory, uint256) {
            yes(all, "all may be used");
        } catch {
            no(all, "one may not");
        }
    }

    // The exact last second counts, however far.
    function test_keepsAnyValidity() public {
        uint64[4] memory ends =
            [uint64(type(uint56).max) - 1, uint64(type(uint56).max), uint64(type(uint56).max) + 1, type(uint64).max];
        for (uint256 i; i < 4; ++i) {
            Terms memory terms = _training(0, 0);
            terms.validUntil = ends[i];
            bytes32 termsId = data.defineTerms(terms);
            eq(data.termsOf(termsId).validUntil, ends[i], "read back");
            bytes32[] memory ids = new bytes32[](1);
            ids[0] = _collect(artist.wallet, i, termsId).id;
            data.authorise(ids, developer.wallet, TRAIN, ends[i]);
            reverts(
                abi.encodeWithSelector(
                    IDataRegistry.DataRegistry_TermsExpired.selector, termsId, ends[i], uint256(ends[i]) + 1
                )
            );
            data.authorise(ids, developer.wallet, TRAIN, uint256(ends[i]) + 1);
        }
    }
}
