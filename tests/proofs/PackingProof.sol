// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Grant, grantOf} from "../../contracts/types/Grant.sol";
import {Record, recordOf} from "../../contracts/types/Record.sol";
import {TermsHead, headOf} from "../../contracts/types/TermsHead.sol";

/// @notice That what is packed into one word comes out as it went in, for all values. Run by halmos (`make prove`).
contract PackingProof {
    function check_GrantKeepsWhatItWasMadeOf(address provider, uint16 royalty, uint16 floor) external pure {
        Grant grant = grantOf(provider, royalty, floor);
        assert(grant.provider() == provider && grant.royaltyBps() == royalty && grant.floorBps() == floor);
    }

    function check_RecordKeepsWhatItWasMadeOf(address provider, uint32 registeredAt, uint32 terms) external pure {
        Record record = recordOf(provider, registeredAt, terms);
        assert(record.provider() == provider && record.registeredAt() == registeredAt);
        assert(record.terms() == terms && record.revokedAt() == 0);
    }

    function check_RevokingChangesNothingElse(address provider, uint32 registeredAt, uint32 terms, uint32 when)
        external
        pure
    {
        Record record = recordOf(provider, registeredAt, terms).revokedSince(when);
        assert(record.provider() == provider && record.registeredAt() == registeredAt);
        assert(record.terms() == terms && record.revokedAt() == when);
    }

    /// All but an end later than 56 bits can say, which reads as the last moment that they can.
    function check_TermsHeadKeepsWhatItWasMadeOf(
        address gate,
        uint8 uses,
        uint16 royalty,
        uint16 floor,
        uint64 validUntil
    ) external pure {
        TermsHead head = headOf(gate, uses, royalty, floor, validUntil);
        assert(head.gate() == gate && head.uses() == uses);
        assert(head.royaltyBps() == royalty && head.floorBps() == floor);
        uint256 most = type(uint56).max;
        assert(head.validUntil() == (validUntil < most ? validUntil : most));
    }
}
