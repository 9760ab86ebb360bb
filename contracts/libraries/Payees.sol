// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRightsToken} from "../interfaces/IRightsToken.sol";
import {Ids} from "./Ids.sol";

/// @notice A payee is a 32-byte key: a wallet (upper 96 bits zero), a split or a subject.
/// @dev An opening is what hashes to a split (root ‖ total ‖ salt, 76 bytes) or a subject (contract ‖ id, 52 bytes).
/// Whoever names a payee shows it, so that money cannot be sent to a hash that nobody can open.
library Payees {
    error Payees_Zero();
    error Payees_Splitter();
    error Payees_WrongOpening(bytes32 payee, bytes opening);
    error Payees_NoShares(bytes32 split);
    /// What is registered would be paid through itself: its money would come back to it for ever.
    error Payees_Itself(bytes32 subject);
    /// The rights token has no such number on record: most likely it is the ID of what is meant, and not its token's number.
    error Payees_UnknownToken(uint256 tokenId);

    function wallet(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    function isWallet(bytes32 payee) internal pure returns (bool) {
        return uint256(payee) >> 160 == 0;
    }

    function toAddress(bytes32 payee) internal pure returns (address) {
        return address(uint160(uint256(payee)));
    }

    /// @notice `payee`, or the registrant's wallet when none is named.
    function named(bytes32 payee, address registrant) internal pure returns (bytes32) {
        return payee == 0 ? wallet(registrant) : payee;
    }

    /// @notice Reverts unless `payee` is a wallet other than zero and the splitter, or opens to somebody whom it could be
    /// for: a split with shares, or a subject of another contract than the splitter.
    function check(bytes32 payee, bytes calldata opening, address splitter) internal pure {
        if (isWallet(payee)) {
            if (payee == 0) revert Payees_Zero();
            if (toAddress(payee) == splitter) revert Payees_Splitter();
            if (opening.length != 0) revert Payees_WrongOpening(payee, opening);
        } else if (opening.length == 76) {
            if (splitKey(opening) != payee) revert Payees_WrongOpening(payee, opening);
            if (!hasShares(opening)) revert Payees_NoShares(payee);
        } else {
            openSubject(payee, opening);
            checkSubject(opening, splitter);
        }
    }

    /// @notice `check`, of the payee of what a registry registers under `id`, which may be there for good: neither that itself,
    /// nor a rights token other than its own that is not on record (`IRightsToken.reveal` puts it there).
    function checkOf(bytes32 id, bytes32 payee, bytes calldata opening, address splitter, IRightsToken rightsToken)
        internal
        view
    {
        check(payee, opening, splitter);
        if (opening.length != 52) return;
        bytes32 own = Ids.subject(address(this), id);
        if (payee == own) revert Payees_Itself(own);
        (address account, bytes32 named_) = subjectIn(opening);
        if (account != address(rightsToken) || named_ == own) return;
        if (rightsToken.rightsOf(uint256(named_)).registry == address(0)) revert Payees_UnknownToken(uint256(named_));
    }

    /// @notice Reverts where 52 bytes name a contract that could never say whom a subject stands for.
    function checkSubject(bytes calldata opening, address splitter) internal pure {
        (address account,) = subjectIn(opening);
        if (account == address(0)) revert Payees_Zero();
        if (account == splitter) revert Payees_Splitter();
    }

    /// @notice Whether bytes open a split or a subject that somebody could be paid through.
    function opens(bytes calldata opening, address splitter) internal pure returns (bool) {
        if (opening.length == 76) return hasShares(opening);
        if (opening.length != 52) return false;
        (address account,) = subjectIn(opening);
        return account != address(0) && account != splitter;
    }

    /// @notice Whether the split that 76 bytes open has a total other than zero. Of one that has none nobody can claim.
    function hasShares(bytes calldata opening) internal pure returns (bool has) {
        assembly ("memory-safe") {
            has := iszero(iszero(shr(160, calldataload(add(opening.offset, 32)))))
        }
    }

    /// @notice The split that 76 bytes open.
    /// @dev `keccak256(abi.encodePacked(uint8(0x03), opening))`.
    function splitKey(bytes calldata opening) internal pure returns (bytes32 key) {
        assembly ("memory-safe") {
            let spot := mload(0x40)
            mstore8(spot, 0x03)
            calldatacopy(add(spot, 1), opening.offset, opening.length)
            key := keccak256(spot, add(opening.length, 1))
        }
    }

    /// @notice The contract and ID of a subject; reverts when they are not its opening.
    function openSubject(bytes32 payee, bytes calldata opening) internal pure returns (address account, bytes32 id) {
        if (opening.length == 52) {
            (account, id) = subjectIn(opening);
            if (Ids.subject(account, id) == payee) return (account, id);
        }
        revert Payees_WrongOpening(payee, opening);
    }

    /// @notice The contract and ID that stand in 52 bytes, whatever they open.
    function subjectIn(bytes calldata opening) internal pure returns (address account, bytes32 id) {
        assembly ("memory-safe") {
            account := shr(96, calldataload(opening.offset))
            id := calldataload(add(opening.offset, 20))
        }
    }
}
