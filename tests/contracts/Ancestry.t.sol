// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Compose} from "../../contracts/libraries/Compose.sol";
import {Ancestor, Parent, Sources} from "../../contracts/types/Sources.sol";
import {Base} from "./utils/Base.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

/// @notice The deepest lineage there can be: 256 models, each on the two before it, so that every one but the ends is
/// reached by many paths; every fourth with a collection of its own.
// Promise 4, invariants 1, 2 and 5
contract AncestryTest is Base {
    uint256 private constant MODELS = 256;
    uint256 private constant ASK_BPS = 3;

    bytes32[] private _models;
    bytes32[] private _ownSplits;
    uint256[] private _owns;
    /// @dev Encoded, because structs with arrays of structs are not copied to storage; the batch's comes last.
    bytes[] private _composed;

    bytes32 private _dataTerms;

    function setUp() public override {
        super.setUp();
        bytes32 terms = data.defineTerms(_training(uint16(ASK_BPS), 0));
        _dataTerms = data.defineTerms(_training(7, 0));
        // 256 registrations are one transaction here, and more than a block.
        vm.pauseGasMetering();
        for (uint256 i; i < MODELS; ++i) {
            this.register(i, terms);
        }
    }

    function test_everythingAddsUpToTheUnitOver256Models() public {
        Sources memory sources;
        sources.models = new Parent[](1);
        sources.models[0] = Parent(_models[MODELS - 1], _ancestry(MODELS));
        bytes32 id = _batchId(creator.wallet, _sourcesHash(sources), "root");
        (bytes32[] memory ownSplits, uint256[] memory owns) = _ascendingOwns(MODELS);
        Composed memory batch = _compose(id, new Made[](0), ownSplits, owns, 0, _wallet(creator.wallet));
        vm.prank(creator.wallet);
        outputs.commit("root", 1, _batchSpec(1), sources);
        eq(outputs.batchOf(id).split, SumTrees.key(batch.opening), "every levy is in the split, each once");
        _composed.push(abi.encode(batch));
        eq(batch.leaves.length, MODELS + 1, "all of them, and the creator");

        uint256 paid = 1e18 + 7;
        _pay(SumTrees.key(batch.opening), batch.opening, paid);
        uint256 leaves = this.claimAll(MODELS, id, paid);
        uint256 sum;
        for (uint256 i; i < MODELS; ++i) {
            Composed memory composed = abi.decode(_composed[i], (Composed));
            uint256 levy = paid * composed.own / 1e6;
            eq(splitter.received(SumTrees.key(composed.ownOpening), ETHER), levy, "a model's levy of the gross");
            leaves += this.claimAll(i, _models[i], levy);
            uint256 asked = levy * (100 * ASK_BPS) / composed.own;
            eq(_payee(i).balance, asked, "a developer");
            sum += asked;
            if (composed.data != 0) {
                // The one collection of the data split gets all of it.
                uint256 provided = levy * composed.data / composed.own;
                eq(splitter.claim(_share(composed.dataLeaves, 0, 0), ETHER, _openingOf(i)), provided, "its data");
                sum += provided;
                ++leaves;
            }
        }
        sum += creator.wallet.balance;
        eq(address(splitter).balance + sum, paid, "in = out + held");
        yes(address(splitter).balance < leaves, "at most one unit a leaf");
        eq(artist.wallet.balance + _paidToDevelopers() + creator.wallet.balance, sum, "with those it was meant for");
    }

    function test_RevertWhen_oneMoreWouldRestOnThem() public {
        Sources memory sources;
        sources.models = new Parent[](1);
        sources.models[0] = Parent(_models[MODELS - 1], _ancestry(MODELS));
        reverts(abi.encodeWithSelector(Compose.Compose_TooManyAncestors.selector, MODELS + 1));
        vm.prank(developer.wallet);
        models.register(_modelSpec(MODELS, freeTerms), sources);
    }

    // Called from the outside, because memory is freed only then.

    function register(uint256 i, bytes32 terms) external {
        Sources memory sources;
        Made[] memory made = new Made[](i % 4 == 0 ? 1 : 0);
        if (made.length == 1) {
            made[0] = _collect(artist.wallet, i, _dataTerms);
            sources = _sources(made);
        }
        uint256 parents = i < 2 ? i : 2;
        sources.models = new Parent[](parents);
        for (uint256 j; j < parents; ++j) {
            sources.models[j] = Parent(_models[i - 1 - j], _ancestry(i - j));
        }
        if (parents == 2 && sources.models[1].id < sources.models[0].id) {
            (sources.models[0], sources.models[1]) = (sources.models[1], sources.models[0]);
        }
        IModelRegistry.ModelSpec memory spec = _modelSpec(i, terms);
        spec.payee = _wallet(_payee(i));
        vm.prank(developer.wallet);
        bytes32 id = models.register(spec, sources);
        (bytes32[] memory ownSplits, uint256[] memory owns) = _ascendingOwns(i);
        Composed memory composed = _compose(id, made, ownSplits, owns, ASK_BPS, spec.payee);
        eq(models.modelOf(id).split, SumTrees.key(composed.opening), "composed");
        // What is paid to the models themselves is not looked at.
        composed.leaves = new SumTrees.Leaf[](0);
        _composed.push(abi.encode(composed));
        _models.push(id);
        _ownSplits.push(SumTrees.key(composed.ownOpening));
        _owns.push(composed.own);
    }

    /// @dev All leaves of a model's own split, or of the batch's split.
    function claimAll(uint256 i, bytes32 salt, uint256 received) external returns (uint256 count) {
        Composed memory composed = abi.decode(_composed[i], (Composed));
        SumTrees.Leaf[] memory leaves = i == MODELS ? composed.leaves : composed.ownLeaves;
        (, uint256 total) = SumTrees.root(leaves);
        count = leaves.length;
        for (uint256 j; j < count; ++j) {
            eq(this.claimOne(leaves, salt, j), received * leaves[j].shares / total, "its share");
        }
    }

    function claimOne(SumTrees.Leaf[] memory leaves, bytes32 salt, uint256 j) external returns (uint256) {
        return splitter.claim(_share(leaves, salt, j), ETHER, "");
    }

    // The lineage of the first `count`

    function _payee(uint256 i) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("developer", i)))));
    }

    function _paidToDevelopers() private view returns (uint256 sum) {
        for (uint256 i; i < MODELS; ++i) {
            sum += _payee(i).balance;
        }
    }

    function _openingOf(uint256 i) private view returns (bytes memory) {
        Made memory made;
        made.root = keccak256(abi.encode("root", i));
        bytes32 id = keccak256(abi.encodePacked(bytes1(0x05), artist.wallet, made.root, _dataTerms));
        return abi.encodePacked(address(data), id);
    }

    function _ancestry(uint256 count) private view returns (Ancestor[] memory all) {
        (bytes32[] memory ids, bytes32[] memory order) = _ascendingModels(count);
        all = new Ancestor[](count);
        for (uint256 i; i < count; ++i) {
            all[i] = Ancestor(ids[i], uint32(_owns[uint256(order[i])]));
        }
    }

    function _ascendingOwns(uint256 count) private view returns (bytes32[] memory ownSplits, uint256[] memory owns) {
        (, bytes32[] memory order) = _ascendingModels(count);
        (ownSplits, owns) = (new bytes32[](count), new uint256[](count));
        for (uint256 i; i < count; ++i) {
            (ownSplits[i], owns[i]) = (_ownSplits[uint256(order[i])], _owns[uint256(order[i])]);
        }
    }

    function _ascendingModels(uint256 count) private view returns (bytes32[] memory ids, bytes32[] memory order) {
        (ids, order) = (new bytes32[](count), new bytes32[](count));
        for (uint256 i; i < count; ++i) {
            (ids[i], order[i]) = (_models[i], bytes32(i));
        }
        if (count > 1) _sort(ids, order, 0, int256(count - 1));
    }
}
