// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approval, ISigned} from "./ISigned.sol";

/// @title Who says what about a subject
/// @notice Events only. It gates nothing: readers choose whom to believe, and every page names the speaker.
interface IStatements is ISigned {
    /// @param kind What sort: the keccak256 of `identity`, `list`, `dispute`, `audit`, `reproduction`, `review`, `receipt`…
    /// @param document keccak256 of what is said.
    event Stated(address indexed speaker, bytes32 indexed subject, bytes32 indexed kind, bytes32 document);

    function state(bytes32 subject, bytes32 kind, bytes32 document) external;

    /// @notice `Statement(address speaker,bytes32 subject,bytes32 kind,bytes32 document,uint256 nonce,uint256 deadline)`.
    function stateFor(address speaker, bytes32 subject, bytes32 kind, bytes32 document, Approval calldata approval)
        external;
}
