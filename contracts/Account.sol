// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC7739} from "@openzeppelin/contracts/utils/cryptography/signers/draft-ERC7739.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {GuardianApproval, IAccount} from "./interfaces/IAccount.sol";
import {Keys} from "./libraries/Keys.sol";
import {Call} from "./types/Call.sol";
import {Key} from "./types/Key.sol";

/// @notice The code of every account. Each is a clone that carries its first key in its own code, so that there is nothing
/// to initialise. This one carries none, so that nobody can sign for it.
contract Account is IAccount, ERC7739, ERC721Holder, ERC1155Holder, ReentrancyGuardTransient {
    using BitMaps for BitMaps.BitMap;

    /// @dev In one slot.
    struct Settings {
        bool firstKeyRemoved;
        uint8 threshold;
        uint32 wait;
        uint48 round;
        /// When the recovery that is open can be completed. Zero if none is.
        uint48 from;
    }

    uint256 private constant MOST = 16;
    uint256 private constant SHORTEST_WAIT = 30 days;
    uint256 private constant LONGEST_WAIT = 1825 days;
    bytes32 private constant CALL = keccak256("Call(address to,uint256 value,bytes data)");
    bytes32 private constant EXECUTE =
        keccak256("Execute(Call[] calls,uint256 nonce,uint256 deadline)Call(address to,uint256 value,bytes data)");
    bytes32 private constant RECOVERY = keccak256("Recovery(address account,bytes key,uint256 round,uint256 deadline)");

    address private immutable CODE = address(this);

    Settings private _settings;
    Key[] private _added;
    Key private _newKey;
    address[] private _guardians;
    BitMaps.BitMap private _nonces;

    modifier onlyItself() {
        if (msg.sender != address(this)) revert Account_NotItself(msg.sender);
        _;
    }

    constructor() EIP712("Kiseki Account", "1") {}

    /// @dev Somebody may take the address of the code for one of an account.
    receive() external payable {
        if (address(this) == CODE) revert Account_OnlyCode();
    }

    // Acting

    /// @inheritdoc IAccount
    function execute(Call[] calldata calls, uint256 nonce, uint256 deadline, bytes calldata signature)
        external
        nonReentrant
    {
        if (block.timestamp > deadline) revert Account_Expired(deadline);
        if (_nonces.get(nonce)) revert Account_NonceUsed(nonce);
        _nonces.set(nonce);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(EXECUTE, _hash(calls), nonce, deadline)));
        if (!_rawSignatureValidation(digest, signature)) revert Account_WrongSignature(digest);
        (, bytes calldata key,) = Keys.split(signature);
        emit Executed(nonce, key);
        for (uint256 i; i < calls.length; ++i) {
            Call calldata call_ = calls[i];
            if (call_.data.length != 0 && call_.to.code.length == 0) revert Account_NoContract(i, call_.to);
            (bool success, bytes memory reason) = call_.to.call{value: call_.value}(call_.data);
            if (!success) revert Account_CallFailed(i, reason);
        }
    }

    function _hash(Call[] calldata calls) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            hashes[i] = keccak256(abi.encode(CALL, calls[i].to, calls[i].value, keccak256(calls[i].data)));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    /// @inheritdoc IAccount
    function isNonceUsed(uint256 nonce) external view returns (bool) {
        return _nonces.get(nonce);
    }

    /// @dev For `execute`, and through ERC-7739 for `isValidSignature`.
    function _rawSignatureValidation(bytes32 digest, bytes calldata signature) internal view override returns (bool) {
        (bool whole, bytes calldata raw, bytes calldata signed) = Keys.split(signature);
        if (!whole) return false;
        Key memory key = Keys.read(raw);
        return _has(key) && Keys.signed(key, digest, signed);
    }

    // Keys

    /// @inheritdoc IAccount
    function addKey(bytes calldata key) external onlyItself {
        Key memory added = _read(key);
        if (_has(added)) revert Account_KeyThere(key);
        if (_count() == MOST) revert Account_TooManyKeys(MOST);
        _added.push(added);
        emit KeyAdded(key);
    }

    /// @inheritdoc IAccount
    function removeKey(bytes calldata key) external onlyItself {
        Key memory gone = Keys.read(key);
        if (!_has(gone)) revert Account_NoSuchKey(key);
        if (_count() == 1) revert Account_LastKey(key);
        if (Keys.equal(gone, _first())) {
            _settings.firstKeyRemoved = true;
        } else {
            uint256 last = _added.length - 1;
            uint256 place;
            while (!Keys.equal(_added[place], gone)) ++place;
            _added[place] = _added[last];
            _added.pop();
        }
        emit KeyRemoved(key);
    }

    /// @inheritdoc IAccount
    function keys() external view returns (bytes[] memory all) {
        all = new bytes[](_count());
        uint256 added = _added.length;
        for (uint256 i; i < added; ++i) {
            all[i] = Keys.write(_added[i]);
        }
        if (all.length > added) all[added] = Keys.write(_first());
    }

    /// @dev A new key, or reverts.
    function _read(bytes calldata raw) private view returns (Key memory key) {
        key = Keys.read(raw);
        if (!Keys.isKey(key) || (key.y == 0 && uint256(key.x) == uint160(address(this)))) revert Account_NotAKey(raw);
    }

    /// @return key Zero where it was removed, and in the code that accounts share.
    function _first() private view returns (Key memory key) {
        if (_settings.firstKeyRemoved || address(this) == CODE) return key;
        return Keys.read(Clones.fetchCloneArgs(address(this)));
    }

    function _count() private view returns (uint256) {
        return _added.length + (Keys.isKey(_first()) ? 1 : 0);
    }

    function _has(Key memory key) private view returns (bool) {
        if (!Keys.isKey(key)) return false;
        if (Keys.equal(key, _first())) return true;
        uint256 added = _added.length;
        for (uint256 i; i < added; ++i) {
            if (Keys.equal(key, _added[i])) return true;
        }
        return false;
    }

    // Guardians

    /// @inheritdoc IAccount
    function setGuardians(address[] calldata guardians_, uint256 threshold, uint256 wait) external onlyItself {
        uint256 count = guardians_.length;
        if (count > MOST || threshold > count || (threshold == 0 && count != 0)) {
            revert Account_Threshold(threshold, count);
        }
        if (count == 0 ? wait != 0 : wait < SHORTEST_WAIT || wait > LONGEST_WAIT) revert Account_Wait(wait);
        address before;
        for (uint256 i; i < count; ++i) {
            if (guardians_[i] <= before) revert Account_GuardiansNotAscending(guardians_[i]);
            if (guardians_[i] == address(this)) revert Account_OwnGuardian();
            before = guardians_[i];
        }
        _stop();
        (_settings.threshold, _settings.wait) = (uint8(threshold), uint32(wait));
        _guardians = guardians_;
        emit GuardiansSet(guardians_, threshold, wait);
    }

    /// @inheritdoc IAccount
    function guardians() external view returns (address[] memory, uint256 threshold, uint256 wait) {
        return (_guardians, _settings.threshold, _settings.wait);
    }

    // Recovery

    /// @inheritdoc IAccount
    function startRecovery(bytes calldata key, uint256 round, uint256 deadline, GuardianApproval[] calldata approvals)
        external
    {
        if (block.timestamp > deadline) revert Account_Expired(deadline);
        Settings memory settings = _settings;
        if (settings.threshold == 0) revert Account_NoGuardians();
        if (round != settings.round) revert Account_WrongRound(round, settings.round);
        Key memory newKey = _read(key);
        if (approvals.length < settings.threshold) {
            revert Account_TooFewApprovals(approvals.length, settings.threshold);
        }
        bytes32 structHash = keccak256(abi.encode(RECOVERY, address(this), keccak256(key), round, deadline));
        _checkApprovals(approvals, _hashTypedDataV4(structHash));
        uint256 from = block.timestamp + settings.wait;
        (_settings.round, _settings.from) = (settings.round + 1, uint48(from));
        _newKey = newKey;
        emit RecoveryStarted(round, key, from);
    }

    /// @dev Both lists ascend, so one pass finds all and takes none twice.
    function _checkApprovals(GuardianApproval[] calldata approvals, bytes32 digest) private view {
        uint256 count = _guardians.length;
        uint256 place;
        for (uint256 i; i < approvals.length; ++i) {
            address guardian = approvals[i].guardian;
            while (place < count && _guardians[place] != guardian) ++place;
            if (place == count) revert Account_NotAGuardian(guardian);
            ++place;
            if (!Keys.signed(guardian, digest, approvals[i].signature)) revert Account_WrongApproval(guardian, digest);
        }
    }

    /// @inheritdoc IAccount
    function stopRecovery() external onlyItself {
        _stop();
    }

    function _stop() private {
        emit RecoveryStopped(_settings.round);
        (_settings.round, _settings.from) = (_settings.round + 1, 0);
        delete _newKey;
    }

    /// @inheritdoc IAccount
    /// @dev Not while calls of a key run: what they still add would stay.
    function completeRecovery() external nonReentrant {
        uint256 from = _settings.from;
        if (from == 0) revert Account_NoRecovery();
        if (block.timestamp < from) revert Account_RecoveryWaits(from);
        Key memory key = _newKey;
        delete _newKey;
        delete _added;
        _added.push(key);
        (_settings.firstKeyRemoved, _settings.from) = (true, 0);
        emit RecoveryCompleted(Keys.write(key));
    }

    /// @inheritdoc IAccount
    function recovery() external view returns (bytes memory key, uint256 from, uint256 round) {
        if (_settings.from != 0) key = Keys.write(_newKey);
        return (key, _settings.from, _settings.round);
    }
}
