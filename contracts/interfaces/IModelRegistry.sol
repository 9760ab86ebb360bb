// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "../types/Base.sol";
import {Ancestor, Collection, External, Parent, ShownSources, Sources} from "../types/Sources.sol";
import {IRegistrations} from "./IRegistrations.sol";
import {IRegistry} from "./IRegistry.sol";
import {Approval, ISigned} from "./ISigned.sol";

/// @title Models, the data they were trained on and the models they were made from
/// @notice A model is registered with every source it declares, or not at all. Each source must be known, its consent
/// must be valid, its terms must allow generative training, and its gate must let the developer through. The registry
/// composes what the terms ask of the gross into the model's split. Nobody can choose otherwise.
///
/// Whoever wants only models whose base models are all registered checks `modelOf(model).base == Base.Traced`. A gate
/// is not asked for that.
///
/// A model holds at most 256 models, itself included, and together they ask at most the whole gross. So nobody can
/// train on a model that holds 256, whatever its terms allow, because the new model would hold 257. If all of the gross
/// is asked of a model, only a model that asks nothing itself can be trained on it, with data that asks nothing.
/// Outputs of both can be registered. The registry refuses neither model: what fits depends on the other sources of
/// whoever builds on it. `ancestry` and the split say how much room is left.
///
/// Not protected against: a source that the developer does not declare, weights that do not come from the declared
/// training, and a false document of a base model that nobody registered.
interface IModelRegistry is IRegistrations, IRegistry, ISigned {
    /// @notice What a developer says about a model beside its sources.
    struct ModelSpec {
        /// The commitment of the weights. If the weights are published it is the commitment without salt. Never zero.
        bytes32 weights;
        /// Commits to what somebody needs to reproduce the model: code, environment, hyperparameters.
        bytes32 run;
        /// What the model asks of those who build on it. No floor: a model has no weight that could be diluted.
        bytes32 termsId;
        /// Who is paid what the terms ask, and the rest. Zero means the developer's wallet.
        bytes32 payee;
        /// The opening of the payee. Empty if the payee is a wallet (`Payees.checkOf`).
        bytes opening;
        /// The model's ID if earlier parts were added with `addPart`. Otherwise zero.
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
        /// With `judgedAt`, tells the `ModelSource` events of this registration from those of an abandoned draft.
        address submitter;
        uint40 judgedAt;
    }

    struct Model {
        address developer;
        uint32 registeredAt;
        /// When the consent of the sources was judged: at registration, or when the first part was added.
        uint32 judgedAt;
        /// The worst level of the model itself and of every ancestor.
        Base base;
        /// What the model asks, in parts per million of the gross.
        uint24 own;
        bytes32 termsId;
        /// The hash of the values that are not in the ID (run, payee).
        bytes32 details;
        /// keccak256(abi.encode(Ancestor[])) of the model itself and every distinct ancestor, ascending.
        bytes32 ancestry;
        /// Where money that is paid to the model goes.
        bytes32 split;
        /// Where the money goes that the model asks of others. Zero if it asks nothing.
        bytes32 ownSplit;
        /// The root hash of the manifest. Zero without collections. The sum of the manifest is in the event and follows
        /// from the sources.
        bytes32 manifest;
    }

    /// @notice Emitted once for each model, after the events of its sources.
    event ModelRegistered(bytes32 indexed model, address indexed developer, bytes32 indexed weights, Entry entry);
    /// @notice Emitted once for each collection, in order. One query by `provider` gives the whole usage history of
    /// that provider.
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
    /// The model would allow a use that one of its sources does not allow.
    error ModelRegistry_UsesWiderThanSources(uint256 uses, uint256 allowed);
    error ModelRegistry_ModelsNotAscending(bytes32 last, bytes32 next);
    error ModelRegistry_WrongAncestry(bytes32 model);
    error ModelRegistry_WrongPart(bytes32 model, uint256 part, uint256 expected);
    /// The earlier parts of the draft were authorised for another developer.
    error ModelRegistry_WrongDeveloper(bytes32 model, address draft, address developer);
    error ModelRegistry_PartSize(uint256 collections);
    error ModelRegistry_WeightDiffers(uint256 declared, uint256 actual);
    error ModelRegistry_TooHeavy(uint256 weight);
    /// The parts make another model than the draft's ID says.
    error ModelRegistry_WrongDraft(bytes32 draft, bytes32 actual);
    /// The first part was added more than 24 hours ago. Start again with part 0.
    error ModelRegistry_DraftExpired(bytes32 model, uint256 startedAt);

    /// @notice Registers a model of the caller. If every value equals what is registered it does nothing.
    /// @param sources All sources. With a draft, `collections` are the last part.
    /// @return model `keccak256(0x06 ‖ developer ‖ weights ‖ sourcesHash ‖ termsId)`.
    function register(ModelSpec calldata spec, Sources calldata sources) external returns (bytes32 model);

    /// @notice `register` with the developer's signature:
    /// `Model(address developer,bytes32 weights,bytes32 sourcesHash,Terms terms,bytes32 run,bytes32 payee,uint256 nonce,uint256 deadline)`.
    /// Anybody may send it.
    function registerFor(
        address developer,
        ModelSpec calldata spec,
        Sources calldata sources,
        Approval calldata approval
    ) external returns (bytes32 model);

    /// @notice Adds a part of exactly 1,024 collections to a draft of the caller, for models with more collections than
    /// that.
    /// @param model The ID that the model will have.
    /// @param part Counted from 0. A part that is there with the same collections is skipped. Part 0 starts an expired
    /// draft again. The first part fixes the time at which consent is judged.
    /// @param totalWeight The weight of all collections together. Floors are shares of it.
    function addPart(
        bytes32 model,
        address developer,
        uint96 totalWeight,
        uint256 part,
        Collection[] calldata collections
    ) external;

    /// @notice The record of a model. Reverts `ModelRegistry_UnknownModel`.
    function modelOf(bytes32 model) external view returns (Model memory);

    /// @notice Whose model it is and what it asks. Reads less than `modelOf`, which reads seven words. Reverts as
    /// `modelOf` does.
    function termsOf(bytes32 model) external view returns (address developer, bytes32 termsId);

    /// @notice Unites the ancestries of `parents`, after checking them against what is on record.
    /// @return ancestry Ascending, each model once.
    /// @return ownSplits One for each of them.
    /// @return base The worst level of the parents.
    function lineage(Parent[] calldata parents)
        external
        view
        returns (Ancestor[] memory ancestry, bytes32[] memory ownSplits, Base base);

    /// @notice Which direct sources of a model have ended consent since it was registered. What was registered stays
    /// authorised.
    /// @param weights The weights commitment, which with `shown` makes the model's ID.
    /// @return shownTrue Whether the sources shown are those of the model.
    /// @return lapsed The IDs of collections that were revoked or expired, and of models whose terms expired.
    function lapsedSources(bytes32 model, bytes32 weights, ShownSources calldata shown)
        external
        view
        returns (bool shownTrue, bytes32[] memory lapsed);
}
