// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approval, ISigned} from "./ISigned.sol";

/// @title Who says what about a subject
/// @notice This contract only emits events. No other contract reads it: readers choose whom to believe, and every page
/// names the speaker.
interface IStatements is ISigned {
    /// @param kind The kind of statement: the keccak256 of `identity`, `list`, `dispute`, `audit`, `reproduction`,
    /// `review`, `receipt`…
    /// @param document keccak256 of what is said.
    event Stated(address indexed speaker, bytes32 indexed subject, bytes32 indexed kind, bytes32 document);

    /// @notice States something as the caller. Emits `Stated`.
    function state(bytes32 subject, bytes32 kind, bytes32 document) external;

    /// @notice The same for whoever signed
    /// `Statement(address speaker,bytes32 subject,bytes32 kind,bytes32 document,uint256 nonce,uint256 deadline)`.
    /// Anybody may send it.
    function stateFor(address speaker, bytes32 subject, bytes32 kind, bytes32 document, Approval calldata approval)
        external;
}
