// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signed} from "./base/Signed.sol";
import {IIdentities} from "./interfaces/IIdentities.sol";
import {Approval} from "./interfaces/ISigned.sol";
import {Ids} from "./libraries/Ids.sol";
import {Payees} from "./libraries/Payees.sol";

contract Identities is IIdentities, Signed {
    /// @dev In one slot.
    struct Binding {
        address wallet;
        uint48 from;
    }

    bytes32 private constant BINDING =
        keccak256("Binding(address issuer,bytes32[] persons,address[] wallets,uint256 nonce,uint256 deadline)");

    /// @inheritdoc IIdentities
    uint256 public constant DELAY = 7 days;

    address private immutable SPLITTER;

    mapping(bytes32 id => Binding) private _bindings;

    constructor(address splitter) EIP712("Kiseki Identities", "1") {
        SPLITTER = splitter;
    }

    /// @inheritdoc IIdentities
    function bind(bytes32[] calldata persons, address[] calldata wallets) external {
        _checkLengths(persons, wallets);
        _bind(msg.sender, persons, wallets);
    }

    /// @inheritdoc IIdentities
    function bindFor(address issuer, bytes32[] calldata persons, address[] calldata wallets, Approval calldata approval)
        external
    {
        _checkLengths(persons, wallets);
        if (!_changes(issuer, persons, wallets)) return;
        bytes32 structHash = keccak256(
            abi.encode(
                BINDING,
                issuer,
                keccak256(abi.encodePacked(persons)),
                keccak256(abi.encodePacked(wallets)),
                approval.nonce,
                approval.deadline
            )
        );
        _spend(issuer, structHash, approval);
        _bind(issuer, persons, wallets);
    }

    /// @inheritdoc IIdentities
    function bindingOf(address issuer, bytes32 person) external view returns (address wallet, uint256 from) {
        Binding storage binding = _bindings[Ids.identity(issuer, person)];
        return (binding.wallet, binding.from);
    }

    /// @inheritdoc IIdentities
    function idOf(address issuer, bytes32 person) external pure returns (bytes32) {
        if (issuer == address(0)) revert Identities_NoIssuer();
        return Ids.identity(issuer, person);
    }

    /// @inheritdoc IIdentities
    function payeeOf(bytes32 id, address) external view returns (bytes32) {
        Binding memory binding = _bindings[id];
        return block.timestamp < binding.from ? bytes32(0) : Payees.wallet(binding.wallet);
    }

    function _bind(address issuer, bytes32[] calldata persons, address[] calldata wallets) private {
        for (uint256 i; i < persons.length; ++i) {
            (bytes32 person, address wallet) = (persons[i], wallets[i]);
            Binding storage binding = _bindings[Ids.identity(issuer, person)];
            (address old, uint256 from) = (binding.wallet, binding.from);
            if (wallet == old) continue;
            if (old != address(0) && block.timestamp >= from) revert Identities_Final(issuer, person, old);
            if (wallet == SPLITTER || wallet == address(this)) revert Identities_NotAWallet(wallet);
            if (wallet == address(0)) {
                (binding.wallet, binding.from) = (address(0), 0);
                emit IdentityWithdrawn(issuer, person);
            } else {
                from = block.timestamp + DELAY;
                (binding.wallet, binding.from) = (wallet, uint48(from));
                emit IdentityBound(issuer, person, wallet, from);
            }
        }
    }

    function _changes(address issuer, bytes32[] calldata persons, address[] calldata wallets)
        private
        view
        returns (bool)
    {
        for (uint256 i; i < persons.length; ++i) {
            if (_bindings[Ids.identity(issuer, persons[i])].wallet != wallets[i]) return true;
        }
        return false;
    }

    function _checkLengths(bytes32[] calldata persons, address[] calldata wallets) private pure {
        if (persons.length != wallets.length) revert Identities_DifferentLengths(persons.length, wallets.length);
    }
}
