// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approval, ISigned} from "./ISigned.sol";

/// @title Payees who have no wallet yet
/// @notice An artist without a wallet is paid under an identity `(issuer, person)`. The issuer is somebody who knows
/// the artist (a studio, a guild). The person is a salted hash of who the artist is. The subject of the identity is
/// `keccak256(0x04 ‖ this ‖ id)` with `id = keccak256(0x08 ‖ issuer ‖ person)`. It can be a payee before anything is
/// said here: what it earns waits in the splitter. Once the artist has a wallet, the issuer binds the wallet. Seven
/// days later the binding is final, and everything that waited belongs to the wallet.
///
/// What an issuer could do: bind a wallet of its own, bind the wallet of somebody else, or never bind one. During the
/// delay the artist can object while the binding can still be corrected, because everybody can tell the artist what was
/// bound. After the delay nobody can change it. So it matters who vouches for an issuer; `Statements` (kind `identity`)
/// says so.
/// What an issuer cannot do: change a final binding, take back what was paid out, or redirect what others earn.
/// Not protected against: an issuer that loses its key can bind nobody any more, and what waits under it waits for
/// ever.
interface IIdentities is ISigned {
    /// @param from The second from which the binding counts. After it nobody can change the binding.
    event IdentityBound(address indexed issuer, bytes32 indexed person, address indexed wallet, uint256 from);
    event IdentityWithdrawn(address indexed issuer, bytes32 indexed person);

    error Identities_Final(address issuer, bytes32 person, address wallet);
    /// The issuer is the zero address, so nobody could ever bind the identity.
    error Identities_NoIssuer();
    /// Nobody could ever take money from this address: it is the splitter or this contract.
    error Identities_NotAWallet(address account);
    error Identities_DifferentLengths(uint256 persons, uint256 wallets);

    /// @notice The number of seconds in which a binding can be corrected or withdrawn. During this time the identity
    /// stands for nobody.
    function DELAY() external view returns (uint256);

    /// @notice Says whose wallets these are. A wallet of zero withdraws the binding of that person.
    /// @dev A binding that already names the same wallet is skipped and keeps its time. A binding that names another
    /// wallet and is not final is corrected, and its time starts again. Reverts `Identities_Final`,
    /// `Identities_DifferentLengths`, and `Identities_NotAWallet` for the splitter and this contract. Other contracts
    /// may or may not be able to take money; the issuer has seven days to find out.
    function bind(bytes32[] calldata persons, address[] calldata wallets) external;

    /// @notice The same by signature:
    /// `Binding(address issuer,bytes32[] persons,address[] wallets,uint256 nonce,uint256 deadline)`.
    /// @dev If nothing would change the call does nothing and does not look at the nonce, so that nobody can make a
    /// relay's call fail.
    function bindFor(address issuer, bytes32[] calldata persons, address[] calldata wallets, Approval calldata approval)
        external;

    /// @return wallet Zero if none is bound.
    /// @return from The second from which the binding counts.
    function bindingOf(address issuer, bytes32 person) external view returns (address wallet, uint256 from);

    /// @notice The ID of an identity, from which its subject is made. Reverts `Identities_NoIssuer` for the zero
    /// address.
    function idOf(address issuer, bytes32 person) external pure returns (bytes32);

    /// @notice Whom the identity stands for now: the key of a wallet, or zero.
    function payeeOf(bytes32 id, address caller) external view returns (bytes32);
}
