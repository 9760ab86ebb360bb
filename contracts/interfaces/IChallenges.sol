// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShownSources} from "../types/Sources.sol";

/// @title Evidence against a manifest, and evidence for it
/// @notice A registration does not check a manifest's items. Here anybody, at any time, can put one of two things on
/// record for good:
/// - that a manifest is false, with evidence that leaves nothing to judge (`outOfOrder`, `revokedItem`); or
/// - that it was checked, by walking all its leaves in order (`checkManifest`). Each leaf must be an item of its
/// collection, must be declared once, and its revocation must not have taken effect when the model's sources were
/// judged.
/// A manifest is never both: `checkManifest` asks of every leaf exactly what the evidence shows to be false of some
/// leaf. Both are about facts that can no longer change, so it does not matter who comes first, or when.
///
/// Only proofs count. A false accusation reverts and harms nobody. Nobody owns this contract, and it holds nothing.
///
/// Not protected against: items that training used and the manifest leaves out, and items that the manifest declares
/// and training did not use. A checked manifest proves declaration and membership, never use. Whoever walks needs the
/// manifest and the commitments of its items; while they are unpublished, only those who hold them can walk.
///
/// Sources are shown as for `IModelRegistry.lapsedSources`: all hashes, and the collections of one part.
interface IChallenges {
    /// @notice One leaf of a collection's part of a manifest, with its proof under the collection's (items, weight).
    struct Leaf {
        bytes32 id;
        uint96 weight;
        /// Bit i: the sibling of level i is on the left.
        uint256 side;
        /// The sibling's hash and uint96 sum, 44 bytes for each level. At most 64 levels.
        bytes path;
    }

    /// @notice Neighbouring leaves under one node of a collection's part of a manifest. A slice is the whole part, or
    /// 2^k leaves that begin at a multiple of 2^k (at the end there may be fewer), so that their sum tree is the
    /// node's.
    struct Slice {
        /// The index of the collection in its part of the sources.
        uint32 source;
        /// The sum of all weights in the collection before the slice. With `source` it says where the slice is.
        uint96 lo;
        /// A commitment and its uint96 weight, 44 bytes for each item. IDs ascend.
        bytes leaves;
        /// The proof from the node to the collection's (items, weight), as in `Leaf`.
        uint256 side;
        bytes path;
        /// OpenZeppelin's multiproof of the items in one slice of the collection's tree, followed by the proof of that
        /// slice.
        bytes32[] proof;
        /// Bit i of the whole, 256 bits a word: whether step i takes its second node from the queue. If not, it takes
        /// it from `proof`. Words of zeros at the end may be left out.
        uint256[] flags;
    }

    /// @notice What is known of a manifest. `checkManifest` goes on at (part, source, lo).
    struct State {
        /// Bits of `Falsity`. Zero if nothing was proved.
        uint8 problems;
        /// When the manifest was first proved false. Zero if it was not.
        uint40 challengedAt;
        /// When the walk ended. Zero if it has not ended.
        uint40 checkedAt;
        uint32 part;
        uint32 source;
        uint96 lo;
        /// The last ID that was walked in this collection. Zero at its start.
        bytes32 last;
    }

    /// @notice Proved: two items of a manifest, in the order in which they stand, have IDs that do not ascend. If the
    /// IDs are equal, one item is declared twice.
    event OutOfOrder(
        bytes32 indexed model, bytes32 indexed collection, address indexed challenger, bytes32 first, bytes32 second
    );
    /// @notice Proved: a manifest declares an item whose revocation had taken effect, notice included.
    event RevokedItem(
        bytes32 indexed model, bytes32 indexed collection, address indexed challenger, bytes32 id, uint40 revokedAt
    );
    /// @notice Emitted once for each model, after all its leaves were walked.
    /// @param walker Who walked the last leaf.
    event ManifestChecked(bytes32 indexed model, address indexed walker);

