// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Account} from "../../contracts/Account.sol";
import {GuardianApproval, IAccount} from "../../contracts/interfaces/IAccount.sol";
import {Call} from "../../contracts/types/Call.sol";
import {Keyring} from "./utils/Keyring.sol";
import {ContractWallet, Reentering} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Guardians give a new key to who lost theirs, and nobody's account to anybody else in a hurry.
contract AccountRecoveryTest is Keyring {
    uint256 private constant WAIT = 45 days;

    /// Ascending by address.
    Actor[] private _people;

    function setUp() public override {
        super.setUp();
        Actor[3] memory three = [studio, developer, creator];
        for (uint256 i; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (three[j].wallet < three[i].wallet) (three[i], three[j]) = (three[j], three[i]);
            }
            _people.push(three[i]);
        }
        _itself(abi.encodeCall(account.setGuardians, (_guardians(), 2, WAIT)));
    }

    function _guardians() private view returns (address[] memory all) {
        all = new address[](_people.length);
        for (uint256 i; i < all.length; ++i) {
            all[i] = _people[i].wallet;
        }
    }

    /// @dev Of the first and the last guardian.
    function _approvals(bytes memory key, uint256 round) private view returns (GuardianApproval[] memory two) {
        bytes32 digest = _recoveryDigest(address(account), key, round, UNTIL);
        two = new GuardianApproval[](2);
        (two[0], two[1]) = (_byGuardian(_people[0], digest), _byGuardian(_people[2], digest));
    }

    function _start(uint256 round) private {
        GuardianApproval[] memory approvals = _approvals(_passkey(OTHER_PHONE), round);
        vm.prank(stranger.wallet);
        account.startRecovery(_passkey(OTHER_PHONE), round, UNTIL, approvals);
    }

    function _open() private view returns (bool) {
        (bytes memory key, uint256 from,) = account.recovery();
        yes((key.length == 0) == (from == 0), "both or none");
        return from != 0;
    }

    function _round() private view returns (uint256 round) {
        (,, round) = account.recovery();
    }

    // Guardians

    function test_guardiansAreNamedByTheAccount() public {
        address[] memory one = new address[](1);
        one[0] = artist.wallet;
        vm.expectEmit(address(account));
        emit IAccount.GuardiansSet(one, 1, 30 days);
        _itself(abi.encodeCall(account.setGuardians, (one, 1, 30 days)));
        (address[] memory all, uint256 threshold, uint256 wait) = account.guardians();
        eq(all.length, 1, "one");
        eq(all[0], artist.wallet, "this");
        eq(threshold, 1, "threshold");
        eq(wait, 30 days, "wait");
        _itself(abi.encodeCall(account.setGuardians, (new address[](0), 0, 0)));
        (all, threshold, wait) = account.guardians();
        eq(all.length + threshold + wait, 0, "none");
        _itself(abi.encodeCall(account.setGuardians, (_guardians(), 3, 1825 days)));
        (all, threshold, wait) = account.guardians();
        eq(all.length, 3, "three again");
        eq(wait, 1825 days, "five years");
    }

    function _refuses(bytes memory reason, address[] memory all, uint256 threshold, uint256 wait) private {
        _itselfReverts(reason, abi.encodeCall(account.setGuardians, (all, threshold, wait)));
    }

    function test_RevertWhen_theGuardiansCannotBe() public {
        address[] memory all = _guardians();
        address[] memory none = new address[](0);
        bytes4 wrong = IAccount.Account_Threshold.selector;
        _refuses(abi.encodeWithSelector(wrong, 0, 3), all, 0, WAIT);
        _refuses(abi.encodeWithSelector(wrong, 4, 3), all, 4, WAIT);
        _refuses(abi.encodeWithSelector(wrong, 257, 3), all, 257, WAIT);
        _refuses(abi.encodeWithSelector(wrong, 1, 0), none, 1, WAIT);
        _refuses(abi.encodeWithSelector(wrong, 2, 17), _many(17), 2, WAIT);
        wrong = IAccount.Account_Wait.selector;
        _refuses(abi.encodeWithSelector(wrong, 30 days - 1), all, 2, 30 days - 1);
        _refuses(abi.encodeWithSelector(wrong, 1825 days + 1), all, 2, 1825 days + 1);
        _refuses(abi.encodeWithSelector(wrong, 0), all, 2, 0);
        _refuses(abi.encodeWithSelector(wrong, WAIT), none, 0, WAIT);
        wrong = IAccount.Account_GuardiansNotAscending.selector;
        all[2] = all[1];
        _refuses(abi.encodeWithSelector(wrong, all[1]), all, 2, WAIT);
        all[1] = all[0];
        _refuses(abi.encodeWithSelector(wrong, all[0]), all, 2, WAIT);
        all[0] = address(0);
        _refuses(abi.encodeWithSelector(wrong, address(0)), all, 2, WAIT);
        all = new address[](1);
        all[0] = address(account);
        _refuses(abi.encodeWithSelector(IAccount.Account_OwnGuardian.selector), all, 1, WAIT);
        _itself(abi.encodeCall(account.setGuardians, (_many(16), 16, WAIT)));
    }

    function _many(uint256 count) private pure returns (address[] memory all) {
        all = new address[](count);
        for (uint256 i; i < count; ++i) {
            all[i] = address(uint160(i + 1000));
        }
    }

    // Recovery

    function test_enoughGuardiansGiveTheAccountANewKey() public {
        _itself(abi.encodeCall(account.addKey, (_walletKey(artist.wallet))));
        eq(_round(), 1, "naming guardians was one");
        GuardianApproval[] memory approvals = _approvals(_passkey(OTHER_PHONE), 1);
        vm.expectEmit(address(account));
        emit IAccount.RecoveryStarted(1, _passkey(OTHER_PHONE), START + WAIT);
        vm.prank(stranger.wallet);
        account.startRecovery(_passkey(OTHER_PHONE), 1, UNTIL, approvals);
        (bytes memory key, uint256 from, uint256 round) = account.recovery();
        eq(keccak256(key), keccak256(_passkey(OTHER_PHONE)), "the new key");
        eq(from, START + WAIT, "from");
        eq(round, 2, "round");
        vm.warp(START + WAIT);
        vm.expectEmit(address(account));
        emit IAccount.RecoveryCompleted(_passkey(OTHER_PHONE));
        vm.prank(stranger.wallet);
        account.completeRecovery();
        eq(account.keys().length, 1, "all others are gone");
        eq(keccak256(account.keys()[0]), keccak256(_passkey(OTHER_PHONE)), "and this is there");
        (address[] memory all,,) = account.guardians();
        eq(all.length, 3, "guardians stay");
        no(_open(), "over");
        Call[] memory none = new Call[](0);
        uint256 later = START + WAIT + 1;
        bytes32 digest = _executeDigest(address(account), none, 7, later);
        bytes memory old = _byPasskey(PHONE, digest);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongSignature.selector, digest));
        account.execute(none, 7, later, old);
        old = _byWallet(artist, digest);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongSignature.selector, digest));
        account.execute(none, 7, later, old);
        account.execute(none, 7, later, _byPasskey(OTHER_PHONE, digest));
        reverts(IAccount.Account_NoRecovery.selector);
        account.completeRecovery();
    }

    function test_aWalletCanBeTheNewKeyAndAllCanApprove() public {
        bytes memory key = _walletKey(buyer.wallet);
        GuardianApproval[] memory three = new GuardianApproval[](3);
        bytes32 digest = _recoveryDigest(address(account), key, 1, UNTIL);
        for (uint256 i; i < 3; ++i) {
            three[i] = _byGuardian(_people[i], digest);
        }
        account.startRecovery(key, 1, UNTIL, three);
        (bytes memory named,,) = account.recovery();
        eq(keccak256(named), keccak256(key), "named");
        vm.warp(START + WAIT);
        account.completeRecovery();
        eq(keccak256(account.keys()[0]), keccak256(key), "the wallet");
    }

    // A key that was there before can stay, and the first key too.
    function test_anOldKeyCanBeTheNewOne() public {
        _itself(abi.encodeCall(account.addKey, (_walletKey(artist.wallet))));
        account.startRecovery(_passkey(PHONE), 1, UNTIL, _approvals(_passkey(PHONE), 1));
        vm.warp(START + WAIT);
        account.completeRecovery();
        eq(account.keys().length, 1, "once");
        eq(keccak256(account.keys()[0]), keccak256(_passkey(PHONE)), "the phone");
    }

    function test_RevertWhen_itIsTooEarly() public {
        reverts(IAccount.Account_NoRecovery.selector);
        account.completeRecovery();
        _start(1);
        vm.warp(START + WAIT - 1);
        reverts(abi.encodeWithSelector(IAccount.Account_RecoveryWaits.selector, START + WAIT));
        account.completeRecovery();
    }

    // The owner acts as always while the time runs, and stops it at its last moment.
    function test_anyKeyStopsIt() public {
        _itself(abi.encodeCall(account.addKey, (_walletKey(artist.wallet))));
        _start(1);
        vm.warp(START + WAIT + 5 days);
        Call[] memory calls = _one(address(account), 0, abi.encodeCall(account.stopRecovery, ()));
        uint256 until = block.timestamp;
        bytes memory signature = _byWallet(artist, _executeDigest(address(account), calls, 9, until));
        vm.expectEmit(address(account));
        emit IAccount.RecoveryStopped(2);
        account.execute(calls, 9, until, signature);
        no(_open(), "stopped");
        reverts(IAccount.Account_NoRecovery.selector);
        account.completeRecovery();
        eq(account.keys().length, 2, "both keys are there");
    }

    // An approval counts once: not again after a stop, and not after one that was never used.
    function test_RevertWhen_approvalsAreOfAnotherRound() public {
        GuardianApproval[] memory early = _approvals(_passkey(OTHER_PHONE), 2);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongRound.selector, 2, 1));
        account.startRecovery(_passkey(OTHER_PHONE), 2, UNTIL, early);
        GuardianApproval[] memory first = _approvals(_passkey(OTHER_PHONE), 1);
        _start(1);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongRound.selector, 1, 2));
        account.startRecovery(_passkey(OTHER_PHONE), 1, UNTIL, first);
        _itself(abi.encodeCall(account.stopRecovery, ()));
        reverts(abi.encodeWithSelector(IAccount.Account_WrongRound.selector, 2, 3));
        account.startRecovery(_passkey(OTHER_PHONE), 2, UNTIL, early);
        // Signed for round 1, said to be for round 3.
        bytes32 digest = _recoveryDigest(address(account), _passkey(OTHER_PHONE), 3, UNTIL);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongApproval.selector, _people[0].wallet, digest));
        account.startRecovery(_passkey(OTHER_PHONE), 3, UNTIL, first);
        // Who hears of approvals ends them before they are used.
        GuardianApproval[] memory unused = _approvals(_passkey(OTHER_PHONE), 3);
        vm.expectEmit(address(account));
        emit IAccount.RecoveryStopped(3);
        _itself(abi.encodeCall(account.stopRecovery, ()));
        reverts(abi.encodeWithSelector(IAccount.Account_WrongRound.selector, 3, 4));
        account.startRecovery(_passkey(OTHER_PHONE), 3, UNTIL, unused);
    }

    // New guardians end what old ones began, and what they signed.
    function test_newGuardiansEndARecovery() public {
        GuardianApproval[] memory unused = _approvals(_passkey(THIEF), 2);
        _start(1);
        vm.expectEmit(address(account));
        emit IAccount.RecoveryStopped(2);
        _itself(abi.encodeCall(account.setGuardians, (_guardians(), 2, WAIT)));
        no(_open(), "ended");
        reverts(abi.encodeWithSelector(IAccount.Account_WrongRound.selector, 2, 3));
        account.startRecovery(_passkey(THIEF), 2, UNTIL, unused);
        unused = _approvals(_passkey(THIEF), 3);
        _itself(abi.encodeCall(account.setGuardians, (_guardians(), 2, WAIT)));
        reverts(abi.encodeWithSelector(IAccount.Account_WrongRound.selector, 3, 4));
        account.startRecovery(_passkey(THIEF), 3, UNTIL, unused);
    }

    // A second start takes the place of the first, and its time begins anew.
    function test_guardiansCorrectTheirKey() public {
        _start(1);
        vm.warp(START + 12 hours);
        bytes memory key = _walletKey(artist.wallet);
        account.startRecovery(key, 2, UNTIL, _approvals(key, 2));
        vm.warp(START + WAIT);
        reverts(abi.encodeWithSelector(IAccount.Account_RecoveryWaits.selector, START + 12 hours + WAIT));
        account.completeRecovery();
        vm.warp(START + WAIT + 12 hours);
        account.completeRecovery();
        eq(keccak256(account.keys()[0]), keccak256(key), "the second");
    }

    function test_RevertWhen_approvalsDoNotSuffice() public {
        bytes memory key = _passkey(OTHER_PHONE);
        bytes32 digest = _recoveryDigest(address(account), key, 1, UNTIL);
        GuardianApproval[] memory one = new GuardianApproval[](1);
        one[0] = _byGuardian(_people[1], digest);
        reverts(abi.encodeWithSelector(IAccount.Account_TooFewApprovals.selector, 1, 2));
        account.startRecovery(key, 1, UNTIL, one);
        GuardianApproval[] memory two = new GuardianApproval[](2);
        (two[0], two[1]) = (one[0], one[0]);
        reverts(abi.encodeWithSelector(IAccount.Account_NotAGuardian.selector, _people[1].wallet));
        account.startRecovery(key, 1, UNTIL, two);
        two[1] = _byGuardian(_people[0], digest);
        reverts(abi.encodeWithSelector(IAccount.Account_NotAGuardian.selector, _people[0].wallet));
        account.startRecovery(key, 1, UNTIL, two);
        two[1] = _byGuardian(stranger, digest);
        reverts(abi.encodeWithSelector(IAccount.Account_NotAGuardian.selector, stranger.wallet));
        account.startRecovery(key, 1, UNTIL, two);
        two[1] = GuardianApproval(_people[2].wallet, _sign(stranger, digest));
        reverts(abi.encodeWithSelector(IAccount.Account_WrongApproval.selector, _people[2].wallet, digest));
        account.startRecovery(key, 1, UNTIL, two);
        // A third that is wrong spoils it, though two would do.
        GuardianApproval[] memory three = new GuardianApproval[](3);
        for (uint256 i; i < 3; ++i) {
            three[i] = _byGuardian(_people[i], digest);
        }
        three[2].signature = _sign(stranger, digest);
        reverts(abi.encodeWithSelector(IAccount.Account_WrongApproval.selector, _people[2].wallet, digest));
        account.startRecovery(key, 1, UNTIL, three);
    }

    // What is signed names the key, the deadline, the account and the chain.
    function test_RevertWhen_anythingElseWasApproved() public {
        bytes memory key = _passkey(OTHER_PHONE);
        GuardianApproval[] memory two = _approvals(key, 1);
        bytes4 wrong = IAccount.Account_WrongApproval.selector;
        reverts(wrong);
        account.startRecovery(_passkey(THIEF), 1, UNTIL, two);
        reverts(wrong);
        account.startRecovery(key, 1, UNTIL + 1, two);
        Account other = _account(_passkey(PHONE), 1);
        Account first = account;
        account = other;
        _itself(abi.encodeCall(account.setGuardians, (_guardians(), 2, WAIT)));
        account = first;
        reverts(wrong);
        other.startRecovery(key, 1, UNTIL, two);
        vm.chainId(5);
        reverts(wrong);
        account.startRecovery(key, 1, UNTIL, two);
        vm.chainId(31337);
        vm.warp(UNTIL + 1);
        reverts(abi.encodeWithSelector(IAccount.Account_Expired.selector, UNTIL));
        account.startRecovery(key, 1, UNTIL, two);
        vm.warp(UNTIL);
        account.startRecovery(key, 1, UNTIL, two);
    }

    function test_RevertWhen_thereAreNoGuardians() public {
        _itself(abi.encodeCall(account.setGuardians, (new address[](0), 0, 0)));
        reverts(IAccount.Account_NoGuardians.selector);
        account.startRecovery(_passkey(THIEF), 2, UNTIL, new GuardianApproval[](0));
    }

    function test_RevertWhen_theNewKeyIsNone() public {
        bytes[3] memory wrong = [bytes("key"), _walletKey(address(account)), _walletKey(address(0))];
        for (uint256 i; i < 3; ++i) {
            GuardianApproval[] memory two = _approvals(wrong[i], 1);
            reverts(abi.encodeWithSelector(IAccount.Account_NotAKey.selector, wrong[i]));
            account.startRecovery(wrong[i], 1, UNTIL, two);
        }
    }

    // A guardian can be a contract, and another account: then its key signs for it, as ERC-7739 has it.
    function test_contractsAreGuardians() public {
        ContractWallet wallet = new ContractWallet(artist.wallet);
        Account friend = _account(_passkey(OTHER_PHONE), 0);
        address[] memory two = new address[](2);
        (two[0], two[1]) = (address(wallet), address(friend));
        if (two[1] < two[0]) (two[0], two[1]) = (two[1], two[0]);
        _itself(abi.encodeCall(account.setGuardians, (two, 2, WAIT)));
        bytes memory key = _walletKey(buyer.wallet);
        bytes32 digest = _recoveryDigest(address(account), key, 2, UNTIL);
        GuardianApproval[] memory approvals = new GuardianApproval[](2);
        for (uint256 i; i < 2; ++i) {
            approvals[i].guardian = two[i];
            approvals[i].signature = two[i] == address(wallet) ? _sign(artist, digest) : _friends(friend, key, PHONE);
        }
        reverts(abi.encodeWithSelector(IAccount.Account_WrongApproval.selector, address(friend), digest));
        account.startRecovery(key, 2, UNTIL, approvals);
        for (uint256 i; i < 2; ++i) {
            if (two[i] == address(friend)) approvals[i].signature = _friends(friend, key, OTHER_PHONE);
        }
        account.startRecovery(key, 2, UNTIL, approvals);
        yes(_open(), "started");
    }

    function _friends(Account friend, bytes memory key, uint256 secret) private view returns (bytes memory) {
        string memory types = "Recovery(address account,bytes key,uint256 round,uint256 deadline)";
        bytes32 contents = keccak256(abi.encode(keccak256(bytes(types)), address(account), keccak256(key), 2, UNTIL));
        bytes32 separator = _separator("Kiseki Account", address(account));
        bytes32 digest = _nestedDigest(address(friend), separator, contents, "Recovery", types);
        return _nested(_byPasskey(secret, digest), separator, contents, types);
    }

    // What an old key had signed cannot be slipped in around the completion: a key it adds would stay.
    function test_RevertWhen_itCompletesInsideAnOperation() public {
        _start(1);
        vm.warp(START + WAIT);
        vm.deal(address(account), 1);
        Reentering inside = new Reentering();
        inside.set(address(account), abi.encodeCall(account.completeRecovery, ()));
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(inside), 1, "");
        calls[1] = Call(address(account), 0, abi.encodeCall(account.addKey, (_passkey(THIEF))));
        uint256 until = block.timestamp;
        account.execute(calls, 9, until, _byPasskey(PHONE, _executeDigest(address(account), calls, 9, until)));
        yes(inside.called(), "it tried");
        eq(bytes4(inside.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector, "by the lock");
        account.completeRecovery();
        eq(account.keys().length, 1, "and afterwards all of them go");
    }
}
