// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What is declared about the base models that something rests on. The worst level of all of them counts, and
/// is the largest.
/// @dev Traced: every base model is registered, or there is none. Stated: at least one is not registered, and each of
/// those comes with its weights and the hash of a document that is to say where it comes from and what its licence
/// allows. Undisclosed: for at least one there is no such document, or not even the weights. Nobody has read the
/// document for the chain: "stated" means that there is a document, not that it is true or good. No level shows a base
/// model that a developer leaves out.
enum Base {
    Traced,
    Stated,
    Undisclosed
}
