// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGate} from "../interfaces/IGate.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {Ask} from "../libraries/Ask.sol";
import {Ids} from "../libraries/Ids.sol";
import {Payees} from "../libraries/Payees.sol";

/// @title A gate that lets through whom the registrant named
/// @notice One contract serves every collection and model: each registrant keeps the list of what is theirs.
/// A list can close again; a bought licence is the lasting right.
contract AllowList is IGate {
    /// @param uses Bits of `Uses`; zero closes.
    event Allowed(address indexed registry, bytes32 indexed id, address indexed user, uint256 uses);

    error AllowList_NotRegistrant(address registry, bytes32 id, address registrant, address caller);

    mapping(bytes32 subject => mapping(address user => uint256 uses)) private _uses;

    /// @notice Lets `user` use `(registry, id)` for `uses` and nothing else, by its registrant.
    function allow(address registry, bytes32 id, address user, uint256 uses) external {
        // No answer is nobody, who can allow nothing.
        (, bytes32 answer) = Ask.word(registry, Ask.GAS, abi.encodeCall(IRegistry.registrantOf, (id)));
        address registrant = Payees.toAddress(answer);
        if (registrant != msg.sender) revert AllowList_NotRegistrant(registry, id, registrant, msg.sender);
        _uses[Ids.subject(registry, id)][user] = uses;
        emit Allowed(registry, id, user, uses);
    }

    /// @inheritdoc IGate
    function isAllowed(bytes32 subject, address user, uint256 use) external view returns (bool) {
        return use != 0 && _uses[subject][user] & use == use;
    }
}
