// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {vm} from "./utils/Vm.sol";

// Promise 2: whether consent was revoked. Invariant 4: revocation only adds a time.
contract RevokeTest is Base {
    function _noticed(uint32 notice, uint64 validUntil) private returns (Made memory) {
        Terms memory terms = _training(2000, 0);
        terms.noticeSeconds = notice;
        terms.validUntil = validUntil;
        return _collect(artist.wallet, 1, data.defineTerms(terms));
    }

    function test_endsUseAtOnceWithoutNotice() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.warp(START + 10);
        vm.expectEmit(address(data));
        emit IDataRegistry.CollectionRevoked(made.id, artist.wallet);
        vm.prank(artist.wallet);
        data.revoke(made.id);
        no(data.mayUse(made.id, developer.wallet, TRAIN), "now");
        yes(data.wasUsable(made.id, START + 9), "the past stays");
        no(data.wasUsable(made.id, START + 10), "from then on");
        no(data.wasUsable(made.id, START - 1), "not before it was registered");
        IDataRegistry.Status memory status = data.status(made.id);
        eq(status.revokedAt, START + 10, "revokedAt");
        eq(status.endsAt, START + 10, "endsAt");
    }

    function test_endsUseAfterTheNotice() public {
        Made memory made = _noticed(1 days, 0);
        vm.prank(artist.wallet);
        data.revoke(made.id);
        yes(data.wasUsable(made.id, START + 1 days - 1), "last second");
        no(data.wasUsable(made.id, START + 1 days), "then not");
        vm.warp(START + 1 days - 1);
        yes(data.mayUse(made.id, developer.wallet, TRAIN), "last second");
        vm.warp(START + 1 days);
        no(data.mayUse(made.id, developer.wallet, TRAIN), "then not");
    }

    function test_noticeDoesNotOutliveTheTerms() public {
        Made memory made = _noticed(10 days, uint64(START + 1 days));
        vm.prank(artist.wallet);
        data.revoke(made.id);
        eq(data.status(made.id).endsAt, START + 1 days + 1, "validity is shorter");
        vm.warp(START + 1 days);
        yes(data.mayUse(made.id, developer.wallet, TRAIN), "last valid second");
        vm.warp(START + 1 days + 1);
        no(data.mayUse(made.id, developer.wallet, TRAIN), "expired");
    }

    function test_secondTimeChangesNothing() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.startPrank(artist.wallet);
        data.revoke(made.id);
        vm.warp(START + 1 days);
        data.revoke(made.id);
        // Nor does registering it again bring consent back.
        data.commit(made.root, 3, _spec(trainingTerms));
        vm.stopPrank();
        eq(data.status(made.id).revokedAt, START, "first time");
    }

    function test_RevertWhen_notTheProvider() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        reverts(
            abi.encodeWithSelector(
                IDataRegistry.DataRegistry_NotProvider.selector, made.id, artist.wallet, stranger.wallet
            )
        );
        vm.prank(stranger.wallet);
        data.revoke(made.id);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownCollection.selector, bytes32("none")));
        data.revoke("none");
    }

    function test_revokesOneItemOfOnesOwn() public {
        bytes32 commitment = keccak256("drawing");
        vm.expectEmit(address(data));
        emit IDataRegistry.ItemRevoked(artist.wallet, commitment);
        vm.prank(artist.wallet);
        data.revokeItem(commitment);
        eq(data.itemRevokedAt(_item(artist.wallet, commitment)), START, "the artist's");
        eq(data.itemRevokedAt(_item(studio.wallet, commitment)), 0, "nobody else's");
        vm.warp(START + 1);
        vm.prank(artist.wallet);
        data.revokeItem(commitment);
        eq(data.itemRevokedAt(_item(artist.wallet, commitment)), START, "first time");
    }

    function testFuzz_statusAgreesWithAuthorise(
        uint32 notice,
        uint64 validUntil,
        bool revoke,
        uint40 revokeAt,
        uint40 when
    ) public {
        Made memory made = _noticed(notice, validUntil);
        // Under such terms nobody can.
        revoke = revoke && notice != type(uint32).max;
        uint256 revokedAt = bound(revokeAt, START, type(uint32).max);
        if (revoke) {
            vm.warp(revokedAt);
            vm.prank(artist.wallet);
            data.revoke(made.id);
        }
        bool usable = when >= START && (!revoke || when < revokedAt + notice) && (validUntil == 0 || when <= validUntil);
        yes(data.wasUsable(made.id, when) == usable, "as DESIGN.md says");
        if (when >= revokedAt) {
            vm.warp(when);
            yes(data.mayUse(made.id, developer.wallet, TRAIN) == usable, "and as the registries judge");
        }
    }

    function test_isUsableFromTheSecondItIsRegistered() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        yes(data.wasUsable(made.id, START), "that second");
        no(data.wasUsable(made.id, START - 1), "not before");
    }
}
