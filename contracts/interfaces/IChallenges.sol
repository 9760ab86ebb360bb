// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShownSources} from "../types/Sources.sol";

/// @title Evidence against a manifest, and evidence for it
/// @notice A registration takes a manifest's items on trust. Here anybody, at any time, puts on record for good
/// - that a manifest is false, with evidence that leaves nothing to judge (`outOfOrder`, `revokedItem`); or
/// - that it stands as checked, by walking all its leaves in order (`checkManifest`): each is an item of its
///   collection's, once, whose revocation had not taken effect when the model's sources were judged.
/// Never both: what `checkManifest` asks of every leaf is what the evidence shows that some leaf is not. Both are about
/// facts that can no longer change, so it does not matter who comes first, or when.
///
/// Only proofs count, so nobody is harmed by a false accusation: it reverts. Nobody owns this, and it holds nothing.
///
/// Not protected against: items that training used and the manifest leaves out, and items that it declares and training
/// did not use. A checked manifest proves declaration and membership, never use. Walking needs the manifest and the
/// commitments of its items; while those are unpublished, only who holds them can walk.
///
/// Sources are shown as for `IModelRegistry.lapsedSources`: all hashes, and the collections of one part.
interface IChallenges {
    /// @notice One leaf of a collection's part of a manifest, with its proof under the collection's (items, weight).
    struct Leaf {
        bytes32 id;
        uint96 weight;
        /// Bit i: the sibling of level i is on the left.
        uint256 side;
        /// A sibling's hash and uint96 sum, 44 bytes, a level; at most 64.
        bytes path;
    }

    /// @notice Neighbouring leaves under one node of a collection's part of a manifest: all of it, or 2^k of them from a
    /// multiple of 2^k on (at the end fewer), so that their sum tree is the node's.
    struct Slice {
        /// The collection's index in its part of the sources.
        uint32 source;
        /// The sum of all weights before the slice, in the collection. With `source`, its place.
        uint96 lo;
        /// A commitment and its uint96 weight, 44 bytes, an item; IDs ascending.
        bytes leaves;
        /// From the node up to the collection's (items, weight), as in `Leaf`.
        uint256 side;
        bytes path;
        /// OpenZeppelin's multiproof of the items in one slice of the collection's tree, then that slice's own proof.
        bytes32[] proof;
        /// Bit i of the whole, 256 a word: step i takes its second node from the queue, else from `proof`. Words of zeros
        /// at the end may be left out.
        uint256[] flags;
    }

    /// @notice What is known of a manifest. `checkManifest` goes on at (part, source, lo).
    struct State {
        /// Bits of `Falsity`; zero when nothing was proved.
        uint8 problems;
        /// When it was first proved false; zero when it was not.
        uint40 challengedAt;
        /// When the walk ended; zero when it has not.
        uint40 checkedAt;
        uint32 part;
        uint32 source;
        uint96 lo;
        /// The last ID walked in this collection; zero at its start.
        bytes32 last;
    }

    /// @notice Proved: two items of a manifest, in the order in which they stand, whose IDs do not ascend. Equal ones
    /// are one item declared twice.
    event OutOfOrder(
        bytes32 indexed model, bytes32 indexed collection, address indexed challenger, bytes32 first, bytes32 second
    );
    /// @notice Proved: a manifest declares an item whose revocation had taken effect, notice included.
    event RevokedItem(
        bytes32 indexed model, bytes32 indexed collection, address indexed challenger, bytes32 id, uint40 revokedAt
    );
    /// @notice Once per model: all its leaves were walked.
    /// @param walker Who walked the last.
    event ManifestChecked(bytes32 indexed model, address indexed walker);

    /// With `weights` these do not make the model's ID, or the collections are not the part they are said to be.
    error Challenges_SourcesNotShown(bytes32 model);
    /// It has no collections.
    error Challenges_NoManifest(bytes32 model);
    error Challenges_NoSuchSource(uint256 source, uint256 count);
    /// The proof leads to another node than the collection's (items, weight), or begins elsewhere than it says.
    error Challenges_NotInManifest(bytes32 collection, bytes32 items, uint256 weight, uint256 lo);
    /// No evidence: the first item stands before the second, and so do their IDs; or it does not stand before it.
    error Challenges_InOrder(bytes32 first, bytes32 second);
    /// No evidence: the item was not revoked, or not with effect when the model's sources were judged.
    error Challenges_NotRevoked(bytes32 id);
    /// It was proved false and can never stand as checked.
    error Challenges_ProvenFalse(bytes32 model, uint256 problems);
    /// Something is left out before the slice: the walk goes on at (part, source, lo).
    error Challenges_NotNext(uint256 part, uint256 source, uint256 lo);
    /// Not a multiple of 44 bytes, or none at all.
    error Challenges_LeavesLength(uint256 length);
    /// The manifest is false or the slice is: see `outOfOrder`.
    error Challenges_NotAscending(bytes32 last, bytes32 next);
    /// As many flags must be unset as there are hashes in the proof.
    error Challenges_WrongFlags(uint256 unset, uint256 hashes);
    /// The items are not all in the collection: their proof leads to another root than the one in its ID.
    error Challenges_NotInCollection(bytes32 collection, bytes32 root);
    /// The manifest is false: see `revokedItem`.
    error Challenges_Revoked(bytes32 id, uint256 revokedAt);

    // Proving a manifest false

    /// @notice Puts on record that two items of one collection stand in a manifest in another order than their IDs, or
    /// twice. Such a manifest could hide an item from who proves that it was not declared, and pays one item twice.
    /// @param weights The weights commitment, which with `shown` makes the model's ID.
    /// @param source The collection's index in `shown.collections`.
    /// @param first The leaf whose interval begins lower; neighbours are the usual case, but any two will do.
    function outOfOrder(
        bytes32 model,
        bytes32 weights,
        ShownSources calldata shown,
        uint256 source,
        Leaf calldata first,
        Leaf calldata second
    ) external;

    /// @notice Puts on record that a manifest declares an item whose revocation had taken effect when the model's sources
    /// were judged: the notice in its collection's terms, and 7 days where that is shorter, had passed. So who looked at
    /// the items less than 7 days before cannot be proved false by a revocation.
    function revokedItem(
        bytes32 model,
        bytes32 weights,
        ShownSources calldata shown,
        uint256 source,
        Leaf calldata leaf
    ) external;

    // Checking a manifest

    /// @notice Walks on along a manifest's leaves, from where the last walker stopped. After the last leaf of the last
    /// part it stands as checked for good.
    /// @param slices In order, all of the part shown. Those that were walked already are passed over unread, and one that
    /// was walked in part is walked whole, so that two walkers at a time, or the same one again, do each other no harm
    /// however they cut.
    /// @dev Reverts with the first thing that does not hold; then nothing of the call counts.
    function checkManifest(bytes32 model, bytes32 weights, ShownSources calldata shown, Slice[] calldata slices)
        external;

    // Asking

    /// @notice What is known of a model's manifest; all zero when nobody challenged or walked it.
    function stateOf(bytes32 model) external view returns (State memory);
}

/// @notice In which ways a manifest can be proved false, one bit each.
library Falsity {
    uint8 internal constant OUT_OF_ORDER = 1;
    uint8 internal constant REVOKED_ITEM = 2;
}
