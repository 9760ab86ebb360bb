// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Account} from "../../../contracts/Account.sol";
import {Accounts} from "../../../contracts/Accounts.sol";
import {GuardianApproval} from "../../../contracts/interfaces/IAccount.sol";
import {Call} from "../../../contracts/types/Call.sol";
import {Base} from "./Base.sol";
import {vm} from "./Vm.sol";

/// @notice Passkeys, and what is signed for accounts. All hashes are written out again here.
abstract contract Keyring is Base {
    uint256 internal constant PHONE = uint256(keccak256("phone")) >> 1;
    uint256 internal constant OTHER_PHONE = uint256(keccak256("other phone")) >> 1;
    uint256 internal constant THIEF = uint256(keccak256("thief")) >> 1;
    uint256 internal constant UNTIL = START + 1 days;
    uint256 private constant P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;

    Accounts internal accounts;
    /// The account of the phone's passkey.
    Account internal account;
    uint256 private _nonce = 1000;

    function setUp() public virtual override {
        super.setUp();
        accounts = Accounts(vm.deployCode("Accounts.sol", abi.encode(vm.deployCode("Account.sol"))));
        account = _account(_passkey(PHONE), 0);
    }

    function _account(bytes memory key, uint256 number) internal returns (Account) {
        return Account(payable(accounts.create(key, number)));
    }

    // Keys

    function _passkey(uint256 secret) internal pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(secret);
        return abi.encode(x, y);
    }

    function _walletKey(address wallet) internal pure returns (bytes memory) {
        return abi.encodePacked(wallet);
    }

    // Signatures

    /// @dev As a phone that has verified its owner, and may copy the passkey elsewhere.
    function _byPasskey(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        return abi.encode(_passkey(secret), _assertion(secret, digest, 0x1d, "webauthn.get"));
    }

    function _assertion(uint256 secret, bytes32 digest, uint8 flags, string memory kind)
        internal
        pure
        returns (bytes memory)
    {
        bytes memory authenticatorData = abi.encodePacked(sha256("localhost"), flags, uint32(0));
        string memory challenge = Base64.encodeURL(abi.encodePacked(digest));
        string memory client = string.concat(
            '{"type":"', kind, '","challenge":"', challenge, '","origin":"http://localhost","crossOrigin":false}'
        );
        (bytes32 r, bytes32 s) = vm.signP256(secret, sha256(abi.encodePacked(authenticatorData, sha256(bytes(client)))));
        if (uint256(s) > P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        return abi.encode(r, s, bytes(kind).length + 11, 1, authenticatorData, client);
    }

    function _byWallet(Actor memory actor, bytes32 digest) internal pure returns (bytes memory) {
        return abi.encode(_walletKey(actor.wallet), _sign(actor, digest));
    }

    function _byGuardian(Actor memory guardian, bytes32 digest) internal pure returns (GuardianApproval memory) {
        return GuardianApproval(guardian.wallet, _sign(guardian, digest));
    }

    // What is signed

    function _executeDigest(address from, Call[] memory calls, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes memory hashes;
        for (uint256 i; i < calls.length; ++i) {
            hashes = abi.encodePacked(
                hashes,
                keccak256(
                    abi.encode(
                        keccak256("Call(address to,uint256 value,bytes data)"),
                        calls[i].to,
                        calls[i].value,
                        keccak256(calls[i].data)
                    )
                )
            );
        }
        bytes32 typeHash =
            keccak256("Execute(Call[] calls,uint256 nonce,uint256 deadline)Call(address to,uint256 value,bytes data)");
        return _digest("Kiseki Account", from, keccak256(abi.encode(typeHash, keccak256(hashes), nonce, deadline)));
    }

    function _recoveryDigest(address of_, bytes memory key, uint256 round, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("Recovery(address account,bytes key,uint256 round,uint256 deadline)");
        return _digest("Kiseki Account", of_, keccak256(abi.encode(typeHash, of_, keccak256(key), round, deadline)));
    }

    /// @dev ERC-7739: what a key of `of_` signs so that the account has signed `contents` of the application.
    function _nestedDigest(address of_, bytes32 separator, bytes32 contents, string memory name, string memory types)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "TypedDataSign(",
                name,
                " contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
                types
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(typeHash, contents, keccak256("Kiseki Account"), keccak256("1"), block.chainid, of_, bytes32(0))
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function _nested(bytes memory signature, bytes32 separator, bytes32 contents, string memory description)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(signature, separator, contents, description, uint16(bytes(description).length));
    }

    function _separator(string memory name, address verifier) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
    }

    // Operations

    function _one(address to, uint256 value, bytes memory data_) internal pure returns (Call[] memory calls) {
        calls = new Call[](1);
        calls[0] = Call(to, value, data_);
    }

    /// @dev Signed with the passkey, and sent by a stranger.
    function _execute(uint256 secret, Call[] memory calls) internal {
        uint256 nonce = _nonce++;
        bytes memory signature = _byPasskey(secret, _executeDigest(address(account), calls, nonce, UNTIL));
        vm.prank(stranger.wallet);
        account.execute(calls, nonce, UNTIL, signature);
    }

    function _itself(bytes memory data_) internal {
        _execute(PHONE, _one(address(account), 0, data_));
    }

    /// @dev What comes out of `_itself` where the account refuses.
    function _itselfReverts(bytes memory reason, bytes memory data_) internal {
        bytes memory signature =
            _byPasskey(PHONE, _executeDigest(address(account), _one(address(account), 0, data_), _nonce, UNTIL));
        reverts(abi.encodeWithSelector(_CALL_FAILED, 0, reason));
        account.execute(_one(address(account), 0, data_), _nonce, UNTIL, signature);
    }

    bytes4 private constant _CALL_FAILED = bytes4(keccak256("Account_CallFailed(uint256,bytes)"));
}
