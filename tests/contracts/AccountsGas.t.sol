// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approval} from "../../contracts/interfaces/ISigned.sol";
import {GuardianApproval} from "../../contracts/interfaces/IAccount.sol";
import {Call} from "../../contracts/types/Call.sol";
import {Keyring} from "./utils/Keyring.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What accounts cost, as whole transactions, written into `snapshots/accounts.json`.
abstract contract AccountsGas is Keyring {
    /// @dev With which P-256 the figure was measured.
    function _suffix() internal pure virtual returns (string memory);

    function setUp() public override {
        super.setUp();
        _collect(studio.wallet, 99, trainingTerms);
        vm.deal(address(account), 10 ether);
        Call[] memory none = new Call[](0);
        account.execute(none, 0, UNTIL, _byPasskey(PHONE, _executeDigest(address(account), none, 0, UNTIL)));
    }

    function _measure(string memory name, address to, bytes memory call_) internal {
        vm.prank(stranger.wallet);
        (bool success, bytes memory reason) = to.call(call_);
        if (!success) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
        vm.snapshotValue("accounts", string.concat(name, _suffix()), vm.lastCallGas().gasTotalUsed);
    }

    function _consent(address provider) private view returns (bytes memory) {
        string memory types = string.concat(
            "Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,uint256 nonce,uint256 deadline)",
            TERMS
        );
        bytes32 contents = keccak256(
            abi.encode(
                keccak256(bytes(types)),
                provider,
                bytes32("root"),
                3,
                trainingTerms,
                _wallet(provider),
                keccak256("origin"),
                0,
                UNTIL
            )
        );
        bytes32 separator = _separator("Kiseki DataRegistry", address(data));
        bytes memory signature = _byPasskey(PHONE, _nestedDigest(provider, separator, contents, "Consent", types));
        Approval memory approval = Approval(0, UNTIL, _nested(signature, separator, contents, types));
        return abi.encodeCall(data.commitFor, (provider, "root", 3, _spec(trainingTerms), approval));
    }

    function _operation(string memory name, Call[] memory calls) internal {
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 1, UNTIL));
        _measure(name, address(account), abi.encodeCall(account.execute, (calls, 1, UNTIL, signature)));
    }

    function test_createAndConsent() public {
        address provider = accounts.addressOf(_passkey(PHONE), 7);
        bytes memory call_ =
            abi.encodeCall(accounts.createAndCall, (_passkey(PHONE), 7, address(data), _consent(provider)));
        _measure("create and consent", address(accounts), call_);
    }

    function test_consent() public {
        _measure("consent", address(data), _consent(address(account)));
    }

    function test_executePasskey() public {
        _operation("execute ether", _one(artist.wallet, 1, ""));
    }
}

/// @notice With OpenZeppelin's own P-256, and what has nothing to do with it.
/// forge-config: default.isolate = true
contract AccountsGasTest is AccountsGas {
    function _suffix() internal pure override returns (string memory) {
        return ", without the precompile";
    }

    function _plain(string memory name, address to, bytes memory call_) private {
        vm.prank(stranger.wallet);
        (bool success,) = to.call(call_);
        yes(success, name);
        vm.snapshotValue("accounts", name, vm.lastCallGas().gasTotalUsed);
    }

    function test_create() public {
        _plain("create for a passkey", address(accounts), abi.encodeCall(accounts.create, (_passkey(PHONE), 7)));
        bytes memory key = _walletKey(artist.wallet);
        _plain("create for a wallet", address(accounts), abi.encodeCall(accounts.create, (key, 7)));
    }

    function test_executeWallet() public {
        account = _account(_walletKey(artist.wallet), 0);
        vm.deal(address(account), 10 ether);
        for (uint256 i; i < 2; ++i) {
            Call[] memory calls = _one(creator.wallet, 1, "");
            bytes memory signature = _byWallet(artist, _executeDigest(address(account), calls, i, UNTIL));
            string memory name = i == 0 ? "execute ether with a wallet, first" : "execute ether with a wallet";
            _plain(name, address(account), abi.encodeCall(account.execute, (calls, i, UNTIL, signature)));
        }
    }

    function test_receive() public {
        vm.deal(stranger.wallet, 1);
        vm.prank(stranger.wallet);
        (bool success,) = address(account).call{value: 1}("");
        yes(success, "received");
        vm.snapshotValue("accounts", "receive ether", vm.lastCallGas().gasTotalUsed);
    }

    function test_recovery() public {
        address[] memory guardians = new address[](2);
        (Actor memory low, Actor memory high) = studio.wallet < artist.wallet ? (studio, artist) : (artist, studio);
        (guardians[0], guardians[1]) = (low.wallet, high.wallet);
        _operation(
            "name two guardians",
            _one(address(account), 0, abi.encodeCall(account.setGuardians, (guardians, 2, 30 days)))
        );
        bytes memory key = _passkey(OTHER_PHONE);
        bytes32 digest = _recoveryDigest(address(account), key, 1, UNTIL);
        GuardianApproval[] memory two = new GuardianApproval[](2);
        (two[0], two[1]) = (_byGuardian(low, digest), _byGuardian(high, digest));
        _plain("start a recovery", address(account), abi.encodeCall(account.startRecovery, (key, 1, UNTIL, two)));
        vm.warp(START + 30 days);
        _plain("complete a recovery", address(account), abi.encodeCall(account.completeRecovery, ()));
    }
}

/// @notice With the precompile of EIP-7951.
/// forge-config: default.isolate = true
/// forge-config: default.evm_version = "osaka"
contract AccountsGasPrecompileTest is AccountsGas {
    function _suffix() internal pure override returns (string memory) {
        return ", with the precompile";
    }
}
