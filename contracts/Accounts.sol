// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IAccounts} from "./interfaces/IAccounts.sol";
import {Keys} from "./libraries/Keys.sol";

contract Accounts is IAccounts {
    address private immutable CODE;

    /// @param code Of every account here (`Account`).
    constructor(address code) {
        CODE = code;
    }

    /// @inheritdoc IAccounts
    function create(bytes calldata key, uint256 number) public returns (address account) {
        account = addressOf(key, number);
        if (account.code.length != 0) return account;
        Clones.cloneDeterministicWithImmutableArgs(CODE, key, bytes32(number));
        emit AccountCreated(account, key, number);
    }

    /// @inheritdoc IAccounts
    function createAndCall(bytes calldata key, uint256 number, address target, bytes calldata data)
        external
        returns (address account, bytes memory result)
    {
        account = create(key, number);
        if (target.code.length == 0) revert Accounts_NoContract(target);
        bool success;
        (success, result) = target.call(data);
        if (success) return (account, result);
        if (result.length == 0) revert Accounts_CallFailed(target);
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }

    /// @inheritdoc IAccounts
    function addressOf(bytes calldata key, uint256 number) public view returns (address) {
        if (!Keys.isKey(Keys.read(key))) revert Accounts_NotAKey(key);
        return Clones.predictDeterministicAddressWithImmutableArgs(CODE, key, bytes32(number));
    }
}
