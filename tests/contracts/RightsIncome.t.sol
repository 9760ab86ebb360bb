// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
import {Condition, Schedule} from "../../contracts/types/Schedule.sol";
import {Base} from "./utils/Base.sol";
import {AnyRegistry} from "./utils/Mocks.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {Vm, vm} from "./utils/Vm.sol";

// Promises 4 and 5: whether income reaches the token is shown by whoever likes, and is true.
contract RightsIncomeTest is Base {
    bytes32 private constant METADATA_UPDATE = keccak256("MetadataUpdate(uint256)");

    AnyRegistry private _registry;

    function setUp() public override {
        super.setUp();
        _registry = new AnyRegistry();
    }

    function _self(uint256 tokenId) private view returns (bytes32) {
        return _subject(address(rights), bytes32(tokenId));
    }

    function _opening(uint256 tokenId) private view returns (bytes memory) {
        return abi.encodePacked(address(rights), bytes32(tokenId));
    }

    function _income(uint256 tokenId, uint256 shares, uint256 total) private view {
        (uint96 gotShares, uint96 gotTotal) = rights.incomeOf(tokenId);
        eq(gotShares, shares, "shares");
        eq(gotTotal, total, "total");
    }

    function _notShown(uint256 tokenId, bytes32 payee) private {
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_IncomeNotShown.selector, tokenId, payee));
    }

    function _updates(uint256 tokenId) private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != METADATA_UPDATE) continue;
            eq(abi.decode(logs[i].data, (uint256)), tokenId, "of this token");
            ++count;
        }
    }

    /// @dev A collection of the artist's whose payee is a split: the token `shares`, the studio the rest of 100.
    function _collectionPaying(uint96 shares)
        private
        returns (Made memory made, uint256 tokenId, SumTrees.Leaf[] memory leaves)
    {
        made = _collect(artist.wallet, 1, trainingTerms);
        tokenId = uint256(_subject(address(data), made.id));
        leaves = new SumTrees.Leaf[](2);
        leaves[0] = SumTrees.Leaf(_wallet(studio.wallet), 100 - shares);
        leaves[1] = SumTrees.Leaf(_self(tokenId), shares);
        _paying(made, SumTrees.opening(leaves, 0));
    }

    /// @dev Minted without a word about its income, which is shown later.
    function _paying(Made memory made, bytes memory split) private {
        vm.startPrank(artist.wallet);
        data.setPayee(made.id, SumTrees.key(split), split, _unsigned());
        rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        vm.stopPrank();
    }

    function _expecting(address registry, bytes32 id, uint96 shares, uint96 total)
        private
        pure
        returns (IRightsToken.RightsSpec memory)
    {
        return IRightsToken.RightsSpec(registry, id, "document", 0, shares, total);
    }

    function _other(uint256 tokenId, bytes32 payee, uint256 shares, uint256 total) private {
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_OtherIncome.selector, tokenId, payee, shares, total));
    }

    // What is shown of a batch is what its holder is paid of the gross.
    function test_ofABatchIsThePartThatTheHolderIsPaid() public {
        (bytes32 model,) = _train(1, data.defineTerms(_training(500, 0)));
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(creator.wallet, 5, 9);
        bytes32 batch = _batchId(creator.wallet, _sourcesHash(_onModel(model)), IdTrees.root(ids));
        uint256 tokenId = uint256(_subject(address(outputs), batch));
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](2);
        leaves[0] = SumTrees.Leaf(models.modelOf(model).ownSplit, 250_000);
        leaves[1] = SumTrees.Leaf(_self(tokenId), 750_000);
        vm.startPrank(creator.wallet);
        outputs.register(commitments, _specPaying(tokenId), _onModel(model));
        rights.mint(_rightsSpec(address(outputs), batch, "document", 0), _noShare());
        vm.stopPrank();
        _income(tokenId, 0, 0);

        vm.expectEmit(address(rights));
        emit IRightsToken.IncomeShown(tokenId, outputs.payeeOf(batch, address(0)), 750_000, 1_000_000);
        vm.recordLogs();
        vm.prank(stranger.wallet);
        rights.showIncome(tokenId, _share(leaves, batch, 1));
        eq(_updates(tokenId), 1, "said once");
        _income(tokenId, 750_000, 1_000_000);

        _pay(_key(leaves, batch), SumTrees.opening(leaves, batch), 1 ether);
        splitter.claim(_share(leaves, batch, 1), ETHER, _opening(tokenId));
        eq(creator.wallet.balance, 0.75 ether, "what was shown");

        // Invariant 8
        vm.recordLogs();
        rights.showIncome(tokenId, _share(leaves, batch, 1));
        eq(vm.getRecordedLogs().length, 0, "nothing again");
    }

    function _specPaying(uint256 tokenId) private view returns (IOutputRegistry.BatchSpec memory spec) {
        spec = _batchSpec(1);
        (spec.payee, spec.opening) = (_self(tokenId), _opening(tokenId));
    }

    // A collection's payee can be the token itself: then all of it, for good.
    function test_ofACollectionIsAll() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.startPrank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        _notShown(tokenId, _wallet(artist.wallet));
        rights.showIncome(tokenId, _noShare());
        data.setPayee(made.id, _self(tokenId), _opening(tokenId), _unsigned());
        vm.stopPrank();
        _income(tokenId, 0, 0);
        vm.expectEmit(address(rights));
        emit IRightsToken.IncomeShown(tokenId, _self(tokenId), 1, 1);
        vm.recordLogs();
        rights.showIncome(tokenId, _noShare());
        eq(_updates(tokenId), 1, "said once");
        _income(tokenId, 1, 1);
        vm.recordLogs();
        rights.showIncome(tokenId, _noShare());
        eq(vm.getRecordedLogs().length, 0, "nothing again");
    }

    // Where it needs no proof, minting says it.
    function test_ofACollectionThatPaysItsTokenAlreadyIsSaidAtOnce() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = uint256(_subject(address(data), made.id));
        vm.startPrank(artist.wallet);
        data.setPayee(made.id, _self(tokenId), _opening(tokenId), _unsigned());
        _other(tokenId, _self(tokenId), 1, 1);
        rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        _other(tokenId, _self(tokenId), 1, 1);
        rights.mint(_expecting(address(data), made.id, 2, 2), _noShare());
        vm.expectEmit(address(rights));
        emit IRightsToken.IncomeShown(tokenId, _self(tokenId), 1, 1);
        vm.recordLogs();
        rights.mint(_expecting(address(data), made.id, 1, 1), _noShare());
        eq(_updates(tokenId), 0, "new metadata, not changed");
        _income(tokenId, 1, 1);
    }

    // Minting states what its caller expects, and does not happen where that is not so.
    function test_RevertWhen_anotherIncomeIsExpectedThanASplitPays() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = uint256(_subject(address(data), made.id));
        SumTrees.Leaf[] memory leaves = _split(studio.wallet, 60, artist.wallet, 40);
        leaves[1].key = _self(tokenId);
        bytes32 payee = _key(leaves, 0);
        IRevenueSplitter.Share memory share = _share(leaves, 0, 1);
        vm.startPrank(artist.wallet);
        _other(tokenId, _wallet(artist.wallet), 0, 0); // the payee is no split yet
        rights.mint(_expecting(address(data), made.id, 40, 100), _noShare());
        _notShown(tokenId, _wallet(artist.wallet));
        rights.mint(_expecting(address(data), made.id, 40, 100), share);
        data.setPayee(made.id, payee, SumTrees.opening(leaves, 0), _unsigned());
        _other(tokenId, payee, 40, 100);
        rights.mint(_expecting(address(data), made.id, 41, 100), share);
        _other(tokenId, payee, 40, 100);
        rights.mint(_expecting(address(data), made.id, 2, 5), share);
        _other(tokenId, payee, 40, 100);
        rights.mint(_expecting(address(data), made.id, 0, 0), share);
        _other(tokenId, payee, 0, 0);
        rights.mint(_expecting(address(data), made.id, 40, 100), _noShare());
        _other(tokenId, payee, 0, 0);
        rights.mint(_expecting(address(data), made.id, 0, 100), _noShare());
        _notShown(tokenId, payee);
        rights.mint(_expecting(address(data), made.id, 60, 100), _share(leaves, 0, 0)); // the studio's
        vm.expectEmit(address(rights));
        emit IRightsToken.IncomeShown(tokenId, payee, 40, 100);
        rights.mint(_expecting(address(data), made.id, 40, 100), share);
        _income(tokenId, 40, 100);
        eq(data.payeeOf(made.id, address(0)), payee, "and nobody's payee changed");
    }

    // Who schedules and who is named see which part comes along.
    function test_aScheduleSaysWhichPartComesAlong() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = uint256(_subject(address(data), made.id));
        vm.startPrank(artist.wallet);
        data.setPayee(made.id, _self(tokenId), _opening(tokenId), _unsigned());
        rights.mint(_expecting(address(data), made.id, 1, 1), _noShare());
        Condition[] memory conditions = new Condition[](1);
        conditions[0] = Condition(vm.deployCode("AfterTime.sol"), abi.encode(START + 1));
        Schedule memory expected = Schedule(tokenId, 0, artist.wallet, buyer.wallet, conditions, uint64(START + 1 days));
        bytes32 scheduleId = rights.scheduleIdOf(expected);
        vm.expectEmit(address(rights));
        emit IRightsToken.TransferScheduled(scheduleId, tokenId, buyer.wallet, expected, 1, 1);
        rights.schedule(tokenId, buyer.wallet, conditions, uint64(START + 1 days));
    }

    function test_RevertWhen_theTokenIsNotMinted() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = rights.reveal(address(data), made.id);
        reverts(abi.encodeWithSignature("ERC721NonexistentToken(uint256)", tokenId));
        rights.showIncome(tokenId, _noShare());
    }

    function test_RevertWhen_theProofIsOfSomethingElse() public {
        (, uint256 tokenId, SumTrees.Leaf[] memory leaves) = _collectionPaying(40);
        bytes32 payee = _key(leaves, 0);
        IRevenueSplitter.Share memory share = _share(leaves, 0, 0);
        _notShown(tokenId, payee);
        rights.showIncome(tokenId, share); // the studio's leaf

        share = _share(leaves, 0, 1);
        share.shares = 41;
        _notShown(tokenId, payee);
        rights.showIncome(tokenId, share);

        share = _share(leaves, 0, 0); // the token in the studio's place, which adds up
        share.payee = _self(tokenId);
        _notShown(tokenId, payee);
        rights.showIncome(tokenId, share);

        share = _share(leaves, 0, 1);
        share.payee = _wallet(artist.wallet);
        _notShown(tokenId, payee);
        rights.showIncome(tokenId, share);

        share = _share(leaves, "salted", 1); // another split with the same leaves
        _notShown(tokenId, payee);
        rights.showIncome(tokenId, share);

        share = _share(leaves, 0, 1);
        share.split = abi.encodePacked(share.split, bytes1(0));
        _notShown(tokenId, payee);
        rights.showIncome(tokenId, share);

        _notShown(tokenId, payee);
        rights.showIncome(tokenId, _noShare());
        _income(tokenId, 0, 0);
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        _income(tokenId, 40, 100);
    }

    // A split that says another total than its tree's pays nobody, so it is no income.
    function test_RevertWhen_theSplitLiesAboutItsTotal() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = uint256(_subject(address(data), made.id));
        SumTrees.Leaf[] memory leaves = _split(studio.wallet, 60, artist.wallet, 40);
        leaves[1].key = _self(tokenId);
        IRevenueSplitter.Share memory share = _share(leaves, 0, 1);
        (bytes32 root,) = SumTrees.root(leaves);
        share.split = abi.encodePacked(root, uint96(40), bytes32(0));
        bytes32 payee = SumTrees.key(share.split);
        _paying(made, share.split);
        _notShown(tokenId, payee);
        rights.showIncome(tokenId, share);
    }

    // Another token's leaf, in a split that is this subject's payee, is another token's income.
    function test_RevertWhen_theLeafIsAnotherTokens() public {
        (,, SumTrees.Leaf[] memory leaves) = _collectionPaying(40);
        Made memory other = _collect(artist.wallet, 2, trainingTerms);
        vm.startPrank(artist.wallet);
        data.setPayee(other.id, _key(leaves, 0), SumTrees.opening(leaves, 0), _unsigned());
        uint256 tokenId = rights.mint(_rightsSpec(address(data), other.id, "document", 0), _noShare());
        _notShown(tokenId, _key(leaves, 0));
        rights.showIncome(tokenId, _share(leaves, 0, 1));
    }

    // What a registry of somebody's own showed it may take back, and then it is not claimed any longer.
    function test_isNotClaimedAfterAForeignRegistryChangedItsWord() public {
        _registry.setRegistrant("id", artist.wallet);
        uint256 tokenId = uint256(_subject(address(_registry), "id"));
        SumTrees.Leaf[] memory leaves = _split(studio.wallet, 60, artist.wallet, 40);
        leaves[1].key = _self(tokenId);
        _registry.setPayee("id", _key(leaves, 0));
        vm.prank(artist.wallet);
        rights.mint(_expecting(address(_registry), "id", 40, 100), _share(leaves, 0, 1));
        _income(tokenId, 40, 100);
        _registry.setPayee("id", _wallet(artist.wallet));
        _income(tokenId, 0, 0);
        vm.expectEmit(address(rights));
        emit IRightsToken.IncomeShown(tokenId, 0, 0, 0);
        vm.recordLogs();
        rights.showIncome(tokenId, _noShare());
        eq(_updates(tokenId), 1, "said once");
        _notShown(tokenId, _wallet(artist.wallet));
        rights.showIncome(tokenId, _noShare());
        // Back again, it is shown anew.
        _registry.setPayee("id", _key(leaves, 0));
        _income(tokenId, 0, 0);
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        _income(tokenId, 40, 100);
    }

    // Nobody takes back what is still true.
    function test_RevertWhen_aTrueRecordIsTakenBack() public {
        (, uint256 tokenId, SumTrees.Leaf[] memory leaves) = _collectionPaying(40);
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        _notShown(tokenId, _key(leaves, 0));
        rights.showIncome(tokenId, _noShare());
        _income(tokenId, 40, 100);
    }

    // Where a split names the token twice, nobody can hide the larger leaf behind the smaller.
    function test_theLargerLeafCounts() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = uint256(_subject(address(data), made.id));
        SumTrees.Leaf[] memory leaves = _split(studio.wallet, 60, artist.wallet, 40);
        leaves[0].key = leaves[1].key = _self(tokenId);
        _paying(made, SumTrees.opening(leaves, 0));
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        _income(tokenId, 40, 100);
        rights.showIncome(tokenId, _share(leaves, 0, 0));
        _income(tokenId, 60, 100);
        vm.recordLogs();
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        eq(vm.getRecordedLogs().length, 0, "stays");
        _income(tokenId, 60, 100);
    }

    // A registry that does not answer stops only who would mint under it: no answer is not "nothing".
    function test_RevertWhen_theRegistryDoesNotAnswer() public {
        _registry.setRegistrant("id", stranger.wallet);
        _registry.setMood(AnyRegistry.Mood.Reverting);
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NoAnswer.selector, address(_registry), bytes32("id")));
        vm.prank(stranger.wallet);
        rights.mint(_expecting(address(_registry), "id", 0, 0), _noShare());
    }

    // A registry that stops answering, or not with one word, does not stop reading.
    function test_aHostileRegistryStopsNobody(uint8 mood) public {
        mood = uint8(bound(mood, 1, 3));
        _registry.setRegistrant("id", stranger.wallet);
        uint256 tokenId = uint256(_subject(address(_registry), "id"));
        _registry.setPayee("id", _self(tokenId));
        vm.prank(stranger.wallet);
        rights.mint(_expecting(address(_registry), "id", 1, 1), _noShare());
        _registry.setMood(AnyRegistry.Mood(mood));
        _income(tokenId, 0, 0);
        _notShown(tokenId, 0);
        rights.showIncome(tokenId, _noShare());
        _registry.setMood(AnyRegistry.Mood.Honest);
        _income(tokenId, 1, 1);
        _registry.setMood(AnyRegistry.Mood(mood));
        _income(tokenId, 0, 0);
        _notShown(tokenId, 0);
        rights.showIncome(tokenId, _noShare());
    }
}
