// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Registrations} from "./base/Registrations.sol";
import {Signed} from "./base/Signed.sol";
import {IDataRegistry} from "./interfaces/IDataRegistry.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "./interfaces/IOutputRegistry.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRightsToken} from "./interfaces/IRightsToken.sol";
import {Approval} from "./interfaces/ISigned.sol";
import {Bases} from "./libraries/Bases.sol";
import {Compose} from "./libraries/Compose.sol";
import {Ids} from "./libraries/Ids.sol";
import {IdTree} from "./libraries/IdTree.sol";
import {Payees} from "./libraries/Payees.sol";
import {Shown} from "./libraries/Shown.sol";
import {SumTree} from "./libraries/SumTree.sol";
import {Base} from "./types/Base.sol";
import {Ancestor, Collection, External, ShownSources, Sources} from "./types/Sources.sol";
import {Grant} from "./types/Grant.sol";
import {Uses} from "./types/Terms.sol";

contract OutputRegistry is Registrations, IOutputRegistry, Signed {
    /// @dev What a registration has found out so far; one thing to hand on.
    struct Work {
        address creator;
        bytes32 root;
        uint64 count;
        bytes32 sourcesHash;
        bytes32 batch;
        bytes32 details;
        bytes32 payee;
        bool endorsed;
        bytes32 dataSplit;
        uint256 data;
    }

    uint256 private constant NOT_IN_BATCH = 1;
    uint256 private constant BATCH_UNKNOWN = 2;
    uint256 private constant UNDISCLOSED_BASE = 4;
    uint256 private constant SOURCES_NOT_SHOWN = 8;

    bytes32 private constant BATCH = keccak256(
        "Batch(address creator,bytes32 sourcesHash,bytes32 root,uint64 count,bytes32 record,bytes32 payee,bool endorsed,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant ENDORSEMENT =
        keccak256("Endorsement(address developer,bytes32 model,bytes32 batch,uint256 deadline)");

    IDataRegistry private immutable DATA;
    IModelRegistry private immutable MODELS;
    IRightsToken private immutable RIGHTS_TOKEN;
    address private immutable SPLITTER;

    mapping(bytes32 batch => Batch) private _batches;

    constructor(IDataRegistry data, IModelRegistry models, IRightsToken rightsToken, address splitter)
        EIP712("Kiseki OutputRegistry", "1")
    {
        DATA = data;
        MODELS = models;
        RIGHTS_TOKEN = rightsToken;
        SPLITTER = splitter;
    }

    // Registering

    /// @inheritdoc IOutputRegistry
    function register(bytes32[] calldata commitments, BatchSpec calldata spec, Sources calldata sources)
        external
        returns (bytes32 batch)
    {
        bytes32 root = IdTree.root(msg.sender, commitments);
        batch = _commit(msg.sender, root, uint64(commitments.length), spec, sources);
        emit BatchPublished(batch, msg.sender, commitments);
    }

    /// @inheritdoc IOutputRegistry
    function registerFor(
        address creator,
        bytes32[] calldata commitments,
        BatchSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32 batch) {
        bytes32 root = IdTree.root(creator, commitments);
        batch = _commitFor(creator, root, uint64(commitments.length), spec, sources, approval);
        emit BatchPublished(batch, creator, commitments);
    }

    /// @inheritdoc IOutputRegistry
    function commit(bytes32 root, uint64 count, BatchSpec calldata spec, Sources calldata sources)
        external
        returns (bytes32)
    {
        return _commit(msg.sender, root, count, spec, sources);
    }

    /// @inheritdoc IOutputRegistry
    function commitFor(
        address creator,
        bytes32 root,
        uint64 count,
        BatchSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32) {
        return _commitFor(creator, root, count, spec, sources, approval);
    }

    /// @inheritdoc IOutputRegistry
    function publish(
        bytes32 batch,
        BatchOpening calldata opening,
        bytes32[] calldata commitments,
        bytes32[] calldata proof
    ) external {
        address creator = _known(batch).creator;
        if (Ids.batch(creator, opening.sourcesHash, opening.root) != batch) {
            revert OutputRegistry_WrongOpening(batch, opening.root, opening.sourcesHash);
        }
        bytes32 slice = IdTree.root(creator, commitments);
        if (!MerkleProof.verifyCalldata(proof, opening.root, slice)) revert OutputRegistry_NotUnderRoot(batch, slice);
        emit BatchPublished(batch, creator, commitments);
    }

    function _commit(address creator, bytes32 root, uint64 count, BatchSpec calldata spec, Sources calldata sources)
        private
        returns (bytes32)
    {
        Work memory work = _identify(creator, root, count, spec, sources);
        if (work.details == 0) return work.batch;
        _authoriseModels(work, spec, sources);
        _register(work, spec, sources);
        return work.batch;
    }

    function _commitFor(
        address creator,
        bytes32 root,
        uint64 count,
        BatchSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) private returns (bytes32) {
        Work memory work = _identify(creator, root, count, spec, sources);
        if (work.details == 0) return work.batch;
        _authoriseModels(work, spec, sources);
        bytes32 structHash = keccak256(
            abi.encode(
                BATCH,
                creator,
                work.sourcesHash,
                root,
                count,
                spec.record,
                work.payee,
                work.endorsed,
                approval.nonce,
                approval.deadline
            )
        );
        _spend(creator, structHash, approval);
        _register(work, spec, sources);
        return work.batch;
    }

    /// @dev `details` is zero when the batch is registered with these very values.
    function _identify(address creator, bytes32 root, uint64 count, BatchSpec calldata spec, Sources calldata sources)
        private
        view
        returns (Work memory work)
    {
        work.creator = creator;
        work.root = root;
        work.count = count;
        bytes32[] memory parts = new bytes32[](sources.collections.length == 0 ? 0 : 1);
        if (parts.length == 1) parts[0] = Ids.part(sources.collections);
        bytes32[] memory models = new bytes32[](sources.models.length);
        bytes32 last;
        for (uint256 i; i < models.length; ++i) {
            if (sources.models[i].id <= last) revert OutputRegistry_ModelsNotAscending(last, sources.models[i].id);
            models[i] = last = sources.models[i].id;
        }
        work.sourcesHash = Ids.sources(parts, models, sources.externals);
        work.batch = Ids.batch(creator, work.sourcesHash, root);
        work.payee = Payees.named(spec.payee, creator);
        work.details = keccak256(abi.encode(count, spec.record, work.payee));
        bytes32 known = _batches[work.batch].details;
        if (known == work.details) work.details = 0;
        else if (known != 0) revert OutputRegistry_DifferentValues(work.batch);
    }

    function _register(Work memory work, BatchSpec calldata spec, Sources calldata sources) private {
        if (work.count == 0) revert OutputRegistry_NoItems();
        if (sources.models.length == 0) revert OutputRegistry_NoModel();
        Payees.checkOf(work.batch, work.payee, spec.opening, SPLITTER, RIGHTS_TOKEN);
        if (sources.collections.length != 0) _read(work, sources);
        (Ancestor[] memory ancestry, bytes32[] memory ownSplits, Base base) = MODELS.lineage(sources.models);
        base = Bases.withExternals(base, sources.externals);
        Batch storage record = _batches[work.batch];
        // What the compiler checks comes first, so that the four are one write.
        record.base = base;
        record.creator = work.creator;
        record.registeredAt = uint40(block.timestamp);
        record.endorsed = work.endorsed;
        record.split = Compose.split(work.batch, work.dataSplit, work.data, ancestry, ownSplits, work.payee);
        record.details = work.details;
        _append(work.batch);
        _logExternals(work.batch, sources.externals);
        emit BatchRegistered(
            work.batch, work.creator, work.root, work.count, spec.record, work.payee, record.split, work.endorsed
        );
    }

    /// @dev A model lets its developer, whom the developer endorses, and whom its terms and gate let.
    function _authoriseModels(Work memory work, BatchSpec calldata spec, Sources calldata sources) private {
        if (spec.endorsements.length != sources.models.length) {
            revert OutputRegistry_EndorsementsMissing(sources.models.length, spec.endorsements.length);
        }
        work.endorsed = true;
        for (uint256 i; i < sources.models.length; ++i) {
            bytes32 model = sources.models[i].id;
            (address developer, bytes32 termsId) = MODELS.termsOf(model);
            emit BatchModel(work.batch, model);
            Endorsement calldata given = spec.endorsements[i];
            if (given.signature.length != 0) {
                if (block.timestamp > given.until) revert OutputRegistry_EndorsementExpired(model, given.until);
                _checkSignature(
                    developer,
                    keccak256(abi.encode(ENDORSEMENT, developer, model, work.batch, given.until)),
                    given.signature
                );
            } else if (developer != work.creator) {
                work.endorsed = false;
                DATA.authoriseTerms(
                    termsId, address(MODELS), model, developer, work.creator, Uses.GENERATION, block.timestamp
                );
            }
        }
    }

    /// @dev The collections that generation read, each with the same weight.
    function _read(Work memory work, Sources calldata sources) private {
        uint256 count = sources.collections.length;
        if (count > SumTree.PART) revert OutputRegistry_TooManyCollections(count);
        (Grant[] memory grants,) =
            DATA.authorise(Ids.each(sources.collections), work.creator, Uses.AI_INFERENCE, block.timestamp);
        for (uint256 i; i < count; ++i) {
            Collection calldata collection = sources.collections[i];
            if (collection.items != 0 || collection.weight != 1) revert OutputRegistry_NotABatchSource(collection.id);
            emit BatchSource(work.batch, collection.id, grants[i].provider());
        }
        (work.dataSplit, work.data) =
            Compose.dataSplit(Compose.part(sources.collections, grants, address(DATA), 0, count));
    }

    function _logExternals(bytes32 batch, External[] calldata externals) private {
        for (uint256 i; i < externals.length; ++i) {
            emit BatchExternal(batch, externals[i].weights, externals[i].document);
        }
    }

    // Asking

    /// @inheritdoc IOutputRegistry
    function batchOf(bytes32 batch) external view returns (Batch memory) {
        return _known(batch);
    }

    /// @inheritdoc IOutputRegistry
    function verify(
        bytes32 commitment,
        bytes32 batch,
        BatchOpening calldata opening,
        bytes32[] calldata proof,
        ShownSources calldata shown
    ) external view returns (uint256 problems, Facts memory facts) {
        Batch storage record = _batches[batch];
        address creator = record.creator;
        if (creator == address(0) || Ids.batch(creator, opening.sourcesHash, opening.root) != batch) {
            return (BATCH_UNKNOWN, facts);
        }
        if (!MerkleProof.verifyCalldata(proof, opening.root, Ids.item(creator, commitment))) problems |= NOT_IN_BATCH;
        if (record.base == Base.Undisclosed) problems |= UNDISCLOSED_BASE;
        if (Shown.hash(shown) != opening.sourcesHash || !Shown.partIsTrue(shown)) problems |= SOURCES_NOT_SHOWN;
        else facts.lapsed = Shown.lapsed(shown, DATA, MODELS);
        facts.registrant = creator;
        facts.registeredAt = record.registeredAt;
        facts.base = record.base;
        facts.endorsed = record.endorsed;
        facts.rightsToken = uint256(Ids.subject(address(this), batch));
        facts.rightsHolder = RIGHTS_TOKEN.holderOf(facts.rightsToken);
    }

    /// @inheritdoc IRegistry
    function registrantOf(bytes32 batch) external view returns (address) {
        return _batches[batch].creator;
    }

    /// @inheritdoc IRegistry
    function payeeOf(bytes32 batch, address) external view returns (bytes32) {
        return _batches[batch].split;
    }

    function _known(bytes32 batch) private view returns (Batch storage record) {
        record = _batches[batch];
        if (record.creator == address(0)) revert OutputRegistry_UnknownBatch(batch);
    }
}
