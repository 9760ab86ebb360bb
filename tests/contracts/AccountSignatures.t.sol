// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {Account} from "../../contracts/Account.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Keys} from "../../contracts/libraries/Keys.sol";
import {Key} from "../../contracts/types/Key.sol";
import {Keyring} from "./utils/Keyring.sol";
import {ContractWallet} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

contract KeysHarness {
    function signed(bytes calldata key, bytes32 digest, bytes calldata signature) external view returns (bool) {
        Key memory read = Keys.read(key);
        return Keys.isKey(read) && Keys.signed(read, digest, signature);
    }

    function split(bytes calldata input) external pure returns (bool, bytes memory, bytes memory) {
        (bool whole, bytes calldata key, bytes calldata signature) = Keys.split(input);
        return (whole, key, signature);
    }

    function decoded(bytes calldata input) external pure returns (bytes memory, bytes memory) {
        return abi.decode(input, (bytes, bytes));
    }

    function copy(bytes calldata key) external pure returns (bytes memory) {
        return Keys.write(Keys.read(key));
    }
}

/// @notice What an account's signature is, by OpenZeppelin's own P-256 and by EIP-7951's precompile (below).
abstract contract AccountSignatures is Keyring {
    bytes4 private constant VALID = 0x1626ba7e;
    bytes4 private constant INVALID = 0xffffffff;
    string private constant TYPES = string(
        abi.encodePacked(
            "Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,uint256 nonce,uint256 deadline)",
            TERMS
        )
    );

    KeysHarness private _keys;

    function setUp() public override {
        super.setUp();
        _keys = new KeysHarness();
        vm.deal(address(account), 0);
        eq(_precompile() ? 1 : 0, _expectsPrecompile() ? 1 : 0, "the path that this contract is about");
    }

    function _expectsPrecompile() internal pure virtual returns (bool);

    /// @dev A signature that is right: the precompile answers 1, nobody there answers nothing.
    function _precompile() private view returns (bool) {
        (bytes32 r, bytes32 s) = vm.signP256(PHONE, "digest");
        (uint256 x, uint256 y) = vm.publicKeyP256(PHONE);
        (bool success, bytes memory answer) = address(0x100).staticcall(abi.encode(bytes32("digest"), r, s, x, y));
        return success && answer.length == 32;
    }

    // Made with Python's `cryptography` as a browser makes it, and its higher s turned into the lower one.
    bytes private constant KEY =
        hex"151b43174cc3c4c49ea4afaae285d213753687de49d621b05f1882f769fcf34606258ad21d835213e524b290ae283e41afa30195806c05e21936da255b5e1e3b";
    bytes32 private constant DIGEST = 0x1b02ea4166dab05213b57d12a5df6126b646e5e06e9f7915924768f3d96f07f6;
    bytes private constant ASSERTION =
        hex"274c2d26c168244b8ea24d8b57245b62e5eb8104fed0211b903cf7d7b016bcee49f0cf446039cf9f0b67b127c707032441bc69a922ee2cb30aa7567e6652d7f50000000000000000000000000000000000000000000000000000000000000017000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000000000000000000000000000c00000000000000000000000000000000000000000000000000000000000000120000000000000000000000000000000000000000000000000000000000000002549960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97631d0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000867b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a2247774c71515762617346495474583053706439684a725a47356542756e336b566b6b646f38396c76425f59222c226f726967696e223a22687474703a2f2f6c6f63616c686f73743a38363030222c2263726f73734f726967696e223a66616c73657d0000000000000000000000000000000000000000000000000000";

    function test_aPasskeySigns() public view {
        yes(_keys.signed(KEY, DIGEST, ASSERTION), "signed");
        no(_keys.signed(KEY, ~DIGEST, ASSERTION), "another digest");
        no(_keys.signed(_passkey(PHONE), DIGEST, ASSERTION), "another key");
        for (uint256 i; i < ASSERTION.length; ++i) {
            bytes memory changed = ASSERTION;
            changed[i] = changed[i] ^ 0x20;
            // What only fills up a word says nothing, and neither do places beyond the words that are read.
            (bool success, bytes memory answer) =
                address(_keys).staticcall(abi.encodeCall(_keys.signed, (KEY, DIGEST, changed)));
            bool padding = (i > 260 && i < 288) || i > 453;
            yes(success && abi.decode(answer, (bool)) == padding, "every byte counts");
        }
    }

    // Of the two signatures that fit, one counts.
    function test_RevertWhen_sIsTheHigherOne() public view {
        bytes memory changed = ASSERTION;
        bytes32 s;
        assembly {
            s := mload(add(changed, 64))
        }
        s = bytes32(P256.N - uint256(s));
        assembly {
            mstore(add(changed, 64), s)
        }
        no(_keys.signed(KEY, DIGEST, changed), "refused");
    }

    function test_thePersonWasThereAndVerified() public view {
        bytes memory key = _passkey(PHONE);
        yes(_keys.signed(key, DIGEST, _assertion(PHONE, DIGEST, 0x05, "webauthn.get")), "there and verified");
        yes(_keys.signed(key, DIGEST, _assertion(PHONE, DIGEST, 0x1d, "webauthn.get")), "copied elsewhere");
        no(_keys.signed(key, DIGEST, _assertion(PHONE, DIGEST, 0x01, "webauthn.get")), "not verified");
        no(_keys.signed(key, DIGEST, _assertion(PHONE, DIGEST, 0x04, "webauthn.get")), "not there");
        no(_keys.signed(key, DIGEST, _assertion(PHONE, DIGEST, 0x15, "webauthn.get")), "copied, and cannot be");
        no(_keys.signed(key, DIGEST, _assertion(PHONE, DIGEST, 0x05, "webauthn.create")), "making a passkey");
    }

    function test_aKeyIsWhatItWas() public view {
        eq(keccak256(_keys.copy(KEY)), keccak256(KEY), "passkey");
        eq(keccak256(_keys.copy(_walletKey(artist.wallet))), keccak256(_walletKey(artist.wallet)), "wallet");
        no(_keys.signed(abi.encode(uint256(0), uint256(0)), DIGEST, ASSERTION), "not on the curve");
    }

    /// `split` takes what `abi.decode` takes, and answers the same.
    function testFuzz_isSplitAsSolidityDoes(bytes memory input, uint256 first, uint256 second, bool wild) public view {
        if (!wild && input.length >= 64) {
            (first, second) = (first % (input.length + 40), second % (input.length + 40));
            assembly {
                mstore(add(input, 32), first)
                mstore(add(input, 64), second)
                // Short lengths, so that some fit.
                let place := add(add(input, 32), first)
                if lt(add(first, 32), mload(input)) { mstore(place, and(mload(place), 63)) }
            }
        }
        (bool success, bytes memory answer) = address(_keys).staticcall(abi.encodeCall(_keys.decoded, (input)));
        (bool whole, bytes memory key, bytes memory signature) = _keys.split(input);
        if (!success) {
            no(whole, "neither");
            return;
        }
        yes(whole, "both");
        (bytes memory expectedKey, bytes memory expected) = abi.decode(answer, (bytes, bytes));
        eq(keccak256(key), keccak256(expectedKey), "key");
        eq(keccak256(signature), keccak256(expected), "signature");
    }

    /// With the byte that is missing taken for zero, both parts would be the empty one at the beginning.
    function test_aPlaceThatIsCutShortIsNone() public view {
        for (uint256 length; length < 64; ++length) {
            (bool whole,,) = _keys.split(new bytes(length));
            no(whole, "shorter than two places");
        }
        (bool both,,) = _keys.split(new bytes(64));
        yes(both, "two places, both at the beginning");
    }

    // ERC-1271 by ERC-7739

    function _consentOf(address provider, bytes32 root) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(bytes(TYPES)),
                provider,
                root,
                3,
                trainingTerms,
                _wallet(provider),
                keccak256("origin"),
                5,
                UNTIL
            )
        );
    }

    function _sealed(uint256 secret, address of_, bytes32 contents) private view returns (bytes memory) {
        bytes32 separator = _separator("Kiseki DataRegistry", address(data));
        return _nested(
            _byPasskey(secret, _nestedDigest(of_, separator, contents, "Consent", TYPES)), separator, contents, TYPES
        );
    }

    function test_consentsToWhatItsKeySigned() public {
        bytes memory signature = _sealed(PHONE, address(account), _consentOf(address(account), "root"));
        vm.prank(studio.wallet);
        bytes32 id = data.commitFor(address(account), "root", 3, _spec(trainingTerms), Approval(5, UNTIL, signature));
        eq(data.registrantOf(id), address(account), "the account is the provider");
    }

    // The same key has two accounts: what it signs for one counts for no other, even for the same words.
    function test_RevertWhen_itIsForAnotherAccount() public {
        Account other = _account(_passkey(PHONE), 1);
        bytes32 contents = _consentOf(address(account), "root");
        bytes32 digest =
            keccak256(abi.encodePacked(hex"1901", _separator("Kiseki DataRegistry", address(data)), contents));
        bytes memory signature = _sealed(PHONE, address(account), contents);
        eq(account.isValidSignature(digest, signature), VALID, "this account");
        eq(other.isValidSignature(digest, signature), INVALID, "not that one");
        eq(account.isValidSignature(digest, _sealed(THIEF, address(account), contents)), INVALID, "nor another key");
        eq(account.isValidSignature(~digest, signature), INVALID, "nor another digest");
        eq(account.isValidSignature(digest, _byPasskey(PHONE, digest)), INVALID, "nor the bare digest");
        reverts(ISigned.Signed_WrongSignature.selector);
        data.commitFor(address(other), "root", 3, _spec(trainingTerms), Approval(5, UNTIL, signature));
    }

    function test_signsPlainMessagesInItsOwnName() public view {
        bytes32 message = keccak256("\x19Ethereum Signed Message:\n5hello");
        bytes32 digest = _digest(
            "Kiseki Account",
            address(account),
            keccak256(abi.encode(keccak256("PersonalSign(bytes prefixed)"), message))
        );
        eq(account.isValidSignature(message, _byPasskey(PHONE, digest)), VALID, "signed");
        eq(account.isValidSignature(message, _byPasskey(THIEF, digest)), INVALID, "by another");
        eq(account.isValidSignature(message, _byPasskey(PHONE, message)), INVALID, "not the bare message");
        eq(
            account.isValidSignature(0x7739773977397739773977397739773977397739773977397739773977397739, ""),
            bytes4(0x77390001),
            "ERC-7739 is told"
        );
    }

    /// Whatever is asked: an answer, and the right one.
    function testFuzz_nonsenseIsNoSignature(bytes32 digest, bytes calldata signature) public view {
        vm.assume(signature.length != 0);
        eq(account.isValidSignature(digest, signature), INVALID, "nonsense");
        eq(account.isValidSignature(digest, abi.encode(_passkey(PHONE), signature)), INVALID, "of a key");
        eq(account.isValidSignature(digest, abi.encode(signature, signature)), INVALID, "of none");
    }
}

contract AccountSignaturesTest is AccountSignatures {
    function _expectsPrecompile() internal pure override returns (bool) {
        return false;
    }
}

/// forge-config: default.evm_version = "osaka"
contract AccountSignaturesPrecompileTest is AccountSignatures {
    function _expectsPrecompile() internal pure override returns (bool) {
        return true;
    }
}
