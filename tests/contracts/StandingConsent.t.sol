// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataRegistry} from "../../contracts/DataRegistry.sol";
import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {ContractWallet} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

/// @notice One signature of the artist's, a collection of the studio's every week.
contract StandingConsentTest is Base {
    uint256 private constant UNTIL = START + 90 days;
    uint32 private constant PER_MONTH = 2;

    function _hash(address provider, address collector, IDataRegistry.CollectionSpec memory spec)
        private
        pure
        returns (bytes32)
    {
        return _standingConsent(provider, collector, spec, PER_MONTH, UNTIL, 7);
    }

    function _signed(Actor memory by, address provider, address collector, IDataRegistry.CollectionSpec memory spec)
        private
        view
        returns (Approval memory)
    {
        bytes32 digest = _digest("Kiseki DataRegistry", address(data), _hash(provider, collector, spec));
        return _approve(by, digest, 7, UNTIL);
    }

    function _approval() private view returns (Approval memory) {
        return _signed(artist, artist.wallet, studio.wallet, _spec(trainingTerms));
    }

    function _use(bytes32 root) private returns (bytes32) {
        Approval memory approval = _approval();
        vm.prank(studio.wallet);
        return data.commitUnder(artist.wallet, root, 3, _spec(trainingTerms), PER_MONTH, approval);
    }

    function _refused(bytes memory reason, bytes32 root) private {
        Approval memory approval = _approval();
        reverts(reason);
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, root, 3, _spec(trainingTerms), PER_MONTH, approval);
    }

    function _noneLeft() private view returns (bytes memory) {
        bytes32 consent = _hash(artist.wallet, studio.wallet, _spec(trainingTerms));
        return abi.encodeWithSelector(IDataRegistry.DataRegistry_NoneLeft.selector, consent, PER_MONTH);
    }

    function _used() private view returns (uint256) {
        return data.usedUnder(_hash(artist.wallet, studio.wallet, _spec(trainingTerms)), UNTIL);
    }

    // What it is good for

    function test_whatIsRegisteredIsTheProvidersAsIfSignedEachTime() public {
        bytes32 id = keccak256(abi.encodePacked(bytes1(0x05), artist.wallet, bytes32("a"), trainingTerms));
        bytes32 consent = _hash(artist.wallet, studio.wallet, _spec(trainingTerms));
        vm.expectEmit(address(data));
        emit IDataRegistry.CollectionRegistered(
            id, artist.wallet, trainingTerms, "a", 3, _wallet(artist.wallet), keccak256("origin")
        );
        vm.expectEmit(address(data));
        emit IDataRegistry.RegisteredUnder(id, consent, studio.wallet, 7);
        eq(_use("a"), id, "the ID that the provider's own registration has");
        eq(data.registrantOf(id), artist.wallet, "provider");
        eq(data.payeeOf(id, address(0)), _wallet(artist.wallet), "payee");
        no(data.isNonceUsed(artist.wallet, 7), "not used up");
        // … and the provider can revoke it, and nobody else.
        reverts(
            abi.encodeWithSelector(IDataRegistry.DataRegistry_NotProvider.selector, id, artist.wallet, studio.wallet)
        );
        vm.prank(studio.wallet);
        data.revoke(id);
        vm.prank(artist.wallet);
        data.revoke(id);
    }

    function test_registersAndLogsTheCommitments() public {
        (bytes32[] memory commitments,) = _commitments(artist.wallet, 3, 1);
        Approval memory approval = _approval();
        vm.prank(studio.wallet);
        bytes32 id = data.registerUnder(artist.wallet, commitments, _spec(trainingTerms), PER_MONTH, approval);
        eq(data.registrantOf(id), artist.wallet, "provider");
        eq(_used(), 1, "counted");
        vm.expectEmit(address(data));
        emit IDataRegistry.CollectionPublished(id, artist.wallet, commitments);
        vm.prank(studio.wallet);
        data.registerUnder(artist.wallet, commitments, _spec(trainingTerms), PER_MONTH, approval);
        eq(_used(), 1, "once");
    }

    // Each collection may say for itself how it came to be.
    function test_theOriginIsFree() public {
        Approval memory approval = _approval();
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        spec.origin = "another week";
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
        eq(_used(), 1, "counted");
    }

    function test_aSplitIsPaidThatTheProviderSigned() public {
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        spec.opening = abi.encodePacked(keccak256("root"), uint96(3), bytes32(0));
        spec.payee = keccak256(abi.encodePacked(bytes1(0x03), spec.opening));
        Approval memory approval = _signed(artist, artist.wallet, studio.wallet, spec);
        vm.prank(studio.wallet);
        bytes32 id = data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
        eq(data.payeeOf(id, address(0)), spec.payee, "payee");
        spec.opening = "";
        reverts(Payees.Payees_WrongOpening.selector);
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "b", 3, spec, PER_MONTH, approval);
    }

    // How many

    function test_RevertWhen_theMonthIsUsedUp() public {
        _use("a");
        _use("b");
        eq(_used(), 2, "all");
        _refused(_noneLeft(), "c");
        // What is there already is skipped and not counted.
        _use("a");
        vm.warp(UNTIL - 60 days - 1);
        _refused(_noneLeft(), "c");
        // The first second of the next month.
        vm.warp(UNTIL - 60 days);
        eq(_used(), 0, "a new month");
        _use("c");
        _use("d");
        _refused(_noneLeft(), "e");
    }

    // The months are counted back from the end, so three of them are three, whenever it is used first.
    function testFuzz_aConsentForSoManyMonthsIsForSoManyTimesAsMany(uint256 seed) public {
        uint256 made;
        uint256 when = START;
        Approval memory approval = _approval();
        for (uint256 i; i < 24; ++i) {
            vm.warp(when);
            when += uint256(keccak256(abi.encode(seed, i))) % 8 days;
            vm.prank(studio.wallet);
            try data.commitUnder(artist.wallet, bytes32(i + 1), 3, _spec(trainingTerms), PER_MONTH, approval) {
                ++made;
            } catch {}
        }
        yes(made <= 3 * PER_MONTH, "no more than signed");
        yes(made >= PER_MONTH, "and some");
    }

    // Signed for three months from this second on: neither the first nor the last second is a month of its own.
    function test_noSecondIsAMonthMore() public {
        uint256[8] memory seconds_ = [
            START,
            START + 1,
            START + 30 days - 1,
            START + 30 days,
            UNTIL - 30 days - 1,
            UNTIL - 30 days,
            UNTIL - 1,
            UNTIL
        ];
        Approval memory approval = _approval();
        uint256 made;
        for (uint256 i; i < 3 * seconds_.length; ++i) {
            vm.warp(seconds_[i / 3]);
            vm.prank(studio.wallet);
            try data.commitUnder(artist.wallet, bytes32(i + 1), 3, _spec(trainingTerms), PER_MONTH, approval) {
                ++made;
            } catch {}
        }
        eq(made, 3 * PER_MONTH, "three months, all used up");
    }

    function test_noneAMonthIsNone() public {
        bytes32 consent = _standingConsent(artist.wallet, studio.wallet, _spec(trainingTerms), 0, UNTIL, 7);
        Approval memory approval = _approve(artist, _digest("Kiseki DataRegistry", address(data), consent), 7, UNTIL);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_NoneLeft.selector, consent, 0));
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 3, _spec(trainingTerms), 0, approval);
    }

    // Two consents are counted apart, also to one collector.
    function test_anotherConsentIsCountedApart() public {
        _use("a");
        _use("b");
        IDataRegistry.CollectionSpec memory spec = _spec(freeTerms);
        Approval memory approval = _signed(artist, artist.wallet, studio.wallet, spec);
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
        eq(data.usedUnder(_hash(artist.wallet, studio.wallet, spec), UNTIL), 1, "its own");
        eq(_used(), 2, "as before");
    }

    // How long

    function test_RevertWhen_itsLastSecondHasPassed() public {
        vm.warp(UNTIL);
        _use("a");
        vm.warp(UNTIL + 1);
        _refused(abi.encodeWithSelector(ISigned.Signed_Expired.selector, UNTIL), "b");
        _use("a");
    }

    function test_RevertWhen_theProviderEndedIt() public {
        bytes32 id = _use("a");
        vm.prank(artist.wallet);
        data.cancelNonce(7);
        _refused(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 7), "b");
        eq(_use("a"), id, "what is there stays and is skipped");
    }

    function test_RevertWhen_theProviderEndedItBySignature() public {
        _use("a");
        bytes32 typeHash = keccak256("Cancellation(address signer,uint256 cancelled,uint256 nonce,uint256 deadline)");
        bytes32 digest =
            _digest("Kiseki DataRegistry", address(data), keccak256(abi.encode(typeHash, artist.wallet, 7, 8, UNTIL)));
        data.cancelNonceFor(artist.wallet, 7, _approve(artist, digest, 8, UNTIL));
        _refused(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 7), "b");
    }

    // Whom and what for

    function test_RevertWhen_anybodyElseUsesIt() public {
        Approval memory approval = _approval();
        reverts(ISigned.Signed_WrongSignature.selector);
        vm.prank(stranger.wallet);
        data.commitUnder(artist.wallet, "a", 3, _spec(trainingTerms), PER_MONTH, approval);
        // Not even the provider, who needs nobody's consent.
        reverts(ISigned.Signed_WrongSignature.selector);
        vm.prank(artist.wallet);
        data.commitUnder(artist.wallet, "a", 3, _spec(trainingTerms), PER_MONTH, approval);
    }

    function test_RevertWhen_anySignedValueIsAnother() public {
        Approval memory approval = _approval();
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        vm.startPrank(studio.wallet);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitUnder(stranger.wallet, "a", 3, spec, PER_MONTH, approval);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH + 1, approval);
        spec.payee = _wallet(studio.wallet);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
        spec = _spec(freeTerms);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
        spec = _spec(trainingTerms);
        approval.deadline = UNTIL + 1;
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
        approval.deadline = UNTIL;
        approval.nonce = 8;
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
        vm.stopPrank();
    }

    function test_RevertWhen_signedForAnotherContractOrChain() public {
        Approval memory approval = _approval();
        DataRegistry other = DataRegistry(vm.deployCode("DataRegistry.sol", abi.encode(splitter, rights)));
        other.defineTerms(_training(2000, 0));
        reverts(ISigned.Signed_WrongSignature.selector);
        vm.prank(studio.wallet);
        other.commitUnder(artist.wallet, "a", 3, _spec(trainingTerms), PER_MONTH, approval);
        vm.chainId(99);
        reverts(ISigned.Signed_WrongSignature.selector);
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 3, _spec(trainingTerms), PER_MONTH, approval);
    }

    // A consent to one collection is no standing one, and the other way round.
    function test_RevertWhen_aConsentOfTheOtherKindIsShown() public {
        Approval memory approval = _approval();
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(artist.wallet, "a", 3, _spec(trainingTerms), approval);
        bytes32 digest = _consent(address(data), artist.wallet, "a", 3, _spec(trainingTerms), 7, UNTIL);
        approval = _approve(artist, digest, 7, UNTIL);
        reverts(ISigned.Signed_WrongSignature.selector);
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 3, _spec(trainingTerms), PER_MONTH, approval);
    }

    function test_RevertWhen_theEndIsNoTimeThatWasSigned() public {
        Approval memory approval = _approval();
        approval.deadline = 1 << 64;
        vm.expectPartialRevert(bytes4(keccak256("SafeCastOverflowedUintDowncast(uint8,uint256)")));
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 3, _spec(trainingTerms), PER_MONTH, approval);
    }

    function test_RevertWhen_theTermsAreNotOnRecord() public {
        Terms memory terms = _training(1234, 0);
        IDataRegistry.CollectionSpec memory spec = _spec(keccak256(abi.encode(keccak256(bytes(TERMS)), terms)));
        Approval memory approval = _signed(artist, artist.wallet, studio.wallet, spec);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownTerms.selector, spec.termsId));
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
        data.defineTerms(terms);
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 3, spec, PER_MONTH, approval);
    }

    // What cannot be registered is not counted either.
    function test_whatFailsIsNotCounted() public {
        Approval memory approval = _approval();
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_NoItems.selector));
        vm.prank(studio.wallet);
        data.commitUnder(artist.wallet, "a", 0, _spec(trainingTerms), PER_MONTH, approval);
        eq(_used(), 0, "not counted");
    }

    // Wallets with code

    function test_acceptsContractAndEip7702Wallets() public {
        ContractWallet wallet = new ContractWallet(artist.wallet);
        Approval memory approval = _signed(artist, address(wallet), studio.wallet, _spec(trainingTerms));
        vm.prank(studio.wallet);
        bytes32 id = data.commitUnder(address(wallet), "a", 3, _spec(trainingTerms), PER_MONTH, approval);
        eq(data.registrantOf(id), address(wallet), "provider");
        ContractWallet code = new ContractWallet(studio.wallet);
        vm.etch(artist.wallet, abi.encodePacked(hex"ef0100", address(code)));
        _use("b");
        // The signer of a contract wallet changed: the next use asks again.
        vm.etch(address(wallet), address(code).code);
        vm.etch(artist.wallet, "");
        approval = _signed(stranger, address(wallet), studio.wallet, _spec(trainingTerms));
        reverts(ISigned.Signed_WrongSignature.selector);
        vm.prank(studio.wallet);
        data.commitUnder(address(wallet), "c", 3, _spec(trainingTerms), PER_MONTH, approval);
    }
}
