// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Registrations} from "./base/Registrations.sol";
import {Signed} from "./base/Signed.sol";
import {IDataRegistry} from "./interfaces/IDataRegistry.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRightsToken} from "./interfaces/IRightsToken.sol";
import {Approval} from "./interfaces/ISigned.sol";
import {Bases} from "./libraries/Bases.sol";
import {Compose} from "./libraries/Compose.sol";
import {Ids} from "./libraries/Ids.sol";
import {Payees} from "./libraries/Payees.sol";
import {Shown} from "./libraries/Shown.sol";
import {SumTree} from "./libraries/SumTree.sol";
import {Base} from "./types/Base.sol";
import {Ancestor, Collection, External, Parent, ShownSources, Sources} from "./types/Sources.sol";
import {Grant} from "./types/Grant.sol";
import {Terms, TermsId, Uses} from "./types/Terms.sol";

contract ModelRegistry is Registrations, IModelRegistry, Signed {
    /// @dev Parts wait here, by submitter, so that nobody can put a wrong part into somebody else's draft. They stay
    /// after registration, so that registering again is still seen to be the same.
    struct Draft {
        address developer;
        uint40 startedAt;
        /// Closed: the sources of a registered model are all logged.
        bool registered;
        uint96 totalWeight;
        bytes32 last;
        uint256 allowed;
        bytes32[] hashes;
        Compose.Trees[] trees;
    }

    /// @dev What a registration has found out so far; one thing to hand on.
    struct Work {
        address developer;
        bytes32 model;
        bytes32[] parts;
        bytes32[] models;
        bytes32 details;
        uint256 judgedAt;
        uint256 allowed;
        Compose.Trees whole;
        bytes32 dataSplit;
        uint256 data;
    }

    uint256 private constant DRAFT_TIME = 24 hours;

    bytes32 private constant MODEL = keccak256(
        abi.encodePacked(
            "Model(address developer,bytes32 weights,bytes32 sourcesHash,Terms terms,bytes32 run,bytes32 payee,uint256 nonce,uint256 deadline)",
            TermsId.TYPE
        )
    );

    IDataRegistry private immutable DATA;
    IRightsToken private immutable RIGHTS_TOKEN;
    address private immutable SPLITTER;

    mapping(bytes32 model => Model) private _models;
    mapping(address submitter => mapping(bytes32 model => Draft)) private _drafts;

    constructor(IDataRegistry data, IRightsToken rightsToken, address splitter) EIP712("Kiseki ModelRegistry", "1") {
        DATA = data;
        RIGHTS_TOKEN = rightsToken;
        SPLITTER = splitter;
    }

    // Registering

    /// @inheritdoc IModelRegistry
    function register(ModelSpec calldata spec, Sources calldata sources) external returns (bytes32) {
        (Work memory work,) = _identify(msg.sender, spec, sources);
        if (work.details != 0) _register(work, spec, sources);
        return work.model;
    }

    /// @inheritdoc IModelRegistry
    function registerFor(
        address developer,
        ModelSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32) {
        (Work memory work, bytes32 sourcesHash) = _identify(developer, spec, sources);
        if (work.details == 0) return work.model;
        bytes32 structHash = keccak256(
            abi.encode(
                MODEL,
                developer,
                spec.weights,
                sourcesHash,
                spec.termsId,
                spec.run,
                Payees.named(spec.payee, developer),
                approval.nonce,
                approval.deadline
            )
        );
        _spend(developer, structHash, approval);
        _register(work, spec, sources);
        return work.model;
    }

    /// @dev `work.details` is zero when the model is registered with these very values.
    function _identify(address developer, ModelSpec calldata spec, Sources calldata sources)
        private
        view
        returns (Work memory work, bytes32 sourcesHash)
    {
        work.developer = developer;
        work.parts = _parts(spec.draft, sources.collections);
        work.models = _ascendingIds(sources.models);
        sourcesHash = Ids.sources(work.parts, work.models, sources.externals);
        work.model = Ids.model(developer, spec.weights, sourcesHash, spec.termsId);
        work.details = keccak256(abi.encode(spec.run, Payees.named(spec.payee, developer)));
        bytes32 known = _models[work.model].details;
        if (known == work.details) work.details = 0;
        else if (known != 0) revert ModelRegistry_DifferentValues(work.model);
        else if (spec.draft != 0 && spec.draft != work.model) revert ModelRegistry_WrongDraft(spec.draft, work.model);
    }

    function _register(Work memory work, ModelSpec calldata spec, Sources calldata sources) private {
        if (spec.weights == 0) revert ModelRegistry_NoWeights();
        if (work.parts.length + sources.models.length + sources.externals.length == 0) {
            revert ModelRegistry_NoSources();
        }
        bytes32 payee = Payees.named(spec.payee, work.developer);
        Payees.checkOf(work.model, payee, spec.opening, SPLITTER, RIGHTS_TOKEN);
        _data(work, spec.draft, sources);
        (work.dataSplit, work.data) = Compose.dataSplit(work.whole);
        for (uint256 i; i < work.models.length; ++i) {
            _authoriseParent(work, work.models[i]);
        }
        Terms memory terms = DATA.termsOf(spec.termsId);
        if (terms.floorBps != 0) revert ModelRegistry_FloorNotForModels(terms.floorBps);
        uint256 uses = TermsId.uses(terms);
        if (uses & ~work.allowed != 0) revert ModelRegistry_UsesWiderThanSources(uses, work.allowed);
        _store(work, spec, payee, uint256(terms.royaltyBps) * 100, sources);
        _log(work, spec, payee, sources.externals);
    }

    /// @dev Judges the collections and makes both trees over them, all parts together.
    function _data(Work memory work, bytes32 draftId, Sources calldata sources) private {
        if (draftId == 0) {
            if (sources.collections.length > SumTree.PART) revert ModelRegistry_PartSize(sources.collections.length);
            work.judgedAt = block.timestamp;
            work.allowed = Uses.ALL;
            if (sources.collections.length == 0) return;
            uint256 weight = Compose.weigh(sources.collections);
            if (weight >= Compose.MAX_WEIGHT) revert ModelRegistry_TooHeavy(weight);
            _addPart(work, sources.collections, 0, weight);
            return;
        }
        Draft storage draft = _drafts[msg.sender][draftId];
        if (block.timestamp > draft.startedAt + DRAFT_TIME) {
            revert ModelRegistry_DraftExpired(draftId, draft.startedAt);
        }
        // The gates of the earlier parts let the draft's developer through, nobody else.
        if (draft.developer != work.developer) {
            revert ModelRegistry_WrongDeveloper(draftId, draft.developer, work.developer);
        }
        if (sources.collections.length == 0 || sources.collections.length > SumTree.PART) {
            revert ModelRegistry_PartSize(sources.collections.length);
        }
        work.judgedAt = draft.startedAt;
        work.allowed = draft.allowed;
        _addPart(work, sources.collections, draft.last, draft.totalWeight);
        uint256 earlier = draft.trees.length;
        Compose.Trees[] memory all = new Compose.Trees[](earlier + 1);
        for (uint256 i; i < earlier; ++i) {
            all[i] = draft.trees[i];
        }
        all[earlier] = work.whole;
        work.whole = Compose.join(all);
        if (work.whole.weight != draft.totalWeight) {
            revert ModelRegistry_WeightDiffers(draft.totalWeight, work.whole.weight);
        }
        draft.registered = true;
    }

    /// @dev Judges one part, leaves its trees in `work.whole`, and logs who is used.
    function _addPart(Work memory work, Collection[] calldata collections, bytes32 last, uint256 totalWeight) private {
        Grant[] memory grants = _authorise(work, collections);
        work.whole = Compose.part(collections, grants, address(DATA), last, totalWeight);
        _logSources(work, collections, grants);
    }

    function _authorise(Work memory work, Collection[] calldata collections)
        private
        view
        returns (Grant[] memory grants)
    {
        uint256 allowed;
        (grants, allowed) =
            DATA.authorise(Ids.each(collections), work.developer, Uses.AI_GENERATIVE_TRAINING, work.judgedAt);
        work.allowed &= allowed;
    }

    /// @dev Emits `ModelSource` for each. Items and weight are logged from the calldata, submitter and time stay in
    /// memory from one log to the next. `Compose.part` has read the weights, so they are of 96 bits.
    function _logSources(Work memory work, Collection[] calldata collections, Grant[] memory grants) private {
        bytes32 selector = ModelSource.selector;
        bytes32 model = work.model;
        uint256 judgedAt = uint40(work.judgedAt);
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(add(data, 0x40), caller())
            mstore(add(data, 0x60), judgedAt)
            let from := collections.offset
            let grant := add(grants, 0x20)
            for { let end := add(from, mul(collections.length, 0x60)) } lt(from, end) { from := add(from, 0x60) } {
                calldatacopy(data, add(from, 0x20), 0x40)
                log4(data, 0x80, selector, model, calldataload(from), shr(96, shl(96, mload(grant))))
                grant := add(grant, 0x20)
            }
        }
    }

    function _authoriseParent(Work memory work, bytes32 parent) private view {
        Model storage record = _known(parent);
        work.allowed &= DATA.authoriseTerms(
            record.termsId,
            address(this),
            parent,
            record.developer,
            work.developer,
            Uses.AI_GENERATIVE_TRAINING,
            work.judgedAt
        );
    }

    function _store(Work memory work, ModelSpec calldata spec, bytes32 payee, uint256 ask, Sources calldata sources)
        private
    {
        (Ancestor[] memory ancestry, bytes32[] memory ownSplits, Base base) = lineage(sources.models);
        uint256 own = work.data + ask;
        Ancestor[] memory itself = new Ancestor[](1);
        itself[0] = Ancestor(work.model, uint32(own));
        {
            // Also with its own ask, so that no model is registered on which nothing could ever rest.
            uint256 asked = Compose.total(ancestry) + own;
            if (asked > Compose.WHOLE) revert Compose.Compose_LeviesExceedGross(asked);
        }
        base = Bases.withExternals(base, sources.externals);
        uint32 registeredAt = SafeCast.toUint32(block.timestamp);
        Model storage record = _models[work.model];
        // What the compiler checks comes first, so that the five are one write.
        record.base = base;
        record.developer = work.developer;
        record.registeredAt = registeredAt;
        record.judgedAt = uint32(work.judgedAt);
        record.own = uint24(own);
        record.termsId = spec.termsId;
        record.details = work.details;
        record.ancestry = keccak256(abi.encode(Compose.unite(ancestry, itself)));
        record.split = Compose.split(work.model, work.dataSplit, work.data, ancestry, ownSplits, payee);
        record.ownSplit = Compose.ownSplit(work.model, work.dataSplit, work.data, payee, ask);
        record.manifest = work.whole.manifest;
        _append(work.model);
    }

    function _log(Work memory work, ModelSpec calldata spec, bytes32 payee, External[] calldata externals) private {
        for (uint256 i; i < work.models.length; ++i) {
            emit ModelParent(work.model, work.models[i]);
        }
        for (uint256 i; i < externals.length; ++i) {
            emit ModelExternal(work.model, externals[i].weights, externals[i].document);
        }
        Entry memory entry;
        entry.termsId = spec.termsId;
        entry.run = spec.run;
        entry.payee = payee;
        entry.split = _models[work.model].split;
        entry.manifest = work.whole.manifest;
        entry.weight = uint96(work.whole.weight);
        entry.submitter = msg.sender;
        entry.judgedAt = uint40(work.judgedAt);
        emit ModelRegistered(work.model, work.developer, spec.weights, entry);
    }

    // Parts

    /// @inheritdoc IModelRegistry
    function addPart(
        bytes32 model,
        address developer,
        uint96 totalWeight,
        uint256 part,
        Collection[] calldata collections
    ) external {
        if (collections.length != SumTree.PART) revert ModelRegistry_PartSize(collections.length);
        if (totalWeight >= Compose.MAX_WEIGHT) revert ModelRegistry_TooHeavy(totalWeight);
        // Each weighs something.
        if (totalWeight < SumTree.PART) revert ModelRegistry_WeightDiffers(totalWeight, SumTree.PART);
        bytes32 hash = Ids.part(collections);
        Draft storage draft = _drafts[msg.sender][model];
        if (!_isNext(draft, model, developer, totalWeight, part, hash)) return;
        Work memory work;
        work.developer = developer;
        work.model = model;
        work.judgedAt = draft.startedAt;
        work.allowed = draft.allowed;
        _addPart(work, collections, draft.last, totalWeight);
        draft.allowed = work.allowed;
        draft.last = collections[collections.length - 1].id;
        draft.hashes.push(hash);
        draft.trees.push(work.whole);
    }

    /// @dev Whether the part is the draft's next; false when it is there already. Starts the draft with part 0.
    function _isNext(
        Draft storage draft,
        bytes32 model,
        address developer,
        uint96 totalWeight,
        uint256 part,
        bytes32 hash
    ) private returns (bool) {
        bool started = draft.startedAt != 0 && !draft.registered;
        if (started && block.timestamp > draft.startedAt + DRAFT_TIME) {
            if (part != 0) revert ModelRegistry_DraftExpired(model, draft.startedAt);
            delete _drafts[msg.sender][model];
        }
        bool there = part < draft.hashes.length && draft.hashes[part] == hash;
        if (!there && (draft.registered || part != draft.hashes.length)) {
            revert ModelRegistry_WrongPart(model, part, draft.hashes.length);
        }
        if (!there && part == 0) {
            draft.developer = developer;
            draft.startedAt = uint40(block.timestamp);
            draft.totalWeight = totalWeight;
            draft.allowed = Uses.ALL;
        }
        if (draft.totalWeight != totalWeight) revert ModelRegistry_WeightDiffers(draft.totalWeight, totalWeight);
        if (draft.developer != developer) revert ModelRegistry_WrongDeveloper(model, draft.developer, developer);
        return !there;
    }

    function _parts(bytes32 draftId, Collection[] calldata last) private view returns (bytes32[] memory parts) {
        bytes32[] storage earlier = _drafts[msg.sender][draftId].hashes;
        uint256 count = draftId == 0 ? 0 : earlier.length;
        parts = new bytes32[](last.length == 0 ? count : count + 1);
        for (uint256 i; i < count; ++i) {
            parts[i] = earlier[i];
        }
        if (last.length != 0) parts[count] = Ids.part(last);
    }

    // Asking

    /// @inheritdoc IModelRegistry
    function lineage(Parent[] calldata parents)
        public
        view
        returns (Ancestor[] memory ancestry, bytes32[] memory ownSplits, Base base)
    {
        for (uint256 i; i < parents.length; ++i) {
            Parent calldata parent = parents[i];
            Model storage record = _models[parent.id];
            // No list hashes to zero, so this finds what is unknown too.
            if (keccak256(abi.encode(parent.ancestry)) != record.ancestry) {
                _known(parent.id);
                revert ModelRegistry_WrongAncestry(parent.id);
            }
            ancestry = Compose.unite(ancestry, parent.ancestry);
            Base above = record.base;
            if (above > base) base = above;
        }
        ownSplits = new bytes32[](ancestry.length);
        for (uint256 i; i < ancestry.length; ++i) {
            ownSplits[i] = _models[ancestry[i].model].ownSplit;
        }
    }

    /// @inheritdoc IModelRegistry
    function modelOf(bytes32 model) external view returns (Model memory) {
        return _known(model);
    }

    /// @inheritdoc IModelRegistry
    function termsOf(bytes32 model) external view returns (address developer, bytes32 termsId) {
        Model storage record = _known(model);
        return (record.developer, record.termsId);
    }

    /// @inheritdoc IModelRegistry
    function lapsedSources(bytes32 model, bytes32 weights, ShownSources calldata shown)
        external
        view
        returns (bool shownTrue, bytes32[] memory lapsed)
    {
        Model storage record = _known(model);
        bytes32 id = Ids.model(record.developer, weights, Shown.hash(shown), record.termsId);
        if (id != model || !Shown.partIsTrue(shown)) return (false, lapsed);
        return (true, Shown.lapsed(shown, DATA, this));
    }

    /// @inheritdoc IRegistry
    function registrantOf(bytes32 model) external view returns (address) {
        return _models[model].developer;
    }

    /// @inheritdoc IRegistry
    function payeeOf(bytes32 model, address) external view returns (bytes32) {
        return _models[model].split;
    }

    function _known(bytes32 model) private view returns (Model storage record) {
        record = _models[model];
        if (record.developer == address(0)) revert ModelRegistry_UnknownModel(model);
    }

    function _ascendingIds(Parent[] calldata models) private pure returns (bytes32[] memory ids) {
        ids = new bytes32[](models.length);
        bytes32 last;
        for (uint256 i; i < models.length; ++i) {
            if (models[i].id <= last) revert ModelRegistry_ModelsNotAscending(last, models[i].id);
            ids[i] = last = models[i].id;
        }
    }
}
