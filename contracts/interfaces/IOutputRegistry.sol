// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "../types/Base.sol";
import {External, ShownSources, Sources} from "../types/Sources.sol";
import {IRegistrations} from "./IRegistrations.sol";
import {IRegistry} from "./IRegistry.sol";
import {Approval, ISigned} from "./ISigned.sol";

/// @title Outputs, the models they came from and what is known of them
/// @notice A creator registers a batch of output IDs with the models that made them and the collections that
/// generation read. Its split pays all of them out of the gross.
///
/// Whoever wants only what is traced asks `batchOf(batch).base == Base.Traced`.
///
/// Not protected against: a file that another model made, what the document of a base model that nobody registered says,
/// and a payee placed in front of a batch who passes on less.
interface IOutputRegistry is IRegistrations, IRegistry, ISigned {
    /// @notice What a creator says of a batch beside its outputs and sources.
    struct BatchSpec {
        /// Commits to prompt, seed, settings and the order of frames, so that the outputs can be reproduced.
        bytes32 record;
        /// Paid the rest; zero for the creator's wallet. Often the batch's rights token.
        bytes32 payee;
        /// Of the payee, unless it is a wallet (`Payees.checkOf`).
        bytes opening;
        /// One for each model, in the order of the sources.
        Endorsement[] endorsements;
    }

    /// @notice What a model's developer signs for one batch, whatever the model's terms and gate say:
    /// `Endorsement(address developer,bytes32 model,bytes32 batch,uint256 deadline)`, where the deadline is `until`.
    struct Endorsement {
        /// Last second at which it counts.
        uint64 until;
        /// Empty where there is none for this model.
        bytes signature;
    }

    /// @notice What, with the creator on record, hashes to a batch's ID.
    struct BatchOpening {
        bytes32 root;
        bytes32 sourcesHash;
    }

    struct Batch {
        address creator;
        uint40 registeredAt;
        /// The worst of itself and every model that it rests on.
        Base base;
        /// Every model is the creator's own or was endorsed for this batch by its developer.
        bool endorsed;
        /// Where money paid to the batch goes.
        bytes32 split;
        /// Hash of the values that are not in the ID (count, record, payee).
        bytes32 details;
    }

    struct Facts {
        address registrant;
        uint40 registeredAt;
        /// `Base.Undisclosed` is also a problem.
        Base base;
        bool endorsed;
        /// Of the batch's rights, minted or not.
        uint256 rightsToken;
        /// Zero when it is not minted.
        address rightsHolder;
        /// Direct sources that were revoked or expired since; the batch stays authorised.
        bytes32[] lapsed;
    }

    /// @notice Once per batch, after the events of its sources.
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
    /// In a batch, collections have `items` zero and `weight` one.
    error OutputRegistry_NotABatchSource(bytes32 collection);
    error OutputRegistry_ModelsNotAscending(bytes32 last, bytes32 next);
    error OutputRegistry_EndorsementsMissing(uint256 models, uint256 endorsements);
    /// The developer of this model signed for longer ago.
    error OutputRegistry_EndorsementExpired(bytes32 model, uint256 until);

    /// @notice Registers up to 4,000 output commitments (zero salt when published) of the caller's and logs them.
    /// @dev Each model must be the caller's own, endorsed, or open to the caller by its terms and gate.
    /// @return batch `keccak256(0x07 ‖ creator ‖ sourcesHash ‖ root)`.
    function register(bytes32[] calldata commitments, BatchSpec calldata spec, Sources calldata sources)
        external
        returns (bytes32 batch);

    /// @notice `register` by anybody who has the creator's signature (`Batch`).
    function registerFor(
        address creator,
        bytes32[] calldata commitments,
        BatchSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32 batch);

    /// @notice Registers the root of any number of outputs; `publish` can log them later.
    function commit(bytes32 root, uint64 count, BatchSpec calldata spec, Sources calldata sources)
        external
        returns (bytes32 batch);

    /// @notice `Batch(address creator,bytes32 sourcesHash,bytes32 root,uint64 count,bytes32 record,bytes32 payee,bool endorsed,uint256 nonce,uint256 deadline)`,
    /// where `endorsed` says whether every model is the creator's own or endorsed, so that no relay can leave that out.
    function commitFor(
        address creator,
        bytes32 root,
        uint64 count,
        BatchSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32 batch);

    /// @notice Logs commitments of a registered batch, by anybody who has them.
    function publish(
        bytes32 batch,
        BatchOpening calldata opening,
        bytes32[] calldata commitments,
        bytes32[] calldata proof
    ) external;

    /// @notice The record of a batch; reverts `OutputRegistry_UnknownBatch`.
    function batchOf(bytes32 batch) external view returns (Batch memory);

    /// @notice What is known of an output: problems, and facts apart from them.
    /// @param shown The batch's sources; without them that is a problem too. Ancestors are asked at the model registry.
    /// @return problems Bits: 1 not in the batch, 2 no such batch, 4 rests on a base model that is undisclosed,
    /// 8 sources not shown. Zero means that none was found, not that the declaration is true.
    /// @return facts Good to know, and no problems. All empty where there is no such batch.
    function verify(
        bytes32 commitment,
        bytes32 batch,
        BatchOpening calldata opening,
        bytes32[] calldata proof,
        ShownSources calldata shown
    ) external view returns (uint256 problems, Facts memory facts);
}