    /// The shown sources and `weights` do not make the model's ID, or the shown collections are not the part that they
    /// are said to be.
    error Challenges_SourcesNotShown(bytes32 model);
    /// The model has no collections.
    error Challenges_NoManifest(bytes32 model);
    error Challenges_NoSuchSource(uint256 source, uint256 count);
    /// The proof leads to another node than the collection's (items, weight), or the leaf begins elsewhere than the
    /// call says.
    error Challenges_NotInManifest(bytes32 collection, bytes32 items, uint256 weight, uint256 lo);
    /// No evidence: the first item stands before the second and so do their IDs, or the first item does not stand
    /// before the second.
    error Challenges_InOrder(bytes32 first, bytes32 second);
    /// No evidence: the item was not revoked, or its revocation had not taken effect when the model's sources were
    /// judged.
    error Challenges_NotRevoked(bytes32 id);
    /// The manifest was proved false and can never count as checked.
    error Challenges_ProvenFalse(bytes32 model, uint256 problems);
    /// Something before the slice is left out. The walk goes on at (part, source, lo).
    error Challenges_NotNext(uint256 part, uint256 source, uint256 lo);
    /// The length of the leaves is zero or no multiple of 44 bytes.
    error Challenges_LeavesLength(uint256 length);
    /// The manifest or the slice is false: see `outOfOrder`.
    error Challenges_NotAscending(bytes32 last, bytes32 next);
    /// The number of unset flags must equal the number of hashes in the proof.
    error Challenges_WrongFlags(uint256 unset, uint256 hashes);
    /// Not all of the items are in the collection: their proof leads to another root than the one in the collection's
    /// ID.
    error Challenges_NotInCollection(bytes32 collection, bytes32 root);
    /// The manifest is false: see `revokedItem`.
    error Challenges_Revoked(bytes32 id, uint256 revokedAt);

    // Proving a manifest false

    /// @notice Puts on record that two items of one collection stand in a manifest in another order than their IDs, or
    /// that one item stands there twice. Such a manifest could hide an item from somebody who proves that it was not
    /// declared, and it would pay one item twice.
    /// @param weights The weights commitment, which with `shown` makes the model's ID.
    /// @param source The index of the collection in `shown.collections`.
    /// @param first The leaf whose interval begins lower. The two leaves are usually neighbours, but they need not be.
    function outOfOrder(
        bytes32 model,
        bytes32 weights,
        ShownSources calldata shown,
        uint256 source,
        Leaf calldata first,
        Leaf calldata second
    ) external;

    /// @notice Puts on record that a manifest declares an item whose revocation had taken effect when the model's
    /// sources were judged: the notice in the terms of its collection had passed, and 7 days if the notice is shorter.
    /// So if somebody looked at the items less than 7 days before, no revocation can prove their manifest false.
    function revokedItem(
        bytes32 model,
        bytes32 weights,
        ShownSources calldata shown,
        uint256 source,
        Leaf calldata leaf
    ) external;

    // Checking a manifest

    /// @notice Walks on along a manifest's leaves, from where the last walker stopped. After the last leaf of the last
    /// part the manifest counts as checked for good.
    /// @param slices In order, all of the part shown. Slices that were walked before are skipped unread. A slice that
    /// was walked in part is walked whole. So two walkers at the same time, or one walker twice, do each other no harm,
    /// however they cut the slices.
    /// @dev Reverts with the first thing that does not hold. Then nothing of the call counts.
    function checkManifest(bytes32 model, bytes32 weights, ShownSources calldata shown, Slice[] calldata slices)
        external;

    // Asking

    /// @notice What is known of a model's manifest. All zero if nobody challenged or walked it.
    function stateOf(bytes32 model) external view returns (State memory);
}

/// @notice In which ways a manifest can be proved false, one bit each.
library Falsity {
    uint8 internal constant OUT_OF_ORDER = 1;
    uint8 internal constant REVOKED_ITEM = 2;
}
