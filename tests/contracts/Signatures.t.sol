// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataRegistry} from "../../contracts/DataRegistry.sol";
import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {ContractWallet} from "./utils/Mocks.sol";
import {IdTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

/// @notice The `…For` twins: the studio submits, the artist consents by signing.
contract SignaturesTest is Base {
    bytes32 private constant ROOT = "root";
    uint256 private constant UNTIL = START + 1 days;

    function _approval(Actor memory by, uint256 nonce) private view returns (Approval memory) {
        return
            _approve(
                by, _consent(address(data), artist.wallet, ROOT, 3, _spec(trainingTerms), nonce, UNTIL), nonce, UNTIL
            );
    }

    function _commitFor(Approval memory approval) private returns (bytes32) {
        vm.prank(studio.wallet);
        return data.commitFor(artist.wallet, ROOT, 3, _spec(trainingTerms), approval);
    }

    // Consent

    function test_theSignerIsTheProvider() public {
        bytes32 id = _commitFor(_approval(artist, 7));
        eq(data.registrantOf(id), artist.wallet, "provider");
        yes(data.isNonceUsed(artist.wallet, 7), "nonce");
        no(data.isNonceUsed(artist.wallet, 6), "no order");
    }

    function test_oneConsentForRegisterAndCommit() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 3, 1);
        bytes32 digest = _consent(address(data), artist.wallet, IdTrees.root(ids), 3, _spec(trainingTerms), 0, UNTIL);
        vm.prank(studio.wallet);
        bytes32 id =
            data.registerFor(artist.wallet, commitments, _spec(trainingTerms), _approve(artist, digest, 0, UNTIL));
        eq(data.registrantOf(id), artist.wallet, "provider");
    }

    // What exists already is skipped before the nonce is looked at: a relay that was overtaken does not fail.
    function test_aRelayThatWasOvertakenSkips() public {
        Approval memory approval = _approval(artist, 7);
        vm.prank(stranger.wallet);
        bytes32 id = data.commitFor(artist.wallet, ROOT, 3, _spec(trainingTerms), approval);
        eq(_commitFor(approval), id, "same");
        vm.warp(UNTIL + 1);
        eq(_commitFor(approval), id, "however late");
    }

    function test_RevertWhen_somebodyElseSigned() public {
        Approval memory approval = _approval(stranger, 7);
        reverts(ISigned.Signed_WrongSignature.selector);
        _commitFor(approval);
        no(data.isNonceUsed(artist.wallet, 7), "not spent");
    }

    function test_RevertWhen_late() public {
        Approval memory approval = _approval(artist, 7);
        vm.warp(UNTIL + 1);
        reverts(abi.encodeWithSelector(ISigned.Signed_Expired.selector, UNTIL));
        _commitFor(approval);
    }

    function test_RevertWhen_theNonceWasUsed() public {
        _commitFor(_approval(artist, 7));
        Approval memory approval = _approve(
            artist, _consent(address(data), artist.wallet, "other", 3, _spec(trainingTerms), 7, UNTIL), 7, UNTIL
        );
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 7));
        data.commitFor(artist.wallet, "other", 3, _spec(trainingTerms), approval);
    }

    function test_RevertWhen_theNonceWasCancelled() public {
        Approval memory approval = _approval(artist, 7);
        // Somebody else's cancelling does nothing.
        vm.prank(stranger.wallet);
        data.cancelNonce(7);
        vm.expectEmit(address(data));
        emit ISigned.NonceCancelled(artist.wallet, 7);
        vm.prank(artist.wallet);
        data.cancelNonce(7);
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 7));
        _commitFor(approval);
    }

    // Cancelling, by who has no ether

    function _cancellation(uint256 cancelled, uint256 nonce) private view returns (Approval memory) {
        bytes32 typeHash = keccak256("Cancellation(address signer,uint256 cancelled,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, artist.wallet, cancelled, nonce, UNTIL));
        return _approve(artist, _digest("Kiseki DataRegistry", address(data), structHash), nonce, UNTIL);
    }

    function test_RevertWhen_theNonceWasCancelledForItsSigner() public {
        Approval memory approval = _approval(artist, 7);
        Approval memory cancellation = _cancellation(7, 8);
        vm.expectEmit(address(data));
        emit ISigned.NonceCancelled(artist.wallet, 7);
        vm.prank(stranger.wallet);
        data.cancelNonceFor(artist.wallet, 7, cancellation);
        yes(data.isNonceUsed(artist.wallet, 8), "the cancellation is used up");
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 7));
        _commitFor(approval);
    }

    function test_cancellingAgainDoesNothing() public {
        Approval memory late = _cancellation(7, 9);
        data.cancelNonceFor(artist.wallet, 7, _cancellation(7, 8));
        vm.recordLogs();
        data.cancelNonceFor(artist.wallet, 7, _cancellation(7, 8));
        data.cancelNonceFor(artist.wallet, 7, late);
        vm.prank(artist.wallet);
        data.cancelNonce(7);
        eq(vm.getRecordedLogs().length, 0, "told once");
        no(data.isNonceUsed(artist.wallet, 9), "not spent");
    }

    function test_RevertWhen_aCancellationIsNotTheSigners() public {
        Approval memory cancellation = _cancellation(7, 8);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.cancelNonceFor(artist.wallet, 6, cancellation);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.cancelNonceFor(studio.wallet, 7, cancellation);
        reverts(ISigned.Signed_WrongSignature.selector);
        models.cancelNonceFor(artist.wallet, 7, cancellation);
        cancellation.nonce = 9;
        reverts(ISigned.Signed_WrongSignature.selector);
        data.cancelNonceFor(artist.wallet, 7, cancellation);
        vm.warp(UNTIL + 1);
        reverts(abi.encodeWithSelector(ISigned.Signed_Expired.selector, UNTIL));
        data.cancelNonceFor(artist.wallet, 7, cancellation);
        no(data.isNonceUsed(artist.wallet, 7), "not cancelled");
    }

    // A signature binds every value.
    function test_RevertWhen_anyValueIsAnother() public {
        Approval memory approval = _approval(artist, 7);
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(artist.wallet, "other", 3, spec, approval);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(artist.wallet, ROOT, 4, spec, approval);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(studio.wallet, ROOT, 3, spec, approval);
        spec.payee = _wallet(studio.wallet);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(artist.wallet, ROOT, 3, spec, approval);
        spec = _spec(freeTerms);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(artist.wallet, ROOT, 3, spec, approval);
        spec = _spec(trainingTerms);
        spec.origin = "other";
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(artist.wallet, ROOT, 3, spec, approval);
        spec = _spec(trainingTerms);
        approval.nonce = 8;
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(artist.wallet, ROOT, 3, spec, approval);
        approval.nonce = 7;
        approval.deadline = UNTIL + 1;
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(artist.wallet, ROOT, 3, spec, approval);
    }

    // … and the contract.
    function test_RevertWhen_signedForAnotherContract() public {
        DataRegistry other = DataRegistry(vm.deployCode("DataRegistry.sol", abi.encode(splitter, rights)));
        other.defineTerms(_training(2000, 0));
        Approval memory approval = _approval(artist, 7);
        reverts(ISigned.Signed_WrongSignature.selector);
        other.commitFor(artist.wallet, ROOT, 3, _spec(trainingTerms), approval);
    }

    function test_RevertWhen_theSignatureIsMalformed() public {
        Approval memory approval = _approval(artist, 7);
        approval.signature = "";
        reverts(ISigned.Signed_WrongSignature.selector);
        _commitFor(approval);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(address(0), ROOT, 3, _spec(trainingTerms), approval);
    }

    // Wallets with code

    function test_acceptsAContractWallet() public {
        ContractWallet wallet = new ContractWallet(artist.wallet);
        bytes32 digest = _consent(address(data), address(wallet), ROOT, 3, _spec(trainingTerms), 0, UNTIL);
        bytes32 id = data.commitFor(address(wallet), ROOT, 3, _spec(trainingTerms), _approve(artist, digest, 0, UNTIL));
        eq(data.registrantOf(id), address(wallet), "provider");
        digest = _consent(address(data), address(wallet), "other", 3, _spec(trainingTerms), 1, UNTIL);
        Approval memory approval = _approve(stranger, digest, 1, UNTIL);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(address(wallet), "other", 3, _spec(trainingTerms), approval);
    }

    // An EIP-7702 wallet has code and still signs with its key; or with whatever its code accepts.
    function test_acceptsAnEip7702Wallet() public {
        ContractWallet code = new ContractWallet(studio.wallet);
        vm.etch(artist.wallet, abi.encodePacked(hex"ef0100", address(code)));
        _commitFor(_approval(artist, 7));
        bytes32 digest = _consent(address(data), artist.wallet, "other", 3, _spec(trainingTerms), 8, UNTIL);
        data.commitFor(artist.wallet, "other", 3, _spec(trainingTerms), _approve(studio, digest, 8, UNTIL));
    }

    // The other twins

    function _revocation(bytes32 id, uint256 nonce) private view returns (Approval memory) {
        bytes32 typeHash = keccak256("Revocation(address provider,bytes32 collection,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, artist.wallet, id, nonce, UNTIL));
        return _approve(artist, _digest("Kiseki DataRegistry", address(data), structHash), nonce, UNTIL);
    }

    function test_revokesForTheProviderAndSkipsWhatIsRevoked() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        Approval memory approval = _revocation(made.id, 3);
        data.revokeFor(artist.wallet, made.id, approval);
        eq(data.status(made.id).revokedAt, START, "revoked");
        data.revokeFor(artist.wallet, made.id, approval);
        reverts(IDataRegistry.DataRegistry_NotProvider.selector);
        data.revokeFor(stranger.wallet, made.id, approval);
    }

    function test_revokesAnItemForItsRegistrant() public {
        bytes32 typeHash =
            keccak256("ItemRevocation(address provider,bytes32 commitment,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, artist.wallet, bytes32("drawing"), 0, UNTIL));
        Approval memory approval = _approve(artist, _digest("Kiseki DataRegistry", address(data), structHash), 0, UNTIL);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.revokeItemFor(artist.wallet, "another", approval);
        data.revokeItemFor(artist.wallet, "drawing", approval);
        eq(data.itemRevokedAt(_item(artist.wallet, "drawing")), START, "revoked");
        data.revokeItemFor(artist.wallet, "drawing", approval);
    }

    function test_setsThePayeeForTheProvider() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        bytes32 typeHash =
            keccak256("PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)");
        bytes32 payee = _wallet(studio.wallet);
        bytes32 structHash = keccak256(abi.encode(typeHash, artist.wallet, made.id, payee, 0, UNTIL));
        Approval memory approval = _approve(artist, _digest("Kiseki DataRegistry", address(data), structHash), 0, UNTIL);
        reverts(ISigned.Signed_WrongSignature.selector);
        data.setPayeeFor(artist.wallet, made.id, _wallet(stranger.wallet), "", approval, _unsigned());
        data.setPayeeFor(artist.wallet, made.id, payee, "", approval, _unsigned());
        eq(data.payeeOf(made.id, address(0)), payee, "payee");
        data.setPayeeFor(artist.wallet, made.id, payee, "", approval, _unsigned());
    }

    function _mintConsent(IRightsToken.RightsSpec memory spec, uint256 nonce) private view returns (Approval memory) {
        bytes32 typeHash = keccak256(
            "Mint(address registrant,address registry,bytes32 id,bytes32 document,uint16 royaltyBps,uint96 shares,uint96 total,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash = keccak256(
            abi.encode(
                typeHash,
                artist.wallet,
                spec.registry,
                spec.id,
                spec.document,
                spec.royaltyBps,
                spec.shares,
                spec.total,
                nonce,
                UNTIL
            )
        );
        return _approve(artist, _digest("Kiseki RightsToken", address(rights), structHash), nonce, UNTIL);
    }

    function test_mintsForTheRegistrantWhoeverBringsIt() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        IRightsToken.RightsSpec memory spec = _rightsSpec(address(data), made.id, "document", 250);
        Approval memory approval = _mintConsent(spec, 4);
        IRightsToken.RightsSpec[6] memory others;
        for (uint256 i; i < 6; ++i) {
            others[i] = _rightsSpec(address(data), made.id, "document", 250);
        }
        others[0].registry = address(models);
        others[1].id = "another";
        others[2].document = "another";
        others[3].royaltyBps = 251;
        (others[4].shares, others[4].total) = (1, 1);
        others[5].total = 1;
        for (uint256 i; i < 6; ++i) {
            reverts(ISigned.Signed_WrongSignature.selector);
            rights.mintFor(artist.wallet, others[i], _noShare(), approval);
        }
        reverts(ISigned.Signed_WrongSignature.selector);
        rights.mintFor(studio.wallet, spec, _noShare(), approval);
        vm.prank(stranger.wallet);
        uint256 tokenId = rights.mintFor(artist.wallet, spec, _noShare(), approval);
        eq(rights.ownerOf(tokenId), artist.wallet, "the registrant's");
        eq(rights.rightsOf(tokenId).document, "document", "document");
        yes(rights.isNonceUsed(artist.wallet, 4), "used up");
        // Late, and still no error: it is minted with this document and royalty.
        vm.recordLogs();
        eq(rights.mintFor(artist.wallet, spec, _noShare(), approval), tokenId, "skipped");
        eq(vm.getRecordedLogs().length, 0, "nothing");
        reverts(bytes4(keccak256("ERC721InvalidSender(address)")));
        rights.mintFor(artist.wallet, others[2], _noShare(), _mintConsent(others[2], 5));
        reverts(bytes4(keccak256("ERC721InvalidSender(address)")));
        rights.mintFor(artist.wallet, others[3], _noShare(), _mintConsent(others[3], 5));
    }

    // A signature is no right: who has not registered it gets no token for it.
    function test_RevertWhen_aSignerMintsWhatAnotherRegistered() public {
        Made memory made = _collect(studio.wallet, 1, trainingTerms);
        IRightsToken.RightsSpec memory spec = _rightsSpec(address(data), made.id, "document", 0);
        reverts(
            abi.encodeWithSelector(
                IRightsToken.RightsToken_NotRegistrant.selector, address(data), made.id, studio.wallet, artist.wallet
            )
        );
        rights.mintFor(artist.wallet, spec, _noShare(), _mintConsent(spec, 0));
    }

    // What was signed says the income, and the relay cannot bring it when that is another by now.
    function test_RevertWhen_theIncomeIsAnotherThanTheRegistrantSigned() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        IRightsToken.RightsSpec memory spec = _rightsSpec(address(data), made.id, "document", 0);
        Approval memory nothing = _mintConsent(spec, 0);
        uint256 tokenId = uint256(_subject(address(data), made.id));
        bytes32 self = _subject(address(rights), bytes32(tokenId));
        vm.prank(artist.wallet);
        data.setPayee(made.id, self, abi.encodePacked(address(rights), tokenId), _unsigned());
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_OtherIncome.selector, tokenId, self, 1, 1));
        rights.mintFor(artist.wallet, spec, _noShare(), nothing);
        (spec.shares, spec.total) = (1, 1);
        rights.mintFor(artist.wallet, spec, _noShare(), _mintConsent(spec, 1));
        eq(rights.ownerOf(tokenId), artist.wallet, "minted");
    }

    function test_registersAModelForItsDeveloper() public {
        Sources memory sources = _sources(_collect(artist.wallet, 1, trainingTerms));
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        bytes32 digest = _modelConsent(spec, sources, 0, UNTIL);
        Approval memory approval = _approve(developer, digest, 0, UNTIL);
        spec.run = "another run";
        reverts(ISigned.Signed_WrongSignature.selector);
        models.registerFor(developer.wallet, spec, sources, approval);
        spec = _modelSpec(1, freeTerms);
        bytes32 id = models.registerFor(developer.wallet, spec, sources, approval);
        eq(models.registrantOf(id), developer.wallet, "developer");
        eq(models.registerFor(developer.wallet, spec, sources, approval), id, "skipped");
    }

    // The gate is asked about the developer, never a relayer.
    function test_RevertWhen_onlyTheRelayerIsLetThrough() public {
        Terms memory terms = _training(0, 0);
        terms.gate = address(list);
        Made memory made = _collect(artist.wallet, 1, data.defineTerms(terms));
        vm.prank(artist.wallet);
        list.allow(address(data), made.id, studio.wallet, TRAIN);
        Sources memory sources = _sources(made);
        reverts(IDataRegistry.DataRegistry_GateClosed.selector);
        vm.prank(developer.wallet);
        models.register(_modelSpec(1, freeTerms), sources);
        vm.prank(studio.wallet);
        models.register(_modelSpec(1, freeTerms), sources);
    }

    // A payee can change back, so a signature that changed nothing must not wait for that.
    function test_RevertWhen_aPayeeChangeThatCameTooLateIsUsedLater() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        bytes32 payee = _wallet(studio.wallet);
        Approval[2] memory approvals;
        for (uint256 nonce; nonce < 2; ++nonce) {
            bytes32 typeHash = keccak256(
                "PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)"
            );
            bytes32 structHash = keccak256(abi.encode(typeHash, artist.wallet, made.id, payee, nonce, UNTIL));
            approvals[nonce] = _approve(artist, _digest("Kiseki DataRegistry", address(data), structHash), nonce, UNTIL);
            data.setPayeeFor(artist.wallet, made.id, payee, "", approvals[nonce], _unsigned());
        }
        bytes32 waiverHash =
            keccak256("PayeeWaiver(address payee,bytes32 collection,bytes32 to,uint256 nonce,uint256 deadline)");
        bytes32 waived = keccak256(abi.encode(waiverHash, studio.wallet, made.id, _wallet(artist.wallet), 0, UNTIL));
        Approval memory waiver = _approve(studio, _digest("Kiseki DataRegistry", address(data), waived), 0, UNTIL);
        vm.prank(artist.wallet);
        data.setPayee(made.id, _wallet(artist.wallet), "", waiver);
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 1));
        data.setPayeeFor(artist.wallet, made.id, payee, "", approvals[1], _unsigned());
    }

    function _endorsement(bytes32 model, bytes32 batch) private view returns (IOutputRegistry.Endorsement memory) {
        bytes32 typeHash = keccak256("Endorsement(address developer,bytes32 model,bytes32 batch,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, developer.wallet, model, batch, UNTIL));
        bytes memory signature = _sign(developer, _digest("Kiseki OutputRegistry", address(outputs), structHash));
        return IOutputRegistry.Endorsement(uint64(UNTIL), signature);
    }

    function test_registersABatchForItsCreator() public {
        (bytes32 model,) = _train(1, freeTerms);
        Sources memory sources = _onModel(model);
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(creator.wallet, 4, 1);
        IOutputRegistry.BatchSpec memory spec = _batchSpec(1);
        bytes32 batch = _batchId(creator.wallet, _sourcesHash(sources), IdTrees.root(ids));
        spec.endorsements[0] = _endorsement(model, batch);
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Batch(address creator,bytes32 sourcesHash,bytes32 root,uint64 count,bytes32 record,bytes32 payee,bool endorsed,uint256 nonce,uint256 deadline)"
                ),
                creator.wallet,
                _sourcesHash(sources),
                IdTrees.root(ids),
                4,
                spec.record,
                _wallet(creator.wallet),
                true,
                0,
                UNTIL
            )
        );
        Approval memory approval =
            _approve(creator, _digest("Kiseki OutputRegistry", address(outputs), structHash), 0, UNTIL);
        reverts(ISigned.Signed_WrongSignature.selector);
        outputs.commitFor(creator.wallet, "another", 4, spec, sources, approval);
        // A relay cannot leave the endorsement out.
        reverts(ISigned.Signed_WrongSignature.selector);
        outputs.registerFor(creator.wallet, commitments, _batchSpec(1), sources, approval);
        bytes32 id = outputs.registerFor(creator.wallet, commitments, spec, sources, approval);
        yes(outputs.batchOf(id).endorsed, "endorsed");
        eq(outputs.registrantOf(id), creator.wallet, "creator");
        eq(outputs.commitFor(creator.wallet, IdTrees.root(ids), 4, spec, sources, approval), id, "skipped");
    }
}
