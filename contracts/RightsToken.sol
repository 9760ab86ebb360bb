// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "./interfaces/IRightsToken.sol";
import {Ids} from "./libraries/Ids.sol";
import {Payees} from "./libraries/Payees.sol";

contract RightsToken is IRightsToken, ERC721 {
    uint256 private constant DELEGATION_LENGTH = 23;
    bytes3 private constant DELEGATION_PREFIX = 0xef0100;

    IRevenueSplitter private immutable SPLITTER;

    mapping(uint256 tokenId => Rights) private _rights;

    constructor(IRevenueSplitter splitter) ERC721("Kiseki Rights", "KISEKI") {
        SPLITTER = splitter;
    }

    /// @inheritdoc IRightsToken
    function mint(address registry, bytes32 id, bytes32 document, uint16 royaltyBps)
        external
        returns (uint256 tokenId)
    {
        if (royaltyBps > 10_000) revert RightsToken_RoyaltyTooLarge(royaltyBps);
        address registrant = IRegistry(registry).registrantOf(id);
        if (registrant != msg.sender) revert RightsToken_NotRegistrant(registry, id, registrant, msg.sender);
        tokenId = _know(registry, id);
        _rights[tokenId].royaltyBps = royaltyBps;
        _rights[tokenId].document = document;
        _mint(msg.sender, tokenId);
        emit RightsMinted(tokenId, registry, id, document, royaltyBps);
    }

    /// @inheritdoc IRightsToken
    function know(address registry, bytes32 id) external returns (uint256) {
        if (IRegistry(registry).registrantOf(id) == address(0)) revert RightsToken_Unregistered(registry, id);
        return _know(registry, id);
    }

    function _know(address registry, bytes32 id) private returns (uint256 tokenId) {
        tokenId = uint256(Ids.subject(registry, id));
        if (_rights[tokenId].registry != address(0)) return tokenId;
        _rights[tokenId].registry = registry;
        _rights[tokenId].id = id;
        emit RightsKnown(tokenId, registry, id);
    }

    /// @inheritdoc IRightsToken
    function rightsOf(uint256 tokenId) external view returns (Rights memory) {
        return _rights[tokenId];
    }

    /// @inheritdoc IRightsToken
    function holderOf(uint256 tokenId) external view returns (address) {
        return _ownerOf(tokenId);
    }

    /// @inheritdoc IRightsToken
    function payeeOf(bytes32 id, address caller) external view returns (bytes32) {
        address holder = _ownerOf(uint256(id));
        if (holder == address(0)) {
            Rights storage rights = _rights[uint256(id)];
            if (rights.registry == address(0)) return 0;
            holder = IRegistry(rights.registry).registrantOf(rights.id);
        }
        return caller == holder || _isWallet(holder) ? Payees.wallet(holder) : bytes32(0);
    }

    /// @dev The resale royalty goes where the subject's own income goes: for a batch to everybody in its trace.
    function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address, uint256) {
        uint256 royalty = salePrice / 10_000 * _rights[tokenId].royaltyBps + salePrice % 10_000
            * _rights[tokenId].royaltyBps / 10_000;
        return (SPLITTER.paymentAddress(bytes32(tokenId)), royalty);
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == type(IERC2981).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @dev Here or in the splitter nobody could ever claim its income or move it on.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address) {
        if (to == address(this) || to == address(SPLITTER)) revert RightsToken_NotThere(to);
        return super._update(to, tokenId, auth);
    }

    function _isWallet(address account) private view returns (bool) {
        bytes memory code = account.code.length == DELEGATION_LENGTH ? account.code : bytes("");
        return account.code.length == 0 || (code.length != 0 && bytes3(code) == DELEGATION_PREFIX);
    }
}
