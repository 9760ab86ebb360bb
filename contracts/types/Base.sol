// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What is declared of the base models that something rests on; the worst of all counts, and is the largest.
/// @dev Traced: every one is registered, or there is none. Stated: at least one is not, and each of those comes with its
/// weights and the hash of a document that is to say where it comes from and what its licence allows. Undisclosed: of at
/// least one there is no such document, or not even the weights. Nobody has read the document for the chain: "stated"
/// means that there is one, not that it is true or good. A base model that a developer leaves out is seen by no level.
enum Base {
    Traced,
    Stated,
    Undisclosed
}
