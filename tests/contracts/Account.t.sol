// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Account} from "../../contracts/Account.sol";
import {IAccount} from "../../contracts/interfaces/IAccount.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
import {Call} from "../../contracts/types/Call.sol";
import {Keyring} from "./utils/Keyring.sol";
import {Burning, ContractWallet, Reentering, Rejecting} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Promise 4 for who has no wallet: nothing but a signature of a key moves money or changes keys.
contract AccountTest is Keyring {
    function _hasKey(bytes memory key) private view returns (bool) {
        bytes[] memory all = account.keys();
        for (uint256 i; i < all.length; ++i) {
            if (keccak256(all[i]) == keccak256(key)) return true;
        }
        return false;
    }

    // Acting

    function test_aSignatureMovesMoneyWhoeverSendsIt() public {
        vm.deal(address(account), 5 ether);
        token.mint(address(account), 70);
        Call[] memory calls = new Call[](3);
        calls[0] = Call(artist.wallet, 2 ether, "");
        calls[1] = Call(address(token), 0, abi.encodeCall(token.transfer, (artist.wallet, 70)));
        calls[2] = Call(studio.wallet, 3 ether, "");
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        vm.expectEmit(address(account));
        emit IAccount.Executed(3, _passkey(PHONE));
        vm.prank(stranger.wallet);
        account.execute(calls, 3, UNTIL, signature);
        eq(artist.wallet.balance, 2 ether, "ether");
        eq(token.balanceOf(artist.wallet), 70, "tokens");
        eq(studio.wallet.balance, 3 ether, "in order");
        yes(account.isNonceUsed(3), "spent");
        no(account.isNonceUsed(2), "no order");
    }

    function test_RevertWhen_theNonceWasUsed() public {
        vm.deal(address(account), 2);
        Call[] memory calls = _one(artist.wallet, 1, "");
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        account.execute(calls, 3, UNTIL, signature);
        reverts(abi.encodeWithSelector(IAccount.Account_NonceUsed.selector, 3));
        account.execute(calls, 3, UNTIL, signature);
        eq(artist.wallet.balance, 1, "once");
    }

    // An empty list with its nonce is how an operation is cancelled.
    function test_anEmptyOperationUsesUpItsNonce() public {
        Call[] memory none = new Call[](0);
        account.execute(none, 3, UNTIL, _byPasskey(PHONE, _executeDigest(address(account), none, 3, UNTIL)));
        Call[] memory calls = _one(artist.wallet, 0, "");
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        reverts(abi.encodeWithSelector(IAccount.Account_NonceUsed.selector, 3));
        account.execute(calls, 3, UNTIL, signature);
    }

    function test_RevertWhen_late() public {
        Call[] memory calls = _one(artist.wallet, 0, "");
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        vm.warp(UNTIL + 1);
        reverts(abi.encodeWithSelector(IAccount.Account_Expired.selector, UNTIL));
        account.execute(calls, 3, UNTIL, signature);
        vm.warp(UNTIL);
        account.execute(calls, 3, UNTIL, signature);
    }

    // Every value that is signed counts: calls, their order, nonce, deadline, account and chain.
    function test_RevertWhen_anythingElseWasSigned() public {
        vm.deal(address(account), 10);
        Call[] memory calls = new Call[](2);
        (calls[0], calls[1]) = (Call(artist.wallet, 1, ""), Call(studio.wallet, 2, ""));
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        _refused(calls, 4, UNTIL, signature);
        _refused(calls, 3, UNTIL + 1, signature);
        calls[0].value = 2;
        _refused(calls, 3, UNTIL, signature);
        calls[0].value = 1;
        calls[0].to = stranger.wallet;
        _refused(calls, 3, UNTIL, signature);
        calls[0].to = artist.wallet;
        calls[1].data = "x";
        _refused(calls, 3, UNTIL, signature);
        calls[1].data = "";
        (calls[0], calls[1]) = (calls[1], calls[0]);
        _refused(calls, 3, UNTIL, signature);
        (calls[0], calls[1]) = (calls[1], calls[0]);
        Account other = _account(_passkey(PHONE), 1);
        bytes32 digest = _executeDigest(address(other), calls, 3, UNTIL);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongSignature.selector, digest));
        other.execute(calls, 3, UNTIL, signature);
        vm.chainId(5);
        _refused(calls, 3, UNTIL, signature);
        vm.chainId(31337);
        no(account.isNonceUsed(3), "a refusal spends nothing");
        account.execute(calls, 3, UNTIL, signature);
    }

    function _refused(Call[] memory calls, uint256 nonce, uint256 deadline, bytes memory signature) private {
        bytes32 digest = _executeDigest(address(account), calls, nonce, deadline);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongSignature.selector, digest));
        account.execute(calls, nonce, deadline, signature);
    }

    function test_RevertWhen_somebodyElseSigned() public {
        Call[] memory calls = _one(artist.wallet, 0, "");
        bytes32 digest = _executeDigest(address(account), calls, 3, UNTIL);
        _refused(calls, 3, UNTIL, _byPasskey(THIEF, digest));
        _refused(calls, 3, UNTIL, _byWallet(stranger, digest));
        _refused(calls, 3, UNTIL, abi.encode(_passkey(PHONE), _assertion(THIEF, digest, 0x1d, "webauthn.get")));
        _refused(calls, 3, UNTIL, abi.encode(abi.encodePacked(address(0)), _sign(stranger, digest)));
        _refused(calls, 3, UNTIL, abi.encode(abi.encodePacked(address(0)), ""));
    }

    // All or nothing, and what went wrong is told with its place.
    function test_RevertWhen_oneCallFails() public {
        vm.deal(address(account), 3);
        Call[] memory calls = new Call[](2);
        calls[0] = Call(artist.wallet, 1, "");
        calls[1] = Call(address(new Rejecting()), 1, "");
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        reverts(
            abi.encodeWithSelector(
                IAccount.Account_CallFailed.selector, 1, abi.encodeWithSignature("Error(string)", "no")
            )
        );
        account.execute(calls, 3, UNTIL, signature);
        eq(artist.wallet.balance, 0, "nothing");
        no(account.isNonceUsed(3), "so it can be tried again");
        calls[1] = Call(studio.wallet, 4, "");
        signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        reverts(abi.encodeWithSelector(IAccount.Account_CallFailed.selector, 1, ""));
        account.execute(calls, 3, UNTIL, signature);
    }

    // A call to a contract that is not there would look as if it had been made.
    function test_RevertWhen_nobodyReadsTheCall() public {
        Call[] memory calls = _one(artist.wallet, 0, abi.encodeCall(token.transfer, (artist.wallet, 1)));
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        reverts(abi.encodeWithSelector(IAccount.Account_NoContract.selector, 0, artist.wallet));
        account.execute(calls, 3, UNTIL, signature);
    }

    // Whoever is called during an operation cannot begin another one, even with a signature.
    function test_RevertWhen_anotherOperationBeginsInside() public {
        vm.deal(address(account), 3);
        Reentering inside = new Reentering();
        Call[] memory other = _one(stranger.wallet, 1, "");
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), other, 4, UNTIL));
        inside.set(address(account), abi.encodeCall(account.execute, (other, 4, UNTIL, signature)));
        _execute(PHONE, _one(address(inside), 1, ""));
        yes(inside.called(), "it tried");
        no(inside.succeeded(), "and failed");
        eq(bytes4(inside.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector, "by the lock");
        account.execute(other, 4, UNTIL, signature);
        eq(stranger.wallet.balance, 1, "afterwards it may");
    }

    function test_takesEtherAndTokensOfEveryKind() public {
        vm.deal(buyer.wallet, 10);
        vm.prank(buyer.wallet);
        (bool success,) = address(account).call{value: 7}("");
        yes(success, "ether");
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), made.id, "document", 0), _noShare());
        vm.prank(artist.wallet);
        rights.safeTransferFrom(artist.wallet, address(account), tokenId);
        eq(rights.ownerOf(tokenId), address(account), "ERC-721");
        eq(account.onERC1155Received(address(0), address(0), 0, 0, ""), account.onERC1155Received.selector, "ERC-1155");
        yes(account.supportsInterface(0x4e2312e0), "and says so (ERC-165)");
        _execute(
            PHONE,
            _one(
                address(rights),
                0,
                abi.encodeWithSignature(
                    "transferFrom(address,address,uint256)", address(account), studio.wallet, tokenId
                )
            )
        );
        eq(rights.ownerOf(tokenId), studio.wallet, "and gives away");
    }

    // Nothing is paid along: the account's own ether is what moves.
    function test_RevertWhen_etherComesWithTheOperation() public {
        Call[] memory none = new Call[](0);
        bytes memory signature = _byPasskey(PHONE, _executeDigest(address(account), none, 3, UNTIL));
        vm.deal(buyer.wallet, 1);
        vm.prank(buyer.wallet);
        (bool success,) = address(account).call{value: 1}(abi.encodeCall(account.execute, (none, 3, UNTIL, signature)));
        no(success, "refused");
    }

    // Keys

    function test_isTheFirstKeys() public view {
        bytes[] memory all = account.keys();
        eq(all.length, 1, "one");
        eq(keccak256(all[0]), keccak256(_passkey(PHONE)), "the phone");
    }

    function test_eachKeyAloneSigns() public {
        vm.expectEmit(address(account));
        emit IAccount.KeyAdded(_walletKey(artist.wallet));
        _itself(abi.encodeCall(account.addKey, (_walletKey(artist.wallet))));
        _itself(abi.encodeCall(account.addKey, (_passkey(OTHER_PHONE))));
        eq(account.keys().length, 3, "three");
        yes(_hasKey(_passkey(PHONE)) && _hasKey(_walletKey(artist.wallet)) && _hasKey(_passkey(OTHER_PHONE)), "these");
        vm.deal(address(account), 2);
        Call[] memory calls = _one(studio.wallet, 1, "");
        bytes32 digest = _executeDigest(address(account), calls, 7, UNTIL);
        vm.expectEmit(address(account));
        emit IAccount.Executed(7, _walletKey(artist.wallet));
        account.execute(calls, 7, UNTIL, _byWallet(artist, digest));
        _execute(OTHER_PHONE, calls);
        eq(studio.wallet.balance, 2, "each");
    }

    // A point of the curve and its mirror image share a coordinate.
    function test_thePasskeyOnTheOtherSideIsAnotherKey() public {
        uint256 mirrored = P256.N - PHONE;
        _refused(
            new Call[](0), 3, UNTIL, _byPasskey(mirrored, _executeDigest(address(account), new Call[](0), 3, UNTIL))
        );
        _itself(abi.encodeCall(account.addKey, (_passkey(mirrored))));
        eq(account.keys().length, 2, "two");
        _execute(mirrored, new Call[](0));
        _itself(abi.encodeCall(account.removeKey, (_passkey(mirrored))));
        eq(account.keys().length, 1, "one is left");
        yes(_hasKey(_passkey(PHONE)), "and not the other");
    }

    function test_aKeyThatIsRemovedSignsNoMore() public {
        _itself(abi.encodeCall(account.addKey, (_walletKey(artist.wallet))));
        _itself(abi.encodeCall(account.addKey, (_passkey(OTHER_PHONE))));
        _itself(abi.encodeCall(account.addKey, (_walletKey(studio.wallet))));
        vm.expectEmit(address(account));
        emit IAccount.KeyRemoved(_walletKey(artist.wallet));
        _itself(abi.encodeCall(account.removeKey, (_walletKey(artist.wallet))));
        Call[] memory none = new Call[](0);
        bytes32 digest = _executeDigest(address(account), none, 3, UNTIL);
        _refused(none, 3, UNTIL, _byWallet(artist, digest));
        eq(account.keys().length, 3, "three are left");
        yes(_hasKey(_passkey(PHONE)) && _hasKey(_passkey(OTHER_PHONE)) && _hasKey(_walletKey(studio.wallet)), "these");
        _execute(OTHER_PHONE, _one(address(account), 0, abi.encodeCall(account.removeKey, (_passkey(PHONE)))));
        _refused(none, 3, UNTIL, _byPasskey(PHONE, digest));
        no(_hasKey(_passkey(PHONE)), "the first can go");
        _execute(OTHER_PHONE, _one(address(account), 0, abi.encodeCall(account.addKey, (_passkey(PHONE)))));
        account.execute(none, 3, UNTIL, _byPasskey(PHONE, digest));
        yes(_hasKey(_passkey(PHONE)), "and come back, and what it signed counts again");
        eq(account.keys().length, 3, "once");
    }

    function test_RevertWhen_theLastKeyWouldGo() public {
        _itselfReverts(
            abi.encodeWithSelector(IAccount.Account_LastKey.selector, _passkey(PHONE)),
            abi.encodeCall(account.removeKey, (_passkey(PHONE)))
        );
        _itself(abi.encodeCall(account.addKey, (_passkey(OTHER_PHONE))));
        _itself(abi.encodeCall(account.removeKey, (_passkey(PHONE))));
        Call[] memory calls = _one(address(account), 0, abi.encodeCall(account.removeKey, (_passkey(OTHER_PHONE))));
        bytes memory signature = _byPasskey(OTHER_PHONE, _executeDigest(address(account), calls, 3, UNTIL));
        reverts(
            abi.encodeWithSelector(
                IAccount.Account_CallFailed.selector,
                0,
                abi.encodeWithSelector(IAccount.Account_LastKey.selector, _passkey(OTHER_PHONE))
            )
        );
        account.execute(calls, 3, UNTIL, signature);
    }

    function test_RevertWhen_itIsNoKey() public {
        bytes memory point = _passkey(OTHER_PHONE);
        point[63] = point[63] ^ 0x01;
        bytes[7] memory wrong = [
            point,
            bytes(""),
            abi.encodePacked(bytes19(uint152(1))),
            abi.encodePacked(artist.wallet, uint8(0)),
            abi.encodePacked(_passkey(OTHER_PHONE), uint8(0)),
            abi.encodePacked(address(0)),
            abi.encodePacked(address(account))
        ];
        for (uint256 i; i < wrong.length; ++i) {
            _itselfReverts(
                abi.encodeWithSelector(IAccount.Account_NotAKey.selector, wrong[i]),
                abi.encodeCall(account.addKey, (wrong[i]))
            );
            _itselfReverts(
                abi.encodeWithSelector(IAccount.Account_NoSuchKey.selector, wrong[i]),
                abi.encodeCall(account.removeKey, (wrong[i]))
            );
        }
    }

    function test_RevertWhen_theKeyIsThereOrTheyAreTooMany() public {
        _itselfReverts(
            abi.encodeWithSelector(IAccount.Account_KeyThere.selector, _passkey(PHONE)),
            abi.encodeCall(account.addKey, (_passkey(PHONE)))
        );
        for (uint160 i = 1; i < 16; ++i) {
            _itself(abi.encodeCall(account.addKey, (_walletKey(address(i + 1000)))));
        }
        _itselfReverts(
            abi.encodeWithSelector(IAccount.Account_KeyThere.selector, _walletKey(address(1015))),
            abi.encodeCall(account.addKey, (_walletKey(address(1015))))
        );
        _itselfReverts(
            abi.encodeWithSelector(IAccount.Account_TooManyKeys.selector, 16),
            abi.encodeCall(account.addKey, (_passkey(OTHER_PHONE)))
        );
        eq(account.keys().length, 16, "sixteen");
    }

    // Only the account itself: not its keys as senders, not the factory, nobody.
    function test_RevertWhen_anybodyElseChangesIt() public {
        _itself(abi.encodeCall(account.addKey, (_walletKey(artist.wallet))));
        address[3] memory senders = [stranger.wallet, artist.wallet, address(accounts)];
        for (uint256 i; i < senders.length; ++i) {
            vm.startPrank(senders[i]);
            bytes memory reason = abi.encodeWithSelector(IAccount.Account_NotItself.selector, senders[i]);
            reverts(reason);
            account.addKey(_passkey(THIEF));
            reverts(reason);
            account.removeKey(_passkey(PHONE));
            reverts(reason);
            account.setGuardians(new address[](0), 0, 0);
            reverts(reason);
            account.stopRecovery();
            vm.stopPrank();
        }
    }

    function test_aContractCanBeAKey() public {
        ContractWallet wallet = new ContractWallet(artist.wallet);
        _itself(abi.encodeCall(account.addKey, (_walletKey(address(wallet)))));
        Call[] memory none = new Call[](0);
        bytes32 digest = _executeDigest(address(account), none, 3, UNTIL);
        _refused(none, 3, UNTIL, abi.encode(_walletKey(address(wallet)), _sign(stranger, digest)));
        account.execute(none, 3, UNTIL, abi.encode(_walletKey(address(wallet)), _sign(artist, digest)));
    }

    // An EIP-7702 wallet has code, and still signs with its key.
    function test_aWalletWithCodeSignsAsBefore() public {
        _itself(abi.encodeCall(account.addKey, (_walletKey(artist.wallet))));
        vm.etch(artist.wallet, address(new Burning()).code);
        Call[] memory none = new Call[](0);
        account.execute(none, 3, UNTIL, _byWallet(artist, _executeDigest(address(account), none, 3, UNTIL)));
    }

    // The code that accounts share belongs to nobody.
    function test_theCodeItselfIsNoAccount() public {
        Account code = Account(payable(vm.deployCode("Account.sol")));
        eq(code.keys().length, 0, "no keys");
        Call[] memory calls = _one(address(code), 0, abi.encodeCall(code.addKey, (_passkey(THIEF))));
        bytes32 digest = _executeDigest(address(code), calls, 0, UNTIL);
        bytes memory signature = _byPasskey(THIEF, digest);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongSignature.selector, digest));
        code.execute(calls, 0, UNTIL, signature);
        vm.deal(buyer.wallet, 1);
        vm.prank(buyer.wallet);
        (bool success, bytes memory reason) = address(code).call{value: 1}("");
        no(success, "takes no ether");
        eq(bytes4(reason), IAccount.Account_OnlyCode.selector, "and says why");
    }

    // Whatever order keys are added and removed in: the set is what was said, and never empty.
    /// forge-config: default.fuzz.runs = 64
    /// forge-config: long.fuzz.runs = 2000
    function testFuzz_theKeysAreWhatWasSaid(uint256 seed) public {
        uint256[4] memory secrets = [PHONE, OTHER_PHONE, THIEF, uint256(77)];
        bool[4] memory there = [true, false, false, false];
        uint256 count = 1;
        for (uint256 i; i < 12; ++i) {
            uint256 which = uint256(keccak256(abi.encode(seed, i))) % 4;
            bytes memory key = _passkey(secrets[which]);
            uint256 by;
            while (!there[by]) ++by;
            bool last = there[which] && count == 1;
            Call[] memory calls = _one(
                address(account),
                0,
                there[which] ? abi.encodeCall(account.removeKey, (key)) : abi.encodeCall(account.addKey, (key))
            );
            bytes memory signature = _byPasskey(secrets[by], _executeDigest(address(account), calls, i, UNTIL));
            if (last) {
                reverts(
                    abi.encodeWithSelector(
                        IAccount.Account_CallFailed.selector,
                        0,
                        abi.encodeWithSelector(IAccount.Account_LastKey.selector, key)
                    )
                );
            } else {
                count = there[which] ? count - 1 : count + 1;
                there[which] = !there[which];
            }
            account.execute(calls, i, UNTIL, signature);
            eq(account.keys().length, count, "as many");
            for (uint256 j; j < 4; ++j) {
                yes(_hasKey(_passkey(secrets[j])) == there[j], "each");
            }
        }
    }
}
