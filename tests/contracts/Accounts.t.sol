// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Account} from "../../contracts/Account.sol";
import {Accounts} from "../../contracts/Accounts.sol";
import {IAccounts} from "../../contracts/interfaces/IAccounts.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Keyring} from "./utils/Keyring.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Takes any call, and answers who called with what.
contract Answering {
    fallback(bytes calldata call_) external payable returns (bytes memory) {
        return abi.encode(msg.sender, call_);
    }
}

/// @notice Refuses without a word.
contract Silent {
    fallback() external payable {
        assembly {
            revert(0, 0)
        }
    }
}

/// @notice An account has one address, which is known before it is made, and whoever makes it has no part in it.
contract AccountsTest is Keyring {
    string private constant TYPES = string(
        abi.encodePacked(
            "Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,uint256 nonce,uint256 deadline)",
            TERMS
        )
    );

    /// @dev The consent of an account, by the phone.
    function _consentOf(address provider, uint256 nonce) private view returns (Approval memory) {
        bytes32 contents = keccak256(
            abi.encode(
                keccak256(bytes(TYPES)),
                provider,
                bytes32("root"),
                3,
                trainingTerms,
                _wallet(provider),
                keccak256("origin"),
                nonce,
                UNTIL
            )
        );
        bytes32 separator = _separator("Kiseki DataRegistry", address(data));
        bytes memory signature = _byPasskey(PHONE, _nestedDigest(provider, separator, contents, "Consent", TYPES));
        return Approval(nonce, UNTIL, _nested(signature, separator, contents, TYPES));
    }

    // The address is that of ERC-1167 code with the key behind it, made by CREATE2 with the number.
    function testFuzz_theAddressIsKnownBefore(uint256 number, address wallet, bool passkey) public {
        vm.assume(wallet != address(0));
        bytes memory key = passkey ? _passkey(OTHER_PHONE) : _walletKey(wallet);
        address code = vm.deployCode("Account.sol");
        Accounts factory = Accounts(vm.deployCode("Accounts.sol", abi.encode(code)));
        bytes32 creation = keccak256(
            abi.encodePacked(
                hex"61",
                uint16(45 + key.length),
                hex"3d81600a3d39f3363d3d373d3d3d363d73",
                code,
                hex"5af43d82803e903d91602b57fd5bf3",
                key
            )
        );
        address expected =
            address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), factory, number, creation)))));
        eq(factory.addressOf(key, number), expected, "before");
        vm.expectEmit(address(factory));
        emit IAccounts.AccountCreated(expected, key, number);
        eq(factory.create(key, number), expected, "made there");
        eq(factory.addressOf(key, number), expected, "and after");
        bytes[] memory keys = Account(payable(expected)).keys();
        eq(keys.length, 1, "one key");
        eq(keccak256(keys[0]), keccak256(key), "this one");
    }

    function test_makingItAgainDoesNothing() public {
        _itself(abi.encodeCall(account.addKey, (_passkey(OTHER_PHONE))));
        vm.recordLogs();
        vm.prank(stranger.wallet);
        eq(accounts.create(_passkey(PHONE), 0), address(account), "the same");
        eq(vm.getRecordedLogs().length, 0, "nothing is said twice");
        eq(account.keys().length, 2, "and nothing changed");
        yes(accounts.create(_passkey(PHONE), 1) != address(account), "another number, another account");
    }

    function test_RevertWhen_itIsNoKey() public {
        bytes[3] memory wrong = [bytes("key"), abi.encode(uint256(1), uint256(1)), _walletKey(address(0))];
        for (uint256 i; i < 3; ++i) {
            bytes memory reason = abi.encodeWithSelector(IAccounts.Accounts_NotAKey.selector, wrong[i]);
            reverts(reason);
            accounts.addressOf(wrong[i], 0);
            reverts(reason);
            accounts.create(wrong[i], 0);
            reverts(reason);
            accounts.createAndCall(wrong[i], 0, address(data), "");
        }
    }

    // Promise 1 for who has no wallet: account and consent in one transaction, sent by anybody.
    function test_oneTransactionMakesTheAccountAndBringsItsConsent() public {
        address provider = accounts.addressOf(_passkey(PHONE), 7);
        Approval memory approval = _consentOf(provider, 5);
        bytes memory call_ = abi.encodeCall(data.commitFor, (provider, "root", 3, _spec(trainingTerms), approval));
        vm.prank(studio.wallet);
        (address made, bytes memory result) = accounts.createAndCall(_passkey(PHONE), 7, address(data), call_);
        eq(made, provider, "the account");
        eq(data.registrantOf(abi.decode(result, (bytes32))), provider, "is the provider");
        yes(data.isNonceUsed(provider, 5), "by its signature");
    }

    // Who makes the account a block earlier harms nobody.
    function test_goesOnWhereSomebodyElseMadeTheAccount() public {
        address provider = accounts.addressOf(_passkey(PHONE), 7);
        Approval memory approval = _consentOf(provider, 5);
        vm.prank(stranger.wallet);
        accounts.create(_passkey(PHONE), 7);
        bytes memory call_ = abi.encodeCall(data.commitFor, (provider, "root", 3, _spec(trainingTerms), approval));
        (, bytes memory result) = accounts.createAndCall(_passkey(PHONE), 7, address(data), call_);
        eq(data.registrantOf(abi.decode(result, (bytes32))), provider, "registered");
    }

    // What the call reverts with is what comes out, and the account is not made either.
    function test_RevertWhen_theCallFails() public {
        address provider = accounts.addressOf(_passkey(PHONE), 7);
        Approval memory approval = _consentOf(provider, 5);
        approval.nonce = 6;
        bytes memory call_ = abi.encodeCall(data.commitFor, (provider, "root", 3, _spec(trainingTerms), approval));
        reverts(ISigned.Signed_WrongSignature.selector);
        accounts.createAndCall(_passkey(PHONE), 7, address(data), call_);
        eq(provider.code.length, 0, "not made");
        address silent = address(new Silent());
        reverts(abi.encodeWithSelector(IAccounts.Accounts_CallFailed.selector, silent));
        accounts.createAndCall(_passkey(PHONE), 7, silent, "");
        reverts(abi.encodeWithSelector(IAccounts.Accounts_NoContract.selector, stranger.wallet));
        accounts.createAndCall(_passkey(PHONE), 7, stranger.wallet, "");
    }

    // The call comes from the factory, which nobody gives a right: an account does not know it.
    function test_theCallIsNotTheAccounts() public {
        Answering target = new Answering();
        (, bytes memory result) = accounts.createAndCall(_passkey(PHONE), 7, address(target), "a call");
        (address caller, bytes memory told) = abi.decode(result, (address, bytes));
        eq(caller, address(accounts), "the factory's");
        eq(keccak256(told), keccak256("a call"), "as it is");
        bytes memory call_ = abi.encodeCall(account.addKey, (_passkey(THIEF)));
        reverts(abi.encodeWithSignature("Account_NotItself(address)", address(accounts)));
        accounts.createAndCall(_passkey(PHONE), 0, address(account), call_);
    }

    // Ether could only be left lying here for the next caller.
    function test_RevertWhen_etherComesAlong() public {
        vm.deal(buyer.wallet, 2);
        vm.startPrank(buyer.wallet);
        (bool success,) = address(accounts).call{value: 1}(
            abi.encodeCall(accounts.createAndCall, (_passkey(PHONE), 7, address(new Answering()), ""))
        );
        no(success, "with a call");
        (success,) = address(accounts).call{value: 1}("");
        no(success, "or without");
        vm.stopPrank();
    }

    // Money that arrived before the account was made is the account's.
    function test_whatWasSentBeforeIsThere() public {
        address made = accounts.addressOf(_passkey(PHONE), 7);
        vm.deal(made, 5);
        account = _account(_passkey(PHONE), 7);
        _execute(PHONE, _one(artist.wallet, 5, ""));
        eq(artist.wallet.balance, 5, "moved");
    }
}
