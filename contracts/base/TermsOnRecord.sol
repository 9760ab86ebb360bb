// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDataRegistry} from "../interfaces/IDataRegistry.sol";
import {Gates} from "../libraries/Gates.sol";
import {Terms, TermsId, Uses} from "../types/Terms.sol";
import {TermsHead, headOf} from "../types/TermsHead.sol";

/// @dev Terms are put on record once and never change. What holds them names them by a number.
abstract contract TermsOnRecord is IDataRegistry {
    struct TermsRecord {
        TermsHead head;
        uint64 validUntil;
        uint32 noticeSeconds;
        bytes32 document;
        bytes32 id;
    }

    uint256 private _termsCount;
    mapping(bytes32 termsId => uint256 number) private _termsNumber;
    /// @dev Counted from 1 here, so that a collection's fit its slot. Nothing outside sees the numbers: IDs are hashes.
    mapping(uint256 number => TermsRecord) internal _terms;

    /// @inheritdoc IDataRegistry
    function defineTerms(Terms calldata terms) external returns (bytes32 termsId) {
        termsId = TermsId.hash(terms);
        if (_termsNumber[termsId] != 0) return termsId;
        if (terms.royaltyBps > 10_000 || terms.floorBps > 10_000) {
            revert DataRegistry_BpsTooLarge(terms.royaltyBps, terms.floorBps);
        }
        // As many as a collection's slot has room for.
        uint256 number = SafeCast.toUint32(++_termsCount);
        _termsNumber[termsId] = number;
        _terms[number] = TermsRecord(
            headOf(terms.gate, TermsId.uses(terms), terms.royaltyBps, terms.floorBps, terms.validUntil),
            terms.validUntil,
            terms.noticeSeconds,
            terms.document,
            termsId
        );
        emit TermsDefined(termsId, terms);
    }

    /// @inheritdoc IDataRegistry
    function termsOf(bytes32 termsId) external view returns (Terms memory) {
        TermsRecord storage record = _terms[_known(termsId)];
        TermsHead head = record.head;
        uint256 uses = head.uses();
        return Terms({
            dataMining: uses & Uses.DATA_MINING != 0,
            aiInference: uses & Uses.AI_INFERENCE != 0,
            aiTraining: uses & Uses.AI_TRAINING != 0,
            aiGenerativeTraining: uses & Uses.AI_GENERATIVE_TRAINING != 0,
            commercialOutput: uses & Uses.COMMERCIAL_OUTPUT != 0,
            redistribution: uses & Uses.REDISTRIBUTION != 0,
            royaltyBps: head.royaltyBps(),
            floorBps: head.floorBps(),
            validUntil: record.validUntil,
            noticeSeconds: record.noticeSeconds,
            gate: head.gate(),
            document: record.document
        });
    }

    function _known(bytes32 termsId) internal view returns (uint256 number) {
        number = _termsNumber[termsId];
        if (number == 0) revert DataRegistry_UnknownTerms(termsId);
    }

    /// @inheritdoc IDataRegistry
    function authoriseTerms(
        bytes32 termsId,
        address registry,
        bytes32 id,
        address registrant,
        address user,
        uint256 use,
        uint256 when
    ) external view returns (uint256 allowed) {
        uint256 terms = _known(termsId);
        TermsHead head = _terms[terms].head;
        allowed = head.uses();
        // Generating is open to all under open terms, and to those behind a gate; a reservation is neither.
        uint256 generation = allowed == 0 && head.gate() == address(0) ? 0 : Uses.GENERATION;
        _checkTerms(terms, head, allowed | generation, use, when);
        Gates.check(head.gate(), registry, id, registrant, user, use);
    }

    /// @param usable What the terms allow, and of models their generation.
    function _checkTerms(uint256 terms, TermsHead head, uint256 usable, uint256 use, uint256 when) internal view {
        if (use == 0 || use & ~usable != 0) {
            revert DataRegistry_UseNotAllowed(_terms[terms].id, use, head.uses());
        }
        if (head.validUntil() == 0 || when <= head.validUntil()) return;
        uint256 validUntil = _terms[terms].validUntil;
        if (when > validUntil) revert DataRegistry_TermsExpired(_terms[terms].id, validUntil, when);
    }
}
