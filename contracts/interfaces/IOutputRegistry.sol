// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "../types/Base.sol";
import {External, ShownSources, Sources} from "../types/Sources.sol";
import {IRegistrations} from "./IRegistrations.sol";
import {IRegistry} from "./IRegistry.sol";
import {Approval, ISigned} from "./ISigned.sol";

/// @title Outputs, the models they came from and what is known of them
/// @notice A creator registers a batch of output IDs, with the models that made them and the collections that
/// generation read. The batch's split pays all of them out of the gross.
///
/// Whoever wants only batches whose base models are all registered checks `batchOf(batch).base == Base.Traced`.
///
/// Not protected against: a file that another model made, a false document of a base model that nobody registered, and
/// a payee in front of a batch that passes on less.
interface IOutputRegistry is IRegistrations, IRegistry, ISigned {
    /// @notice What a creator says about a batch beside its outputs and sources.
    struct BatchSpec {
        /// Commits to prompt, seed, settings and the order of frames, so that the outputs can be reproduced.
        bytes32 record;
        /// Who is paid the rest. Zero means the creator's wallet. It is often the batch's rights token.
        bytes32 payee;
        /// The opening of the payee. Empty if the payee is a wallet (`Payees.checkOf`).
        bytes opening;
        /// One for each model, in the order of the sources.
        Endorsement[] endorsements;
    }

    /// @notice What a model's developer signs for one batch, whatever the model's terms and gate say:
    /// `Endorsement(address developer,bytes32 model,bytes32 batch,uint256 deadline)`, where `until` is the deadline.
    struct Endorsement {
        /// The last second at which it counts.
        uint64 until;
        /// Empty if there is no endorsement for this model.
        bytes signature;
    }

    /// @notice What hashes to the ID of a batch, together with the creator on record.
    struct BatchOpening {
        bytes32 root;
        bytes32 sourcesHash;
    }

    struct Batch {
        address creator;
        uint40 registeredAt;
        /// The worst level of the batch itself and of every model that it rests on.
        Base base;
        /// Whether every model is the creator's own or was endorsed for this batch by its developer.
        bool endorsed;
        /// Where money that is paid to the batch goes.
        bytes32 split;
        /// The hash of the values that are not in the ID (count, record, payee).
        bytes32 details;
    }

    struct Facts {
        address registrant;
        uint40 registeredAt;
        /// `Base.Undisclosed` is also a problem.
        Base base;
        bool endorsed;
        /// The token of the batch's rights, whether it is minted or not.
        uint256 rightsToken;
        /// Zero if the token is not minted.
        address rightsHolder;
        /// Direct sources that were revoked or expired since. The batch stays authorised.
        bytes32[] lapsed;
    }

    /// @notice Emitted once for each batch, after the events of its sources.
    event BatchRegistered(
        bytes32 indexed batch,
        address indexed creator,
        bytes32 root,
        uint64 count,
        bytes32 record,
        bytes32 payee,
        bytes32 split,
        bool endorsed
    );
    event BatchModel(bytes32 indexed batch, bytes32 indexed model);
    /// @notice A collection that generation read.
    event BatchSource(bytes32 indexed batch, bytes32 indexed collection, address indexed provider);
    event BatchExternal(bytes32 indexed batch, bytes32 indexed weights, bytes32 document);
    /// @notice As `CollectionPublished`.
    event BatchPublished(bytes32 indexed batch, address indexed creator, bytes32[] commitments);

    error OutputRegistry_NoItems();
    error OutputRegistry_NoModel();
    error OutputRegistry_UnknownBatch(bytes32 batch);
    /// The batch is registered with another count, record or payee.
    error OutputRegistry_DifferentValues(bytes32 batch);
    error OutputRegistry_WrongOpening(bytes32 batch, bytes32 root, bytes32 sourcesHash);
    error OutputRegistry_NotUnderRoot(bytes32 batch, bytes32 sliceRoot);
    error OutputRegistry_TooManyCollections(uint256 count);
    /// In a batch, the `items` of a collection must be zero and its `weight` one.
    error OutputRegistry_NotABatchSource(bytes32 collection);
    error OutputRegistry_ModelsNotAscending(bytes32 last, bytes32 next);
    error OutputRegistry_EndorsementsMissing(uint256 models, uint256 endorsements);
    /// The endorsement that this model's developer signed has ended.
    error OutputRegistry_EndorsementExpired(bytes32 model, uint256 until);

    /// @notice Registers up to 4,000 output commitments of the caller and logs them. Published outputs use commitments
    /// without salt.
    /// @dev Each model must be the caller's own, or endorsed, or open to the caller by its terms and gate.
    /// @return batch `keccak256(0x07 ‖ creator ‖ sourcesHash ‖ root)`.
    function register(bytes32[] calldata commitments, BatchSpec calldata spec, Sources calldata sources)
        external
        returns (bytes32 batch);

    /// @notice `register` with the creator's signature (`Batch`). Anybody may send it.
    function registerFor(
        address creator,
        bytes32[] calldata commitments,
        BatchSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32 batch);

    /// @notice Registers the root of any number of outputs. `publish` can log them later.
    function commit(bytes32 root, uint64 count, BatchSpec calldata spec, Sources calldata sources)
        external
        returns (bytes32 batch);

    /// @notice `commit` with the creator's signature:
    /// `Batch(address creator,bytes32 sourcesHash,bytes32 root,uint64 count,bytes32 record,bytes32 payee,bool endorsed,uint256 nonce,uint256 deadline)`.
    /// `endorsed` says whether every model is the creator's own or endorsed, so that no relay can leave endorsements
    /// out. Anybody may send it.
    function commitFor(
        address creator,
        bytes32 root,
        uint64 count,
        BatchSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32 batch);

    /// @notice Logs commitments of a registered batch. Anybody who has them may call it.
    function publish(
        bytes32 batch,
        BatchOpening calldata opening,
        bytes32[] calldata commitments,
        bytes32[] calldata proof
    ) external;

    /// @notice The record of a batch. Reverts `OutputRegistry_UnknownBatch`.
    function batchOf(bytes32 batch) external view returns (Batch memory);

    /// @notice What is known of an output: problems, and facts beside them.
    /// @param shown The sources of the batch. If they are not shown, that is a problem too. The model registry is asked
    /// about ancestors.
    /// @return problems Bits: 1 the output is not in the batch, 2 there is no such batch, 4 it rests on a base model
    /// that is undisclosed, 8 the sources are not shown. Zero means that no problem was found. It does not mean that
    /// the declaration is true.
    /// @return facts Good to know, and no problems. All empty if there is no such batch.
    function verify(
        bytes32 commitment,
        bytes32 batch,
        BatchOpening calldata opening,
        bytes32[] calldata proof,
        ShownSources calldata shown
    ) external view returns (uint256 problems, Facts memory facts);
}
