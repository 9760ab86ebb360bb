// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Call} from "../types/Call.sol";

/// @notice A guardian's word for a recovery.
struct GuardianApproval {
    address guardian;
    /// ECDSA (65 bytes), or whatever the guardian's contract accepts under ERC-1271.
    bytes signature;
}

/// @title An account for somebody who has no wallet
/// @notice A small contract that keys sign for. Each key alone speaks for the account. A key is given as bytes: 20 are
/// the address of a wallet (ECDSA, or a contract under ERC-1271), 64 are the public key of a passkey (qx ‖ qy on P-256),
/// which signs as WebAuthn has it, with the person verified. The account has 1 to 16 keys. It has no owner beside them,
/// no upgrade and no module. `Accounts` makes it, with its first key in its code.
///
/// Its signature for others is ERC-1271 by ERC-7739: what the key signs names the account, so that it counts for no
/// other account of the same key. The signature itself is `abi.encode(bytes key, bytes signature)`; a passkey's is
/// `abi.encode(r, s, challengeIndex, typeIndex, authenticatorData, clientDataJSON)` with the lower `s`.
///
/// Only a signature of one of its keys moves its money or changes keys and guardians, with one exception: guardians. They
/// are wallets or contracts that the account named, `threshold` of them together name a new key, and after `wait` seconds,
/// which are 30 days at least, this key takes the place of all others. Until then each key of the account can stop it.
/// A recovery changes who signs from then on. What was consented to before stays.
///
/// Not protected against:
/// - A passkey is bound to the name of the site that made it. If the site goes away, no browser uses the passkey any
///   more. So a second key, or guardians, should be there before.
/// - A passkey shows nothing of what it signs: people see what the page says, so a page that lies, or that was broken into,
///   gets any signature that it asks for.
/// - Who has one key can do everything that the owner can: take the money, remove the other keys, stop a recovery.
/// - Guardians together can take the account of somebody who does not look for as long as `wait`. So many guardians
///   can also start again and again, and so keep a recovery that others started from its end.
/// - Without guardians nobody can help who has lost every key.
/// - A signature of a key that is removed counts no more, except where it was used before. It counts again if the key is
///   added again.
/// - A key that can be added and can never sign: a contract without ERC-1271, the address of somebody else.
/// - Old contracts that send ether with 2,300 gas: the account needs more unless it was called before in the transaction.
interface IAccount {
    /// @param key The one that signed.
    event Executed(uint256 indexed nonce, bytes key);
    event KeyAdded(bytes key);
    event KeyRemoved(bytes key);
    event GuardiansSet(address[] guardians, uint256 threshold, uint256 wait);
    /// @param from The second from which anybody can complete it.
    event RecoveryStarted(uint256 indexed round, bytes key, uint256 from);
    /// @notice Approvals of `round` and of those before it count no more. A recovery that was open is over.
    event RecoveryStopped(uint256 indexed round);
    /// @notice From now on `key` is the only key.
    event RecoveryCompleted(bytes key);

    error Account_Expired(uint256 deadline);
    error Account_NonceUsed(uint256 nonce);
    /// No key of the account signed this digest, or the signature cannot be read.
    error Account_WrongSignature(bytes32 digest);
    /// The guardian did not sign this digest.
    error Account_WrongApproval(address guardian, bytes32 digest);
    /// @param index Of the call that failed, from 0.
    /// @param reason What it reverted with.
    error Account_CallFailed(uint256 index, bytes reason);
    /// The call has data and nothing is there that could read it.
    error Account_NoContract(uint256 index, address to);
    /// Only the account itself may call this, by `execute`.
    error Account_NotItself(address caller);
    /// Neither an address nor a point on P-256, or the account itself, or address zero.
    error Account_NotAKey(bytes key);
    error Account_KeyThere(bytes key);
    error Account_NoSuchKey(bytes key);
    error Account_LastKey(bytes key);
    error Account_TooManyKeys(uint256 most);
    /// There are more than 16 guardians, or the threshold is not from 1 to their number (0 where there are none).
    error Account_Threshold(uint256 threshold, uint256 guardians);
    /// The waiting time is not from 30 days to five years (0 where there are no guardians).
    error Account_Wait(uint256 wait);
    /// Guardians are given in strictly ascending order, and zero is none.
    error Account_GuardiansNotAscending(address guardian);
    error Account_OwnGuardian();
    error Account_NoGuardians();
    error Account_TooFewApprovals(uint256 given, uint256 threshold);
    /// No guardian of the account, or not in ascending order, or named twice.
    error Account_NotAGuardian(address guardian);
    /// The approvals are for another round than the one that counts now.
    error Account_WrongRound(uint256 round, uint256 current);
    error Account_NoRecovery();
    error Account_RecoveryWaits(uint256 from);
    /// This is the code that accounts share and is no account.
    error Account_OnlyCode();

