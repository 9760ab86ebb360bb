// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title The rights in a batch, model or collection, as an ERC-721
/// @notice `tokenId` is the number of `subject(registry, id)`. Whoever holds it is paid what is paid to the subject
/// `(this contract, bytes32(tokenId))`, which a batch names as its payee.
///
/// Not protected against: a registry of somebody's own. Anybody can mint under one; clients filter by registry.
interface IRightsToken is IERC721, IERC2981 {
    struct Rights {
        address registry;
        uint16 royaltyBps;
        bytes32 id;
        bytes32 document;
    }

    /// @notice Once per token, beside ERC-721's `Transfer`.
    event RightsMinted(
        uint256 indexed tokenId, address indexed registry, bytes32 indexed id, bytes32 document, uint16 royaltyBps
    );
    /// @notice The opening of a token is on record; from now on it pays, minted or not.
    event RightsKnown(uint256 indexed tokenId, address indexed registry, bytes32 indexed id);

    error RightsToken_NotRegistrant(address registry, bytes32 id, address registrant, address caller);
    error RightsToken_RoyaltyTooLarge(uint256 royaltyBps);
    error RightsToken_Unregistered(address registry, bytes32 id);
    error RightsToken_NotThere(address to);

    /// @notice Mints the token of `(registry, id)` to its registrant, who must be the caller; once.
    /// @param document keccak256 of the rights document.
    /// @param royaltyBps What ERC-2981 asks of a resale, in 1/10,000; it goes to the subject's split, not to the holder.
    function mint(address registry, bytes32 id, bytes32 document, uint16 royaltyBps) external returns (uint256 tokenId);

    /// @notice Puts the opening of a token on record, by anybody, so that before it is minted it pays the registrant.
    function know(address registry, bytes32 id) external returns (uint256 tokenId);

    function rightsOf(uint256 tokenId) external view returns (Rights memory);

    /// @notice The holder, or zero when it is not minted.
    function holderOf(uint256 tokenId) external view returns (address);

    /// @notice Whom the token's subject stands for: its holder, or before minting the registrant.
    /// @param caller Who moves the money: a holder with code is paid only at its own call, because money that others
    /// push into a contract can be stuck there. An EIP-7702 wallet counts as a wallet.
    /// @return payee A wallet, or zero for nobody now.
    function payeeOf(bytes32 id, address caller) external view returns (bytes32 payee);
}
