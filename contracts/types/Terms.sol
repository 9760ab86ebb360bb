// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a provider or a developer allows, until when, and the royalty it asks.
/// @dev The EIP-712 struct hash of the terms is their ID (`termsId`). So a wallet that signs a consent shows these very
/// fields, and nobody can change a term of something that is registered.
struct Terms {
    /// Text and data mining that trains nothing.
    bool dataMining;
    /// Being read by a model while it generates (key frames, references).
    bool aiInference;
    /// Training models that do not generate.
    bool aiTraining;
    /// Training generative models.
    bool aiGenerativeTraining;
    /// Commercial use of what comes out.
    bool commercialOutput;
    /// Passing on the data itself.
    bool redistribution;
    /// The share of the gross of everything that rests on this, in 1/10,000, before it is divided by declared use.
    uint16 royaltyBps;
    /// The share of the gross in 1/10,000 that no other source's weight can dilute. Zero for models.
    uint16 floorBps;
    /// The last second at which new uses are allowed. Zero means without end.
    uint64 validUntil;
    /// How long new uses are still allowed after a revocation. The largest number (`Notice.NEVER`) means that consent
    /// is never revoked. For a collection, no licence longer than the notice can be sold. For a model, which cannot be
    /// revoked, the notice means nothing, and only `validUntil` ends what can be sold.
    uint32 noticeSeconds;
    /// The contract that says who may use it (`IGate`). Zero means that everybody may use it under these terms.
    address gate;
    /// keccak256 of the licence that people read.
    bytes32 document;
}

/// @notice The uses, one bit each, in the order of the fields of `Terms`.
library Uses {
    uint256 internal constant DATA_MINING = 1;
    uint256 internal constant AI_INFERENCE = 2;
    uint256 internal constant AI_TRAINING = 4;
    uint256 internal constant AI_GENERATIVE_TRAINING = 8;
    uint256 internal constant COMMERCIAL_OUTPUT = 16;
    uint256 internal constant REDISTRIBUTION = 32;
    /// All uses that terms can allow.
    uint256 internal constant ALL = 63;
    /// Registering outputs of a model. Terms do not name this use: only the gate of a model is asked.
    uint256 internal constant GENERATION = 64;
}

/// @notice What `noticeSeconds` of terms means.
library Notice {
    /// Consent under such terms is irrevocable: `DataRegistry.revoke` refuses.
    uint256 internal constant NEVER = type(uint32).max;
    /// The shortest notice of one item. If somebody looked at the items less than this time before registering a model,
    /// no revocation makes their manifest false.
    uint256 internal constant ITEM = 7 days;

    /// @notice How long a single item may still be declared after its revocation, under terms with this notice. Under
    /// irrevocable terms it may be declared for ever: no registration has a time that late.
    function ofItem(uint256 noticeSeconds) internal pure returns (uint256) {
        return noticeSeconds < ITEM ? ITEM : noticeSeconds;
    }
}

library TermsId {
    string internal constant TYPE =
        "Terms(bool dataMining,bool aiInference,bool aiTraining,bool aiGenerativeTraining,bool commercialOutput,bool redistribution,uint16 royaltyBps,uint16 floorBps,uint64 validUntil,uint32 noticeSeconds,address gate,bytes32 document)";

    /// @notice The EIP-712 struct hash of `terms`.
    function hash(Terms memory terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(bytes(TYPE)), terms));
    }

    /// @notice The uses that `terms` allow, as bits.
    function uses(Terms memory terms) internal pure returns (uint8 bits) {
        if (terms.dataMining) bits |= uint8(Uses.DATA_MINING);
        if (terms.aiInference) bits |= uint8(Uses.AI_INFERENCE);
        if (terms.aiTraining) bits |= uint8(Uses.AI_TRAINING);
        if (terms.aiGenerativeTraining) bits |= uint8(Uses.AI_GENERATIVE_TRAINING);
        if (terms.commercialOutput) bits |= uint8(Uses.COMMERCIAL_OUTPUT);
        if (terms.redistribution) bits |= uint8(Uses.REDISTRIBUTION);
    }
}
