// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Seal} from "./Seal.sol";

/// @notice What a rights token says of itself: JSON in a data URI, as ERC-721 and marketplaces read it.
/// @dev ASCII only, because many readers decode base64 byte by byte; and hex, numbers and constant text only, so that no
/// registry can put anything into it. Every value is a string: readers disagree about booleans and round numbers.
library Metadata {
    struct Facts {
        uint256 tokenId;
        address registry;
        bytes32 id;
        /// Zero when the registry gives no answer.
        address registrant;
        bytes32 document;
        uint256 royaltyBps;
        /// The token's part of what is paid to the subject is `shares / total`; `total` is zero when that is not shown.
        uint256 shares;
        uint256 total;
        bool locked;
    }

    uint256 private constant WHOLE = 1_000_000;

    function uri(Facts memory facts) internal pure returns (string memory) {
        bytes32 subject = bytes32(facts.tokenId);
        return _json(
            string.concat(
                '{"format":"kiseki-rights-v1","name":"Kiseki rights \\u8ecc\\u8de1 ',
                Seal.short(subject),
                '","description":"The rights in what was registered under this ID, as its registrant states them in the '
                "rights document. What comes with the token is the part of the income that stands under Income, none "
                "where it is not shown, and offering licences where a market asks for the holder. Revoking consent, the allow list and endorsements stay with the "
                "registrant. A registry that is not Kiseki's can take the income back. The token proves neither "
                "that the registrant owned these rights nor that the registry is Kiseki's: compare the registry's address. "
                'Seals can be made to look alike; the token\'s number cannot.","image":"',
                _image(subject),
                _attributes(facts)
            )
        );
    }

    function contractUri(string memory name, string memory symbol) internal pure returns (string memory) {
        return _json(
            string.concat(
                string.concat('{"name":"', name, '","symbol":"', symbol),
                '","description":"\\u8ecc\\u8de1: rights in generated works, in the models that made them and in the data '
                "these were trained on. Anybody can mint under a registry of their own; each token names its registry, and "
                'readers filter by it.","image":"',
                _image(keccak256(bytes(name))),
                '"}'
            )
        );
    }

    function _attributes(Facts memory facts) private pure returns (string memory) {
        return string.concat(
            '","attributes":[',
            _registered(facts),
            _next("Rights document", facts.document == 0 ? "none" : _hex(facts.document)),
            _next("Resale royalty", _percent(facts.royaltyBps, 10_000)),
            _next("Income", facts.total == 0 ? "not shown" : _percent(facts.shares, facts.total)),
            _next("Stays with the registrant", "revoking consent, the allow list, endorsements"),
            _next("Locked", facts.locked ? "yes" : "no"),
            "]}"
        );
    }

    function _registered(Facts memory facts) private pure returns (string memory) {
        bool known = facts.registrant != address(0);
        return string.concat(
            _trait("Registry", Strings.toChecksumHexString(facts.registry)),
            _next("ID", _hex(facts.id)),
            _next("Registrant", known ? Strings.toChecksumHexString(facts.registrant) : "not answered")
        );
    }

    function _trait(string memory trait, string memory value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', trait, '","value":"', value, '"}');
    }

    function _next(string memory trait, string memory value) private pure returns (string memory) {
        return string.concat(",", _trait(trait, value));
    }

    function _hex(bytes32 value) private pure returns (string memory) {
        return Strings.toHexString(uint256(value), 32);
    }

    /// @dev In parts per million, rounded down: `62.4%`.
    function _percent(uint256 part, uint256 whole) private pure returns (string memory) {
        uint256 ppm = part * WHOLE / whole;
        if (ppm == 0 && part != 0) return "less than 0.0001%";
        string memory percent = Strings.toString(ppm / 10_000);
        uint256 rest = ppm % 10_000;
        if (rest == 0) return string.concat(percent, "%");
        bytes memory digits = bytes(Strings.toString(10_000 + rest));
        digits[0] = ".";
        uint256 length = digits.length;
        while (digits[length - 1] == "0") --length;
        assembly ("memory-safe") {
            mstore(digits, length)
        }
        return string.concat(percent, string(digits), "%");
    }

    function _image(bytes32 subject) private pure returns (string memory) {
        return string.concat("data:image/svg+xml;base64,", Base64.encode(bytes(Seal.svg(subject))));
    }

    function _json(string memory json) private pure returns (string memory) {
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }
}
