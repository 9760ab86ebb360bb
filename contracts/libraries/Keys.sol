// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {Key} from "../types/Key.sol";

/// @title Keys that sign for an account
/// @notice As bytes: a wallet's address (20), or the public key of a passkey, qx ‖ qy on P-256 (64).
library Keys {
    uint256 private constant WALLET = 20;
    uint256 private constant PASSKEY = 64;

    /// @return key Zero where the bytes are no key: another length, address zero, no point of the curve.
    function read(bytes memory raw) internal pure returns (Key memory key) {
        if (raw.length == WALLET) {
            key.x = bytes32(uint256(uint160(bytes20(raw))));
        } else if (raw.length == PASSKEY) {
            (bytes32 x, bytes32 y) = abi.decode(raw, (bytes32, bytes32));
            if (P256.isValidPublicKey(x, y)) (key.x, key.y) = (x, y);
        }
    }

    function write(Key memory key) internal pure returns (bytes memory) {
        return key.y == 0 ? abi.encodePacked(address(uint160(uint256(key.x)))) : abi.encode(key.x, key.y);
    }

    function isKey(Key memory key) internal pure returns (bool) {
        return key.x != 0 || key.y != 0;
    }

    function equal(Key memory a, Key memory b) internal pure returns (bool) {
        return a.x == b.x && a.y == b.y;
    }

    /// @notice Takes `abi.encode(bytes key, bytes signature)` apart.
    /// @dev Answers false where `abi.decode` would revert, because ERC-1271 asks a question.
    function split(bytes calldata both)
        internal
        pure
        returns (bool whole, bytes calldata raw, bytes calldata signature)
    {
        bool rest;
        (whole, raw) = _part(both, 0);
        (rest, signature) = _part(both, 32);
        whole = whole && rest;
    }

    function _part(bytes calldata both, uint256 place) private pure returns (bool whole, bytes calldata part) {
        part = both[:0];
        if (both.length < place + 32) return (false, part);
        uint256 start = uint256(bytes32(both[place:]));
        if (start > both.length || both.length - start < 32) return (false, part);
        uint256 length = uint256(bytes32(both[start:]));
        if (both.length - start - 32 < length) return (false, part);
        return (true, both[start + 32:start + 32 + length]);
    }

    /// @notice Whether the key signed the digest. A passkey's signature is `WebAuthn.WebAuthnAuth` with its fields as
    /// arguments of `abi.encode`. It must say that the person was verified, and its `s` must be the lower one.
    function signed(Key memory key, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (key.y == 0) return signed(address(uint160(uint256(key.x))), digest, signature);
        (bool whole, WebAuthn.WebAuthnAuth calldata assertion) = WebAuthn.tryDecodeAuth(signature);
        // Else OpenZeppelin would read memory at any place that is given, and run out of gas.
        if (!whole || assertion.typeIndex >= bytes(assertion.clientDataJSON).length) return false;
        return WebAuthn.verify(abi.encodePacked(digest), assertion, key.x, key.y);
    }

    /// @notice Whether the wallet signed the digest.
    /// @dev ECDSA first, as in `Signed`: an EIP-7702 wallet has code and still signs with its key.
    function signed(address wallet, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == wallet) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(wallet, digest, signature);
    }
}
