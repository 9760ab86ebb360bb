// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDataRegistry} from "../interfaces/IDataRegistry.sol";
import {Approval} from "../interfaces/ISigned.sol";
import {Payees} from "../libraries/Payees.sol";
import {TermsId} from "../types/Terms.sol";
import {Signed} from "./Signed.sol";

/// @dev What a provider signs so that somebody else may register its collections: one, or so many a month.
abstract contract Consents is IDataRegistry, Signed {
    /// @dev What was registered under a standing consent in its month of that number.
    struct Used {
        uint64 month;
        uint32 count;
    }

    bytes32 private constant CONSENT = keccak256(
        abi.encodePacked(
            "Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,uint256 nonce,uint256 deadline)",
            TermsId.TYPE
        )
    );
    bytes32 private constant STANDING_CONSENT = keccak256(
        abi.encodePacked(
            "StandingConsent(address provider,address collector,Terms terms,bytes32 payee,uint32 perMonth,uint64 until,uint256 nonce)",
            TermsId.TYPE
        )
    );
    uint256 private constant MONTH = 30 days;

    mapping(bytes32 consent => Used) private _used;

    /// @inheritdoc IDataRegistry
    function usedUnder(bytes32 consent, uint256 until) public view returns (uint256) {
        Used memory used = _used[consent];
        return used.month == _month(until) ? used.count : 0;
    }

    /// @dev Uses up the provider's signature for this collection, or reverts.
    function _consented(
        address provider,
        bytes32 root,
        uint64 count,
        CollectionSpec calldata spec,
        Approval calldata approval
    ) internal {
        bytes32 structHash = keccak256(
            abi.encode(
                CONSENT,
                provider,
                root,
                count,
                spec.termsId,
                Payees.named(spec.payee, provider),
                spec.origin,
                approval.nonce,
                approval.deadline
            )
        );
        _spend(provider, structHash, approval);
    }

    /// @dev Counts one more collection under the standing consent that the provider signed for the caller, or reverts.
    function _consentedUnder(
        address provider,
        CollectionSpec calldata spec,
        uint32 perMonth,
        Approval calldata approval
    ) internal returns (bytes32 consent) {
        consent = keccak256(
            abi.encode(
                STANDING_CONSENT,
                provider,
                msg.sender,
                spec.termsId,
                Payees.named(spec.payee, provider),
                perMonth,
                SafeCast.toUint64(approval.deadline),
                approval.nonce
            )
        );
        _standing(provider, consent, approval);
        _use(consent, perMonth, approval.deadline);
    }

    /// @dev Counts one more in this month, or reverts.
    function _use(bytes32 consent, uint32 perMonth, uint256 until) private {
        uint256 used = usedUnder(consent, until);
        if (used >= perMonth) revert DataRegistry_NoneLeft(consent, perMonth);
        _used[consent] = Used(uint64(_month(until)), uint32(used + 1));
    }

    /// @dev The month that is now, counted back from the end: 0 is the last. The last second belongs to it and not to a month
    /// of its own, so that what is signed now for n months has n of them from this very second on.
    function _month(uint256 until) private view returns (uint256) {
        uint256 left = until - block.timestamp;
        return left == 0 ? 0 : (left - 1) / MONTH;
    }
}
