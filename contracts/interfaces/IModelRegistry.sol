// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "../types/Base.sol";
import {Ancestor, Collection, External, Parent, ShownSources, Sources} from "../types/Sources.sol";
import {IRegistrations} from "./IRegistrations.sol";
import {IRegistry} from "./IRegistry.sol";
import {Approval, ISigned} from "./ISigned.sol";

/// @title Models, the data they were trained on and the models they were made from
/// @notice A model is registered with every source it declares, or not at all: each must be known, its consent
/// valid, its terms must allow generative training, and its gate must let the developer through. What the terms ask
/// of the gross is composed into the model's split here, by nobody's choice.
///
/// Whoever wants only what is traced asks `modelOf(model).base == Base.Traced`; a gate is not asked for that.
///
/// A model holds 256 models at most, itself included, and what all of them ask is the whole at most. So on a model of 256 nothing
/// can be trained, whatever its terms allow: what is trained on it would hold 257. On one of which all is asked can be trained
/// only what asks nothing itself, on data that asks nothing. Outputs of both can be registered. Neither is refused:
/// what fits depends on the other sources of whoever builds on it, and `ancestry` and the split say how much room is left.
///
/// Not protected against: a source that the developer does not declare, weights that are not what was trained, and what
/// the document of a base model that nobody registered says.
interface IModelRegistry is IRegistrations, IRegistry, ISigned {
    /// @notice What a developer says of a model beside its sources.
    struct ModelSpec {
        /// Commitment of the weights; the zero-salt one when they are published. Never zero.
        bytes32 weights;
        /// Commitment of what reproducing needs: code, environment, hyperparameters.
        bytes32 run;
        /// What it asks of those who build on it. No floor: a model has no weight to be diluted.
        bytes32 termsId;
        /// Paid what terms ask and the rest; zero for the developer's wallet.
        bytes32 payee;
        /// Of the payee, unless it is a wallet (`Payees.checkOf`).
        bytes opening;
        /// The model's ID when earlier parts were added with `addPart`, else zero.
        bytes32 draft;
    }

    /// @notice What `ModelRegistered` says beside the IDs.
    struct Entry {
        bytes32 termsId;
        bytes32 run;
        bytes32 payee;
        bytes32 split;
        bytes32 manifest;
        uint96 weight;
        /// With `judgedAt`, tells this registration's `ModelSource` events from an abandoned draft's.
        address submitter;
        uint40 judgedAt;
    }

    struct Model {
        address developer;
        uint32 registeredAt;
        /// When consent of the sources was judged: at registration, or at the first part.
        uint32 judgedAt;
        /// The worst of itself and every ancestor.
        Base base;
        /// What it asks, in parts per million of gross.
        uint24 own;
        bytes32 termsId;
        /// Hash of the values that are not in the ID (run, payee).
        bytes32 details;
        /// keccak256(abi.encode(Ancestor[])) of itself and every distinct ancestor, ascending.
        bytes32 ancestry;
        /// Where money paid to the model goes.
        bytes32 split;
        /// Where what it asks of others goes; zero when it asks nothing.
        bytes32 ownSplit;
        /// Root hash of the manifest; zero without collections. Its sum is in the event, and follows from the sources.
        bytes32 manifest;
    }

    /// @notice Once per model, after the events of its sources.
    event ModelRegistered(bytes32 indexed model, address indexed developer, bytes32 indexed weights, Entry entry);
    /// @notice Once per collection, in order. One query by `provider` is that provider's usage history.
    event ModelSource(
        bytes32 indexed model,
        bytes32 indexed collection,
        address indexed provider,
        bytes32 items,
        uint96 weight,
        address submitter,
        uint40 judgedAt
    );
    event ModelParent(bytes32 indexed model, bytes32 indexed parent);
    event ModelExternal(bytes32 indexed model, bytes32 indexed weights, bytes32 document);

    error ModelRegistry_NoWeights();
    error ModelRegistry_NoSources();
    error ModelRegistry_UnknownModel(bytes32 model);
    /// The model is registered with another run or payee.
    error ModelRegistry_DifferentValues(bytes32 model);
    error ModelRegistry_FloorNotForModels(uint256 floorBps);
    /// The model would allow what one of its sources does not.
    error ModelRegistry_UsesWiderThanSources(uint256 uses, uint256 allowed);
    error ModelRegistry_ModelsNotAscending(bytes32 last, bytes32 next);
    error ModelRegistry_WrongAncestry(bytes32 model);
    error ModelRegistry_WrongPart(bytes32 model, uint256 part, uint256 expected);
    /// The draft's earlier parts were authorised for another developer.
    error ModelRegistry_WrongDeveloper(bytes32 model, address draft, address developer);
    error ModelRegistry_PartSize(uint256 collections);
    error ModelRegistry_WeightDiffers(uint256 declared, uint256 actual);
    error ModelRegistry_TooHeavy(uint256 weight);
    /// The parts make another model than the draft's ID says.
    error ModelRegistry_WrongDraft(bytes32 draft, bytes32 actual);
    /// More than 24 hours since the first part: start again with part 0.
    error ModelRegistry_DraftExpired(bytes32 model, uint256 startedAt);

    /// @notice Registers a model of the caller's. With values equal to what is registered it does nothing.
    /// @param sources All of them; with a draft, `collections` are the last part.
    /// @return model `keccak256(0x06 ‖ developer ‖ weights ‖ sourcesHash ‖ termsId)`.
    function register(ModelSpec calldata spec, Sources calldata sources) external returns (bytes32 model);

    /// @notice `register` by anybody who has the developer's signature:
    /// `Model(address developer,bytes32 weights,bytes32 sourcesHash,Terms terms,bytes32 run,bytes32 payee,uint256 nonce,uint256 deadline)`.
    function registerFor(
        address developer,
        ModelSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32 model);

    /// @notice Adds a part of exactly 1,024 collections to a draft of the caller's, for models of more.
    /// @param model The ID it will have.
    /// @param part Counted from 0. A part that is there already with the same collections is skipped; part 0 of an
    /// expired draft starts it again. The first part fixes the time at which consent is judged.
    /// @param totalWeight Of all collections together; floors are shares of it.
    function addPart(
        bytes32 model,
        address developer,
        uint96 totalWeight,
        uint256 part,
        Collection[] calldata collections
    ) external;

    /// @notice The record of a model; reverts `ModelRegistry_UnknownModel`.
    function modelOf(bytes32 model) external view returns (Model memory);

    /// @notice Whose a model is and what it asks; `modelOf` reads seven words for that. Reverts as it does.
    function termsOf(bytes32 model) external view returns (address developer, bytes32 termsId);

    /// @notice Unites the ancestries of `parents`, checked against what is on record.
    /// @return ancestry Ascending, each model once.
    /// @return ownSplits One for each of them.
    /// @return base The worst of the parents'.
    function lineage(Parent[] calldata parents)
        external
        view
        returns (Ancestor[] memory ancestry, bytes32[] memory ownSplits, Base base);

    /// @notice Which of a model's shown direct sources have ended consent since. The past stays authorised.
    /// @param weights The weights commitment, which with `shown` makes the model's ID.
    /// @return shownTrue Whether the sources shown are the model's.
    /// @return lapsed IDs of collections revoked or expired and models whose terms expired.
    function lapsedSources(bytes32 model, bytes32 weights, ShownSources calldata shown)
        external
        view
        returns (bool shownTrue, bytes32[] memory lapsed);
}
