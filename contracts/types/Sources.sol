// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A collection as a source: what was read of it and how much of the whole that is.
struct Collection {
    bytes32 id;
    /// In a model, the root hash of the sum tree over the items used. In a batch, zero.
    bytes32 items;
    /// In a model, the sum of the items' weights. In a batch, one.
    uint96 weight;
}

/// @notice A base model that nobody registered. `Base` says what it means for everything that rests on it.
struct External {
    /// The commitment of its weights. Zero if nobody has the file.
    bytes32 weights;
    /// keccak256 of a document that says what it is, where it came from and what its licence allows. Zero if there is
    /// none.
    bytes32 document;
}

/// @notice A model and what it asks, in parts per million of the gross of everything that rests on it.
struct Ancestor {
    bytes32 model;
    uint32 own;
}

/// @notice A model as a source, with its ancestry (the model itself and every distinct ancestor, ascending).
struct Parent {
    bytes32 id;
    Ancestor[] ancestry;
}

/// @notice Everything a model or batch rests on.
struct Sources {
    Collection[] collections;
    Parent[] models;
    External[] externals;
}

/// @notice Sources that are shown again to check a registered model or batch.
/// @dev `parts`, `models` and `externals` hash to its sourcesHash. `collections` hash to `parts[part]`.
struct ShownSources {
    bytes32[] parts;
    bytes32[] models;
    External[] externals;
    uint256 part;
    Collection[] collections;
}
