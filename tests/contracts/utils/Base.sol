// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataRegistry} from "../../../contracts/DataRegistry.sol";
import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {OutputRegistry} from "../../../contracts/OutputRegistry.sol";
import {RevenueSplitter} from "../../../contracts/RevenueSplitter.sol";
import {RightsToken} from "../../../contracts/RightsToken.sol";
import {Statements} from "../../../contracts/Statements.sol";
import {AllowList} from "../../../contracts/gates/AllowList.sol";
import {IDataRegistry} from "../../../contracts/interfaces/IDataRegistry.sol";
import {IModelRegistry} from "../../../contracts/interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "../../../contracts/interfaces/IOutputRegistry.sol";
import {IRevenueSplitter} from "../../../contracts/interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "../../../contracts/interfaces/IRightsToken.sol";
import {Approval} from "../../../contracts/interfaces/ISigned.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Ancestor, Collection, External, Parent, ShownSources, Sources} from "../../../contracts/types/Sources.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {Test} from "./Test.sol";
import {IdTrees, SumTrees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice The suite, the people and one set of defaults. All hashes are written out again here from DESIGN.md.
/// @dev The suite is deployed from its artefacts, so that no test contract carries its code: that compiles faster.
abstract contract Base is Test {
    struct Actor {
        address wallet;
        uint256 key;
    }

    /// @notice A collection and what opens it.
    struct Made {
        bytes32 id;
        address provider;
        bytes32 root;
        uint96 weight;
        uint16 royaltyBps;
        uint16 floorBps;
    }

    /// @notice A split as composed for a model or batch, leaf by leaf.
    struct Composed {
        uint256 data;
        bytes dataOpening;
        SumTrees.Leaf[] dataLeaves;
        uint256 own;
        bytes ownOpening;
        SumTrees.Leaf[] ownLeaves;
        bytes opening;
        SumTrees.Leaf[] leaves;
    }

    uint256 internal constant START = 1_800_000_000;
    address internal constant ETHER = address(0);
    uint256 internal constant TRAIN = 8;
    uint256 internal constant READ = 2;
    uint256 internal constant GENERATE = 64;
    string internal constant TERMS =
        "Terms(bool dataMining,bool aiInference,bool aiTraining,bool aiGenerativeTraining,bool commercialOutput,bool redistribution,uint16 royaltyBps,uint16 floorBps,uint64 validUntil,uint32 noticeSeconds,address gate,bytes32 document)";

    Actor internal artist;
    Actor internal studio;
    Actor internal developer;
    Actor internal creator;
    Actor internal buyer;
    Actor internal stranger;

    RevenueSplitter internal splitter;
    RightsToken internal rights;
    DataRegistry internal data;
    ModelRegistry internal models;
    OutputRegistry internal outputs;
    Statements internal statements;
    AllowList internal list;
    TestToken internal token;

    /// 20% of gross for generative training.
    bytes32 internal trainingTerms;
    /// 20% for reading while generating.
    bytes32 internal readingTerms;
    /// What a model asks that asks nothing.
    bytes32 internal freeTerms;

    function setUp() public virtual {
        vm.warp(START);
        artist = _actor("artist");
        studio = _actor("studio");
        developer = _actor("developer");
        creator = _actor("creator");
        buyer = _actor("buyer");
        stranger = _actor("stranger");
        splitter = RevenueSplitter(payable(vm.deployCode("RevenueSplitter.sol")));
        address metadata = vm.deployCode("RightsMetadata.sol");
        rights = RightsToken(vm.deployCode("RightsToken.sol", abi.encode(splitter, metadata)));
        data = DataRegistry(vm.deployCode("DataRegistry.sol", abi.encode(splitter, rights)));
        models = ModelRegistry(vm.deployCode("ModelRegistry.sol", abi.encode(data, rights, splitter)));
        outputs = OutputRegistry(vm.deployCode("OutputRegistry.sol", abi.encode(data, models, rights, splitter)));
        statements = Statements(vm.deployCode("Statements.sol"));
        list = AllowList(vm.deployCode("AllowList.sol"));
        token = TestToken(vm.deployCode("TestToken.sol"));
        trainingTerms = data.defineTerms(_training(2000, 0));
        Terms memory reading = _training(2000, 0);
        reading.aiInference = true;
        readingTerms = data.defineTerms(reading);
        freeTerms = data.defineTerms(_training(0, 0));
        vm.deal(buyer.wallet, 1000 ether);
        token.mint(buyer.wallet, 1e30);
        vm.prank(buyer.wallet);
        token.approve(address(splitter), type(uint256).max);
    }

    // People

    function _actor(string memory name) internal returns (Actor memory actor) {
        actor.key = uint256(keccak256(bytes(name)));
        actor.wallet = vm.addr(actor.key);
        vm.label(actor.wallet, name);
    }

    function _wallet(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    // Terms

    function _training(uint16 royaltyBps, uint16 floorBps) internal pure returns (Terms memory terms) {
        terms.aiGenerativeTraining = true;
        terms.royaltyBps = royaltyBps;
        terms.floorBps = floorBps;
        terms.document = keccak256("licence");
    }

    // IDs and collections

    function _item(address registrant, bytes32 commitment) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), registrant, commitment));
    }

    function _subject(address account, bytes32 id) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x04), account, id));
    }

    /// @dev `count` commitments whose IDs ascend, and the IDs.
    function _commitments(address registrant, uint256 count, uint256 seed)
        internal
        pure
        returns (bytes32[] memory commitments, bytes32[] memory ids)
    {
        commitments = new bytes32[](count);
        ids = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            commitments[i] = keccak256(abi.encode("content", seed, i));
            ids[i] = _item(registrant, commitments[i]);
        }
        if (count > 1) _sort(ids, commitments, 0, int256(count - 1));
    }

    function _sort(bytes32[] memory keys, bytes32[] memory beside, int256 low, int256 high) internal pure {
        int256 i = low;
        int256 j = high;
        bytes32 pivot = keys[uint256(low + (high - low) / 2)];
        while (i <= j) {
            while (keys[uint256(i)] < pivot) ++i;
            while (pivot < keys[uint256(j)]) --j;
            if (i > j) break;
            (keys[uint256(i)], keys[uint256(j)]) = (keys[uint256(j)], keys[uint256(i)]);
            (beside[uint256(i)], beside[uint256(j)]) = (beside[uint256(j)], beside[uint256(i)]);
            ++i;
            --j;
        }
        if (low < j) _sort(keys, beside, low, j);
        if (i < high) _sort(keys, beside, i, high);
    }

    function _spec(bytes32 termsId) internal pure returns (IDataRegistry.CollectionSpec memory spec) {
        spec.termsId = termsId;
        spec.origin = keccak256("origin");
    }

    /// @dev A collection of three items whose contents nobody looks at.
    function _collect(address provider, uint256 seed, bytes32 termsId) internal returns (Made memory made) {
        bytes32 root = keccak256(abi.encode("root", seed));
        vm.prank(provider);
        bytes32 id = data.commit(root, 3, _spec(termsId));
        Terms memory terms = data.termsOf(termsId);
        return Made(id, provider, root, 1, terms.royaltyBps, terms.floorBps);
    }

    // Sources

    function _ascending(Made[] memory made) internal pure {
        for (uint256 i = 1; i < made.length; ++i) {
            for (uint256 j = i; j > 0 && made[j].id < made[j - 1].id; --j) {
                (made[j], made[j - 1]) = (made[j - 1], made[j]);
            }
        }
    }

    function _items(bytes32 id) internal pure returns (bytes32) {
        return keccak256(abi.encode("items", id));
    }

    /// @dev Sources of a model; puts `made` in order.
    function _sources(Made[] memory made) internal pure returns (Sources memory sources) {
        _ascending(made);
        sources.collections = new Collection[](made.length);
        for (uint256 i; i < made.length; ++i) {
            sources.collections[i] = Collection(made[i].id, _items(made[i].id), made[i].weight);
        }
    }

    function _sources(Made memory made) internal pure returns (Sources memory) {
        Made[] memory one = new Made[](1);
        one[0] = made;
        return _sources(one);
    }

    function _onModel(bytes32 model) internal view returns (Sources memory sources) {
        sources.models = new Parent[](1);
        sources.models[0] = Parent(model, _ancestryOf(model));
    }

    /// @dev Ancestry of a model without parents.
    function _ancestryOf(bytes32 model) internal view returns (Ancestor[] memory ancestry) {
        ancestry = new Ancestor[](1);
        ancestry[0] = Ancestor(model, models.modelOf(model).own);
    }

    function _shown(Sources memory sources) internal pure returns (ShownSources memory shown) {
        (shown.parts, shown.models) = _partsAndModels(sources);
        shown.externals = sources.externals;
        shown.collections = sources.collections;
    }

    function _partsAndModels(Sources memory sources)
        internal
        pure
        returns (bytes32[] memory parts, bytes32[] memory parents)
    {
        parts = new bytes32[](sources.collections.length == 0 ? 0 : 1);
        if (parts.length == 1) parts[0] = keccak256(abi.encode(sources.collections));
        parents = new bytes32[](sources.models.length);
        for (uint256 i; i < parents.length; ++i) {
            parents[i] = sources.models[i].id;
        }
    }

    function _sourcesHash(Sources memory sources) internal pure returns (bytes32) {
        (bytes32[] memory parts, bytes32[] memory parents) = _partsAndModels(sources);
        return keccak256(abi.encode(parts, parents, sources.externals));
    }

    // Models and batches

    function _modelSpec(uint256 seed, bytes32 termsId) internal pure returns (IModelRegistry.ModelSpec memory spec) {
        spec.weights = keccak256(abi.encode("weights", seed));
        spec.run = keccak256("run");
        spec.termsId = termsId;
    }

    function _modelId(address by, IModelRegistry.ModelSpec memory spec, bytes32 sourcesHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(bytes1(0x06), by, spec.weights, sourcesHash, spec.termsId));
    }

    /// @dev The developer's model on one collection of the artist's.
    function _train(uint256 seed, bytes32 modelTerms) internal returns (bytes32 model, Made memory made) {
        made = _collect(artist.wallet, seed, trainingTerms);
        vm.prank(developer.wallet);
        model = models.register(_modelSpec(seed, modelTerms), _sources(made));
    }

    function _batchSpec(uint256 parents) internal pure returns (IOutputRegistry.BatchSpec memory spec) {
        spec.record = keccak256("record");
        spec.endorsements = new IOutputRegistry.Endorsement[](parents);
    }

    function _batchId(address by, bytes32 sourcesHash, bytes32 root) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x07), by, sourcesHash, root));
    }

    // Rights

    /// @dev Of a token that nothing reaches.
    function _rightsSpec(address registry, bytes32 id, bytes32 document, uint16 royaltyBps)
        internal
        pure
        returns (IRightsToken.RightsSpec memory)
    {
        return IRightsToken.RightsSpec(registry, id, document, royaltyBps, 0, 0);
    }

    function _noShare() internal pure returns (IRevenueSplitter.Share memory) {}

    // Splits

    function _split(address a, uint96 sharesA, address b, uint96 sharesB)
        internal
        pure
        returns (SumTrees.Leaf[] memory leaves)
    {
        leaves = new SumTrees.Leaf[](2);
        leaves[0] = SumTrees.Leaf(_wallet(a), sharesA);
        leaves[1] = SumTrees.Leaf(_wallet(b), sharesB);
    }

    function _share(SumTrees.Leaf[] memory leaves, bytes32 salt, uint256 index)
        internal
        pure
        returns (IRevenueSplitter.Share memory share)
    {
        share.split = SumTrees.opening(leaves, salt);
        share.payee = leaves[index].key;
        share.shares = leaves[index].shares;
        (share.path, share.side) = SumTrees.proof(leaves, index);
    }

    function _key(SumTrees.Leaf[] memory leaves, bytes32 salt) internal pure returns (bytes32) {
        return SumTrees.key(SumTrees.opening(leaves, salt));
    }

    /// @dev What DESIGN.md says the splits of a model or batch are; `made` in order, `ancestry` without itself.
    function _compose(
        bytes32 id,
        Made[] memory made,
        bytes32[] memory ownSplits,
        uint256[] memory owns,
        uint256 askBps,
        bytes32 payee
    ) internal view returns (Composed memory composed) {
        _composeData(composed, made);
        composed.own = composed.data + 100 * askBps;
        bytes32 dataKey = composed.data == 0 ? bytes32(0) : SumTrees.key(composed.dataOpening);
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](2 + owns.length);
        uint256 count;
        if (composed.data != 0) leaves[count++] = SumTrees.Leaf(dataKey, uint96(composed.data));
        if (askBps != 0) leaves[count++] = SumTrees.Leaf(payee, uint96(100 * askBps));
        composed.ownLeaves = _first(leaves, count);
        if (count != 0) composed.ownOpening = SumTrees.opening(composed.ownLeaves, id);
        count = 0;
        uint256 rest = 1_000_000 - composed.data;
        if (composed.data != 0) leaves[count++] = SumTrees.Leaf(dataKey, uint96(composed.data));
        for (uint256 i; i < owns.length; ++i) {
            if (owns[i] != 0) leaves[count++] = SumTrees.Leaf(ownSplits[i], uint96(owns[i]));
            rest -= owns[i];
        }
        if (rest != 0) leaves[count++] = SumTrees.Leaf(payee, uint96(rest));
        composed.leaves = _first(leaves, count);
        composed.opening = SumTrees.opening(composed.leaves, id);
    }

    function _composeData(Composed memory composed, Made[] memory made) internal view {
        uint256 weight;
        for (uint256 i; i < made.length; ++i) {
            weight += made[i].weight;
        }
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](made.length);
        uint256 count;
        uint256 total;
        for (uint256 i; i < made.length; ++i) {
            uint256 share = uint256(made[i].weight) * made[i].royaltyBps;
            if (made[i].floorBps * weight > share) share = made[i].floorBps * weight;
            if (share == 0) continue;
            leaves[count++] = SumTrees.Leaf(_subject(address(data), made[i].id), uint96(share));
            total += share;
        }
        composed.dataLeaves = _first(leaves, count);
        if (count == 0) return;
        composed.data = (100 * total) / weight + ((100 * total) % weight == 0 ? 0 : 1);
        composed.dataOpening = SumTrees.opening(composed.dataLeaves, 0);
    }

    function _first(SumTrees.Leaf[] memory leaves, uint256 count) internal pure returns (SumTrees.Leaf[] memory some) {
        some = new SumTrees.Leaf[](count);
        for (uint256 i; i < count; ++i) {
            some[i] = SumTrees.Leaf(leaves[i].key, leaves[i].shares);
        }
    }

    // Paying

    function _pay(bytes32 payee, bytes memory opening, uint256 amount) internal {
        vm.deal(buyer.wallet, buyer.wallet.balance + amount);
        vm.prank(buyer.wallet);
        splitter.deposit{value: amount}(payee, opening, ETHER, amount, "");
    }

    function _payTokens(bytes32 payee, bytes memory opening, address currency, uint256 amount) internal {
        vm.prank(buyer.wallet);
        splitter.deposit(payee, opening, currency, amount, "");
    }

    // Signing

    /// @dev Where nobody's signature is needed.
    function _unsigned() internal pure returns (Approval memory) {}

    function _digest(string memory name, address verifier, bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _sign(Actor memory actor, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(actor.key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev What the developer, paid to its own wallet, signs for `models.registerFor`.
    function _modelConsent(
        IModelRegistry.ModelSpec memory spec,
        Sources memory sources,
        uint256 nonce,
        uint256 deadline
    ) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "Model(address developer,bytes32 weights,bytes32 sourcesHash,Terms terms,bytes32 run,bytes32 payee,uint256 nonce,uint256 deadline)",
                TERMS
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                typeHash,
                developer.wallet,
                spec.weights,
                _sourcesHash(sources),
                spec.termsId,
                spec.run,
                _wallet(developer.wallet),
                nonce,
                deadline
            )
        );
        return _digest("Kiseki ModelRegistry", address(models), structHash);
    }

    function _approve(Actor memory actor, bytes32 digest, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (Approval memory)
    {
        return Approval(nonce, deadline, _sign(actor, digest));
    }

    /// @dev Digest of the provider's consent, with the payee spelled out.
    function _consent(
        address verifier,
        address provider,
        bytes32 root,
        uint64 count,
        IDataRegistry.CollectionSpec memory spec,
        uint256 nonce,
        uint256 deadline
    ) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,uint256 nonce,uint256 deadline)",
                TERMS
            )
        );
        bytes32 payee = spec.payee == 0 ? _wallet(provider) : spec.payee;
        return _digest(
            "Kiseki DataRegistry",
            verifier,
            keccak256(abi.encode(typeHash, provider, root, count, spec.termsId, payee, spec.origin, nonce, deadline))
        );
    }

    /// @dev Struct hash of a provider's standing consent, with the payee spelled out.
    function _standingConsent(
        address provider,
        address collector,
        IDataRegistry.CollectionSpec memory spec,
        uint32 perMonth,
        uint256 until,
        uint256 nonce
    ) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "StandingConsent(address provider,address collector,Terms terms,bytes32 payee,uint32 perMonth,uint64 until,uint256 nonce)",
                TERMS
            )
        );
        bytes32 payee = spec.payee == 0 ? _wallet(provider) : spec.payee;
        return keccak256(abi.encode(typeHash, provider, collector, spec.termsId, payee, perMonth, until, nonce));
    }
}
