// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {IERC5192} from "../../contracts/interfaces/IERC5192.sol";
import {Metadata} from "../../contracts/libraries/Metadata.sol";
import {Seal} from "../../contracts/libraries/Seal.sol";
import {Base} from "./utils/Base.sol";
import {AnyRegistry} from "./utils/Mocks.sol";
import {Vm, vm} from "./utils/Vm.sol";

/// @notice Says who registered what in words of its own, of any length.
contract Liar {
    address private immutable REGISTRANT = msg.sender;
    bytes private _answer;

    function say(bytes calldata answer) external {
        _answer = answer;
    }

    fallback() external {
        bytes memory answer = _answer.length == 0 ? abi.encode(REGISTRANT) : _answer;
        assembly ("memory-safe") {
            return(add(answer, 32), mload(answer))
        }
    }
}

/// @notice Whatever a token says of itself is hex, numbers and constant text. Promises 5 and 7.
contract RightsMetadataTest is Base {
    uint256 private constant PREFIX = 29; // data:application/json;base64,
    bytes32 private constant METADATA_UPDATE = keccak256("MetadataUpdate(uint256)");

    function _mint(address registry, bytes32 id, uint16 royaltyBps) private returns (uint256) {
        vm.prank(artist.wallet);
        return rights.mint(_rightsSpec(registry, id, keccak256("document"), royaltyBps), _noShare());
    }

    function _json(string memory uri) private pure returns (string memory) {
        bytes memory all = bytes(uri);
        bytes memory rest = new bytes(all.length - PREFIX);
        for (uint256 i; i < rest.length; ++i) {
            rest[i] = all[PREFIX + i];
        }
        return string(Base64.decode(string(rest)));
    }

    function _trait(string memory json, uint256 index, string memory name) private pure returns (string memory) {
        string memory spot = string.concat(".attributes[", string(abi.encodePacked(bytes1(uint8(48 + index)))), "]");
        _same(vm.parseJsonString(json, string.concat(spot, ".trait_type")), name);
        return vm.parseJsonString(json, string.concat(spot, ".value"));
    }

    function _same(string memory got, string memory expected) private pure {
        yes(keccak256(bytes(got)) == keccak256(bytes(expected)), string.concat(got, " is not ", expected));
    }

    function _counted(string memory text, bytes1 sign) private pure returns (uint256 count) {
        for (uint256 i; i < bytes(text).length; ++i) {
            if (bytes(text)[i] == sign) ++count;
        }
    }

    function test_saysWhichStandardsItKeeps() public view {
        yes(rights.supportsInterface(0x01ffc9a7), "ERC-165");
        yes(rights.supportsInterface(0x80ac58cd), "ERC-721");
        yes(rights.supportsInterface(0x5b5e139f), "ERC-721 metadata");
        yes(rights.supportsInterface(0x2a55205a), "ERC-2981");
        yes(rights.supportsInterface(0xb45a3c0e), "ERC-5192");
        yes(rights.supportsInterface(0x49064906), "ERC-4906");
        no(rights.supportsInterface(0xffffffff), "nothing else");
    }

    // ERC-5192 says when a token is locked: not yet ever.
    function test_isUnlockedFromTheStartAndSaysSoOnce() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.recordLogs();
        uint256 tokenId = _mint(address(data), made.id, 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 unlocked;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IERC5192.Unlocked.selector) {
                eq(abi.decode(logs[i].data, (uint256)), tokenId, "of this token");
                ++unlocked;
            }
            yes(logs[i].topics[0] != METADATA_UPDATE, "new, not changed");
        }
        eq(unlocked, 1, "once");
        no(rights.locked(tokenId), "unlocked");
        vm.recordLogs();
        vm.prank(artist.wallet);
        rights.transferFrom(artist.wallet, studio.wallet, tokenId);
        eq(vm.getRecordedLogs().length, 1, "a transfer changes no metadata");
    }

    function test_RevertWhen_theTokenDoesNotExist() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = rights.reveal(address(data), made.id); // known, and not minted
        bytes memory reason = abi.encodeWithSignature("ERC721NonexistentToken(uint256)", tokenId);
        reverts(reason);
        rights.locked(tokenId);
        reverts(reason);
        rights.tokenURI(tokenId);
    }

    function test_saysWhatItStandsFor() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        uint256 tokenId = _mint(address(data), made.id, 250);
        string memory json = _json(rights.tokenURI(tokenId));
        _same(
            vm.parseJsonString(json, ".name"),
            string.concat(unicode"Kiseki rights 軌跡 ", Seal.short(bytes32(tokenId)))
        );
        _same(
            vm.parseJsonString(json, ".image"),
            string.concat("data:image/svg+xml;base64,", Base64.encode(bytes(Seal.svg(bytes32(tokenId)))))
        );
        _same(_trait(json, 0, "Registry"), vm.toString(address(data)));
        _same(_trait(json, 1, "ID"), vm.toString(made.id));
        _same(_trait(json, 2, "Registrant"), vm.toString(artist.wallet));
        _same(_trait(json, 3, "Rights document"), vm.toString(keccak256("document")));
        _same(_trait(json, 4, "Resale royalty"), "2.5%");
        _same(_trait(json, 5, "Income"), "not shown");
        _same(_trait(json, 6, "Stays with the registrant"), "revoking consent, the allow list, endorsements");
        _same(_trait(json, 7, "Locked"), "no");
    }

    function test_theContractSaysWhatItIs() public view {
        string memory json = _json(rights.contractURI());
        _same(vm.parseJsonString(json, ".name"), rights.name());
        _same(vm.parseJsonString(json, ".symbol"), rights.symbol());
        yes(bytes(vm.parseJsonString(json, ".image")).length > 100, "image");
    }

    // Shares of the gross, rounded down and never to nothing.
    function test_writesSharesAsPercent() public pure {
        _percent(1, 1, "100%");
        _percent(624, 1000, "62.4%");
        _percent(1, 3, "33.3333%");
        _percent(2, 3, "66.6666%");
        _percent(50_009, 1_000_000, "5.0009%");
        _percent(1, 1_000_000, "0.0001%");
        _percent(1, 1_000_001, "less than 0.0001%");
        _percent(999_999, 1_000_000, "99.9999%");
        _percent(type(uint96).max - 1, type(uint96).max, "99.9999%");
    }

    function _percent(uint96 shares, uint96 total, string memory expected) private pure {
        Metadata.Facts memory facts;
        facts.shares = shares;
        facts.total = total;
        facts.locked = true;
        string memory json = _json(Metadata.uri(facts));
        _same(_trait(json, 5, "Income"), expected);
        _same(_trait(json, 7, "Locked"), "yes");
    }

    // Nothing that anybody chooses changes the form: printable ASCII with the same quotes and braces everywhere.
    /// forge-config: default.fuzz.runs = 64
    function test_nothingGetsIntoTheText(Metadata.Facts memory facts) public pure {
        facts.royaltyBps = bound(facts.royaltyBps, 0, 10_000);
        facts.total = bound(facts.total, 0, type(uint96).max);
        facts.shares = facts.total == 0 ? 0 : bound(facts.shares, 1, facts.total);
        string memory json = _json(Metadata.uri(facts));
        for (uint256 i; i < bytes(json).length; ++i) {
            yes(bytes(json)[i] >= " " && bytes(json)[i] <= "~", "printable ASCII");
        }
        Metadata.Facts memory nothing;
        _sameForm(json, _json(Metadata.uri(nothing)));
        string memory svg = Seal.svg(bytes32(facts.tokenId));
        _sameForm(svg, Seal.svg(0));
        yes(bytes(svg).length < 600, "small");
    }

    function _sameForm(string memory text, string memory other) private pure {
        bytes memory signs = "\"\\<>&{}[]:";
        for (uint256 i; i < signs.length; ++i) {
            eq(_counted(text, signs[i]), _counted(other, signs[i]), string(abi.encodePacked(signs[i])));
        }
    }

    // A registry says what it likes, in any length; the token says what it can of that, or that there is no answer.
    /// forge-config: default.fuzz.runs = 64
    function test_aLyingRegistryIsNamedAndHarmsOnlyItself(bytes calldata answer, bytes32 word) public {
        Liar liar = _liar();
        uint256 tokenId = _mint(address(liar), "id", 0);
        liar.say(abi.encode(word));
        string memory json = _json(rights.tokenURI(tokenId));
        _same(_trait(json, 0, "Registry"), vm.toString(address(liar)));
        address low = address(uint160(uint256(word)));
        _same(_trait(json, 2, "Registrant"), low == address(0) ? "not answered" : vm.toString(low));
        vm.assume(answer.length != 32 && answer.length != 0);
        liar.say(answer);
        json = _json(rights.tokenURI(tokenId));
        _same(_trait(json, 2, "Registrant"), "not answered");
        _same(_trait(json, 5, "Income"), "not shown");
    }

    function _liar() private returns (Liar liar) {
        vm.prank(artist.wallet);
        liar = new Liar();
    }

    function test_aRegistryThatIsGoneLeavesTheRest() public {
        Liar liar = _liar();
        uint256 tokenId = _mint(address(liar), "id", 0);
        vm.etch(address(liar), "");
        _same(_trait(_json(rights.tokenURI(tokenId)), 2, "Registrant"), "not answered");
    }

    function test_aRegistryThatBurnsGasCostsABoundedAmount() public {
        AnyRegistry registry = new AnyRegistry();
        registry.setRegistrant("id", artist.wallet);
        uint256 tokenId = _mint(address(registry), "id", 0);
        registry.setMood(AnyRegistry.Mood.Burning);
        rights.tokenURI{gas: 2_000_000}(tokenId);
    }
}
