// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signed} from "../base/Signed.sol";
import {ICondition} from "../interfaces/ICondition.sol";
import {Approval} from "../interfaces/ISigned.sol";

/// @title Met once m of n named parties have approved the very schedule
/// @notice Data: `(uint8 needed, address[] parties)`, parties strictly ascending, 1 to 32 of them. Approving cannot be
/// taken back. It is for one schedule, with its token, holder, beneficiary, conditions and deadline, on this chain.
contract Approvals is ICondition, Signed {
    uint256 private constant MOST = 32;
    bytes32 private constant APPROVE =
        keccak256("ApproveTransfer(address party,bytes32 scheduleId,uint256 nonce,uint256 deadline)");

    event TransferApproved(bytes32 indexed scheduleId, address indexed party);

    error Approvals_Count(uint256 needed, uint256 parties);
    error Approvals_NotAscending(address party);

    mapping(bytes32 scheduleId => mapping(address party => bool)) public hasApproved;

    constructor() EIP712("Kiseki Approvals", "1") {}

    /// @notice Approves a schedule, by the party itself.
    function approve(bytes32 scheduleId) external {
        _approve(scheduleId, msg.sender);
    }

    /// @notice The same by signature, brought by anybody; does nothing when it is approved already.
    /// `ApproveTransfer(address party,bytes32 scheduleId,uint256 nonce,uint256 deadline)`.
    function approveFor(address party, bytes32 scheduleId, Approval calldata approval) external {
        if (hasApproved[scheduleId][party]) return;
        bytes32 structHash = keccak256(abi.encode(APPROVE, party, scheduleId, approval.nonce, approval.deadline));
        _spend(party, structHash, approval);
        _approve(scheduleId, party);
    }

    function _approve(bytes32 scheduleId, address party) private {
        if (hasApproved[scheduleId][party]) return;
        hasApproved[scheduleId][party] = true;
        emit TransferApproved(scheduleId, party);
    }

    /// @inheritdoc ICondition
    function start(bytes calldata data) external pure returns (bytes memory) {
        (uint8 needed, address[] memory parties) = abi.decode(data, (uint8, address[]));
        uint256 count = parties.length;
        if (needed == 0 || needed > count || count > MOST) revert Approvals_Count(needed, count);
        for (uint256 i; i < count; ++i) {
            if (parties[i] <= (i == 0 ? address(0) : parties[i - 1])) revert Approvals_NotAscending(parties[i]);
        }
        return abi.encode(needed, parties);
    }

    /// @inheritdoc ICondition
    function isMet(bytes32 scheduleId, bytes calldata data) external view returns (bool) {
        (uint256 needed, address[] memory parties) = abi.decode(data, (uint256, address[]));
        uint256 found;
        for (uint256 i; i < parties.length; ++i) {
            if (hasApproved[scheduleId][parties[i]]) ++found;
        }
        return found >= needed;
    }
}