    // Acting

    /// @notice Makes all of the calls in order, or none. Anybody may send it, with a signature of a key:
    /// `Execute(Call[] calls,uint256 nonce,uint256 deadline)Call(address to,uint256 value,bytes data)` in the account's
    /// own domain ("Kiseki Account", version "1"). Emits `Executed`.
    /// @dev The nonce is any number that was not used before, and is used up before the calls are made. While they run
    /// nobody can execute something else here or complete a recovery. To cancel an operation, execute an empty list with
    /// its nonce. The ether comes from the account; the call itself takes none. Reverts `Account_Expired`,
    /// `Account_NonceUsed`, `Account_WrongSignature`, `Account_NoContract`, `Account_CallFailed`.
    /// Not protected against: who sends it chooses how much gas there is, so a contract that goes on where something
    /// inside of it failed can be made to.
    function execute(Call[] calldata calls, uint256 nonce, uint256 deadline, bytes calldata signature) external;

    /// @notice Whether an operation with this nonce was executed.
    function isNonceUsed(uint256 nonce) external view returns (bool);

    // Keys

    /// @notice Adds a key, by the account itself. Emits `KeyAdded`.
    /// @dev Reverts `Account_NotItself`, `Account_NotAKey`, `Account_KeyThere`, `Account_TooManyKeys`.
    function addKey(bytes calldata key) external;

    /// @notice Removes a key, by the account itself. Emits `KeyRemoved`.
    /// @dev Reverts `Account_NotItself`, `Account_NoSuchKey`, `Account_LastKey`.
    function removeKey(bytes calldata key) external;

    /// @notice Every key, in no particular order.
    function keys() external view returns (bytes[] memory);

    // Guardians

    /// @notice Names all guardians anew, by the account itself. Ends a recovery that is open, and every approval that was
    /// given so far. Emits `RecoveryStopped`, also if none was open, and `GuardiansSet`.
    /// @param guardians_ Strictly ascending, 16 at most. Empty: nobody can recover the account.
    /// @param threshold How many of them it takes.
    /// @param wait Seconds between start and completion of a recovery, from 30 days to 1,825 days.
    /// @dev Reverts `Account_NotItself`, `Account_Threshold`, `Account_Wait`, `Account_GuardiansNotAscending`,
    /// `Account_OwnGuardian`.
    function setGuardians(address[] calldata guardians_, uint256 threshold, uint256 wait) external;

    function guardians() external view returns (address[] memory, uint256 threshold, uint256 wait);

    // Recovery

    /// @notice Begins the waiting time after which `key` replaces all keys. Anybody may send it, with signatures of
    /// enough guardians: `Recovery(address account,bytes key,uint256 round,uint256 deadline)` in the account's domain.
    /// It takes the place of a recovery that is open. Emits `RecoveryStarted`.
    /// @param round The one that `recovery` names. It goes up with every start and stop and with new guardians, so each
    /// approval counts once.
    /// @param approvals In strictly ascending order of the guardians.
    /// @dev Reverts `Account_Expired`, `Account_NoGuardians`, `Account_WrongRound`, `Account_NotAKey`,
    /// `Account_TooFewApprovals`, `Account_NotAGuardian`, `Account_WrongApproval`.
    function startRecovery(bytes calldata key, uint256 round, uint256 deadline, GuardianApproval[] calldata approvals)
        external;

    /// @notice Ends a recovery that is open, and every approval that was given so far, by the account itself. Emits
    /// `RecoveryStopped`, also if none was open.
    /// @dev Reverts `Account_NotItself`. Possible until somebody has completed the recovery, after the waiting time too.
    function stopRecovery() external;

    /// @notice Makes the new key the only key, once the time is over. Anybody may send it. Guardians stay. Emits
    /// `RecoveryCompleted`.
    /// @dev Reverts `Account_NoRecovery`, `Account_RecoveryWaits`.
    function completeRecovery() external;

    /// @notice The recovery that is open.
    /// @return key Empty if none is.
    /// @return from The second from which it can be completed. Zero if none is open.
    /// @return round The one for which guardians sign now.
    function recovery() external view returns (bytes memory key, uint256 from, uint256 round);
}
