// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Approval, ISigned} from "../interfaces/ISigned.sol";

abstract contract Signed is ISigned, EIP712 {
    using BitMaps for BitMaps.BitMap;

    bytes32 private constant CANCELLATION =
        keccak256("Cancellation(address signer,uint256 cancelled,uint256 nonce,uint256 deadline)");

    mapping(address signer => BitMaps.BitMap used) private _nonces;

    /// @inheritdoc ISigned
    function isNonceUsed(address signer, uint256 nonce) public view returns (bool) {
        return _nonces[signer].get(nonce);
    }

    /// @inheritdoc ISigned
    function cancelNonce(uint256 nonce) external {
        if (!isNonceUsed(msg.sender, nonce)) _cancel(msg.sender, nonce);
    }

    /// @inheritdoc ISigned
    function cancelNonceFor(address signer, uint256 cancelled, Approval calldata approval) external {
        if (isNonceUsed(signer, cancelled)) return;
        _spend(
            signer, keccak256(abi.encode(CANCELLATION, signer, cancelled, approval.nonce, approval.deadline)), approval
        );
        _cancel(signer, cancelled);
    }

    function _cancel(address signer, uint256 nonce) private {
        _nonces[signer].set(nonce);
        emit NonceCancelled(signer, nonce);
    }

    /// @dev Uses up the nonce, or reverts. `structHash` must contain the signer, the nonce and the deadline.
    function _spend(address signer, bytes32 structHash, Approval calldata approval) internal {
        if (block.timestamp > approval.deadline) revert Signed_Expired(approval.deadline);
        if (isNonceUsed(signer, approval.nonce)) revert Signed_NonceUsed(signer, approval.nonce);
        _nonces[signer].set(approval.nonce);
        _checkSignature(signer, structHash, approval.signature);
    }

    /// @dev The same, and the nonce stays: the signature counts until its deadline, or until it is cancelled.
    function _standing(address signer, bytes32 structHash, Approval calldata approval) internal view {
        if (block.timestamp > approval.deadline) revert Signed_Expired(approval.deadline);
        if (isNonceUsed(signer, approval.nonce)) revert Signed_NonceUsed(signer, approval.nonce);
        _checkSignature(signer, structHash, approval.signature);
    }

    /// @dev ECDSA first: an EIP-7702 wallet has code and still signs with its key.
    function _checkSignature(address signer, bytes32 structHash, bytes calldata signature) internal view {
        bytes32 digest = _hashTypedDataV4(structHash);
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == signer) return;
        if (!SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature)) {
            revert Signed_WrongSignature(signer, digest);
        }
    }
}
