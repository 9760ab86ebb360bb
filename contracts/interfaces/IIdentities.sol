// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approval, ISigned} from "./ISigned.sol";

/// @title Payees who have no wallet yet
/// @notice An artist without a wallet is paid under an identity: `(issuer, person)`, where the issuer is whoever knows them
/// (a studio, a guild) and the person a salted hash of who they are. Its subject is `keccak256(0x04 ‖ this ‖ id)` with
/// `id = keccak256(0x08 ‖ issuer ‖ person)`, and can be a payee before anything is said here: what it earns waits in the
/// splitter. Once they have a wallet the issuer binds it; seven days later the binding is final, and all that waited is
/// theirs.
///
/// What an issuer could do: bind a wallet of its own, or of somebody else, or none ever. The delay is there so that the
/// artist, whom everybody can tell what was bound, may object while it can still be put right; after that nobody can. So
/// who vouches for an issuer matters, and is said through `Statements` (kind `identity`).
/// What it cannot do: change a binding that is final, take back what was paid out, or redirect what others earn.
/// Not protected against: an issuer that loses its key binds nobody any more, and what waits under it waits for ever.
interface IIdentities is ISigned {
    /// @param from The second from which it stands, and after which it cannot be changed.
    event IdentityBound(address indexed issuer, bytes32 indexed person, address indexed wallet, uint256 from);
    event IdentityWithdrawn(address indexed issuer, bytes32 indexed person);

    error Identities_Final(address issuer, bytes32 person, address wallet);
    /// Nobody could ever bind what it is paid to.
    error Identities_NoIssuer();
    /// Nobody could ever take the money from there: the splitter, or this contract.
    error Identities_NotAWallet(address account);
    error Identities_DifferentLengths(uint256 persons, uint256 wallets);

    /// @notice Seconds in which a binding can be corrected or withdrawn, and stands for nobody.
    function DELAY() external view returns (uint256);

    /// @notice Says whose wallets they are; of a person whose wallet is zero, that it is not known after all.
    /// @dev A binding that is there with the same wallet is passed over, and keeps its time. One that differs, and is not
    /// final, is corrected, and its time begins anew. Reverts `Identities_Final`, `Identities_DifferentLengths`, and
    /// `Identities_NotAWallet` for the splitter and this contract. Other contracts may take money or not; the issuer has seven
    /// days to see it.
    function bind(bytes32[] calldata persons, address[] calldata wallets) external;

    /// @notice `Binding(address issuer,bytes32[] persons,address[] wallets,uint256 nonce,uint256 deadline)`.
    /// @dev When nothing would change it does nothing, before the nonce is looked at: relays cannot be griefed.
    function bindFor(address issuer, bytes32[] calldata persons, address[] calldata wallets, Approval calldata approval)
        external;

    /// @return wallet Zero when none is bound.
    /// @return from The second from which it stands.
    function bindingOf(address issuer, bytes32 person) external view returns (address wallet, uint256 from);

    /// @notice The identity, of which the subject is made. Reverts `Identities_NoIssuer` for the zero address.
    function idOf(address issuer, bytes32 person) external pure returns (bytes32);

    /// @notice Whom the identity stands for now: the key of a wallet, or zero.
    function payeeOf(bytes32 id, address caller) external view returns (bytes32);
}
