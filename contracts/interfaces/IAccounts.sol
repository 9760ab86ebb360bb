// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes accounts
/// @notice Anybody can make the account of any first key. Its address follows from the key and a number, and is the same
/// before and after the account is made. So somebody can sign for an account that is not there yet, and whoever brings
/// the signature makes the account on the way (ERC-6492 names this contract and `create`).
///
/// This contract has no power over accounts and none anywhere else: `createAndCall` lets everybody make every call in its
/// name. So nobody must ever give it a right, an approval or money. It takes no ether; tokens that are sent here belong to
/// whoever calls for them first.
interface IAccounts {
    event AccountCreated(address indexed account, bytes key, uint256 number);

    /// Neither an address nor a point on P-256, or address zero.
    error Accounts_NotAKey(bytes key);
    error Accounts_NoContract(address target);
    /// The call failed and gave no reason.
    error Accounts_CallFailed(address target);

    /// @notice Makes the account of a first key and a number. Does nothing if the account is there. Emits
    /// `AccountCreated`.
    /// @dev Reverts as `addressOf`.
    function create(bytes calldata key, uint256 number) external returns (address account);

    /// @notice `create`, and then one call to anybody, for instance one that brings the account's signature. If somebody
    /// else made the account before, only the call is made.
    /// @return account The account.
    /// @return result What the call returned.
    /// @dev The call comes from this contract and not from the account. If it reverts, everything does, with the same
    /// reason. Reverts as `addressOf`, and `Accounts_NoContract`, `Accounts_CallFailed`.
    function createAndCall(bytes calldata key, uint256 number, address target, bytes calldata data)
        external
        returns (address account, bytes memory result);

    /// @notice The address where the account of a first key and a number is or will be.
    /// @param number Keeps the accounts of one key apart.
    /// @dev Reverts `Accounts_NotAKey`, because money that is sent to an address where nothing can be made would be lost.
    /// The address stays that of the account when the key is removed from it.
    function addressOf(bytes calldata key, uint256 number) external view returns (address);
}
