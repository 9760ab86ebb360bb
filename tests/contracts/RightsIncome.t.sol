// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
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

    function _empty() private pure returns (IRevenueSplitter.Share memory) {}

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
        vm.startPrank(artist.wallet);
        data.setPayee(made.id, _key(leaves, 0), SumTrees.opening(leaves, 0));
        rights.mint(address(data), made.id, "document", 0);
        vm.stopPrank();
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
        rights.mint(address(outputs), batch, "document", 0);
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
        uint256 tokenId = rights.mint(address(data), made.id, "document", 0);
        _notShown(tokenId, _wallet(artist.wallet));
        rights.showIncome(tokenId, _empty());
        data.setPayee(made.id, _self(tokenId), _opening(tokenId));
        vm.stopPrank();
        _income(tokenId, 0, 0);
        vm.expectEmit(address(rights));
        emit IRightsToken.IncomeShown(tokenId, _self(tokenId), 1, 1);
        vm.recordLogs();
        rights.showIncome(tokenId, _empty());
        eq(_updates(tokenId), 1, "said once");
        _income(tokenId, 1, 1);
        vm.recordLogs();
        rights.showIncome(tokenId, _empty());
        eq(vm.getRecordedLogs().length, 0, "nothing again");
    }

    // Where it needs no proof, minting says it.
    function test_ofACollectionThatPaysItsTokenAlreadyIsSaidAtOnce() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = uint256(_subject(address(data), made.id));
        vm.startPrank(artist.wallet);
        data.setPayee(made.id, _self(tokenId), _opening(tokenId));
        vm.recordLogs();
        rights.mint(address(data), made.id, "document", 0);
        eq(_updates(tokenId), 0, "new metadata, not changed");
        _income(tokenId, 1, 1);
    }

    function test_RevertWhen_theTokenIsNotMinted() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = rights.know(address(data), made.id);
        reverts(abi.encodeWithSignature("ERC721NonexistentToken(uint256)", tokenId));
        rights.showIncome(tokenId, _empty());
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
        rights.showIncome(tokenId, _empty());
        _income(tokenId, 0, 0);
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        _income(tokenId, 40, 100);
    }

    // A split that says another total than its tree's pays nobody, so it is no income.
    function test_RevertWhen_theSplitLiesAboutItsTotal() public {
        (Made memory made, uint256 tokenId, SumTrees.Leaf[] memory leaves) = _collectionPaying(40);
        IRevenueSplitter.Share memory share = _share(leaves, 0, 1);
        (bytes32 root,) = SumTrees.root(leaves);
        share.split = abi.encodePacked(root, uint96(40), bytes32(0));
        bytes32 payee = SumTrees.key(share.split);
        vm.prank(artist.wallet);
        data.setPayee(made.id, payee, share.split);
        _notShown(tokenId, payee);
        rights.showIncome(tokenId, share);
    }

    // Another token's leaf, in a split that is this subject's payee, is another token's income.
    function test_RevertWhen_theLeafIsAnotherTokens() public {
        (,, SumTrees.Leaf[] memory leaves) = _collectionPaying(40);
        Made memory other = _collect(artist.wallet, 2, trainingTerms);
        vm.startPrank(artist.wallet);
        data.setPayee(other.id, _key(leaves, 0), SumTrees.opening(leaves, 0));
        uint256 tokenId = rights.mint(address(data), other.id, "document", 0);
        _notShown(tokenId, _key(leaves, 0));
        rights.showIncome(tokenId, _share(leaves, 0, 1));
    }

    // A collection's payee may change from one split to another, and what was shown is not claimed any longer.
    function test_isNotClaimedAfterThePayeeChanged() public {
        (Made memory made, uint256 tokenId, SumTrees.Leaf[] memory leaves) = _collectionPaying(40);
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        vm.prank(artist.wallet);
        data.setPayee(made.id, _wallet(artist.wallet), "");
        _income(tokenId, 0, 0);
        vm.expectEmit(address(rights));
        emit IRightsToken.IncomeShown(tokenId, 0, 0, 0);
        vm.recordLogs();
        rights.showIncome(tokenId, _empty());
        eq(_updates(tokenId), 1, "said once");
        _notShown(tokenId, _wallet(artist.wallet));
        rights.showIncome(tokenId, _empty());
        // Back again, it is shown anew.
        vm.prank(artist.wallet);
        data.setPayee(made.id, _key(leaves, 0), SumTrees.opening(leaves, 0));
        _income(tokenId, 0, 0);
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        _income(tokenId, 40, 100);
    }

    // Nobody takes back what is still true.
    function test_RevertWhen_aTrueRecordIsTakenBack() public {
        (, uint256 tokenId, SumTrees.Leaf[] memory leaves) = _collectionPaying(40);
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        _notShown(tokenId, _key(leaves, 0));
        rights.showIncome(tokenId, _empty());
        _income(tokenId, 40, 100);
    }

    // Where a split names the token twice, nobody can hide the larger leaf behind the smaller.
    function test_theLargerLeafCounts() public {
        (Made memory made, uint256 tokenId, SumTrees.Leaf[] memory leaves) = _collectionPaying(40);
        leaves[0].key = leaves[1].key;
        vm.prank(artist.wallet);
        data.setPayee(made.id, _key(leaves, 0), SumTrees.opening(leaves, 0));
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        _income(tokenId, 40, 100);
        rights.showIncome(tokenId, _share(leaves, 0, 0));
        _income(tokenId, 60, 100);
        vm.recordLogs();
        rights.showIncome(tokenId, _share(leaves, 0, 1));
        eq(vm.getRecordedLogs().length, 0, "stays");
        _income(tokenId, 60, 100);
    }

    // A registry that does not answer, or not with one word, stops neither minting nor reading.
    function test_aHostileRegistryStopsNobody(uint8 mood) public {
        mood = uint8(bound(mood, 1, 3));
        _registry.setRegistrant("id", stranger.wallet);
        uint256 tokenId = uint256(_subject(address(_registry), "id"));
        _registry.setPayee("id", _self(tokenId));
        _registry.setMood(AnyRegistry.Mood(mood));
        vm.prank(stranger.wallet);
        rights.mint{gas: 1_000_000}(address(_registry), "id", "document", 0);
        _income(tokenId, 0, 0);
        _notShown(tokenId, 0);
        rights.showIncome(tokenId, _empty());
        _registry.setMood(AnyRegistry.Mood.Honest);
        rights.showIncome(tokenId, _empty());
        _income(tokenId, 1, 1);
        _registry.setMood(AnyRegistry.Mood(mood));
        _income(tokenId, 0, 0);
        _notShown(tokenId, 0);
        rights.showIncome(tokenId, _empty());
    }
}
