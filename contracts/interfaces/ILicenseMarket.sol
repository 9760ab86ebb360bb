// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Offer, Permit, Purchase} from "../types/Offer.sol";
import {Schedule} from "../types/Schedule.sol";
import {IGate} from "./IGate.sol";

/// @title Licences for data, models and outputs
/// @notice Whoever holds the rights makes offers: the holder of the rights token; if no token is minted, the
/// registrant; or a delegate of theirs. An offer lapses when the holder changes and counts again when the first holder
/// is back. A buyer pays everybody in the trace in the same transaction: a collection's subject, or the split of a
/// model or batch. A licence is a record of the licensee and cannot be transferred. Ending or replacing an offer
/// changes no licence.
///
/// The market is a gate. Terms that name it let through whoever it has licensed, for that use, at that time. Other than
/// a list it cannot close before the licence ends.
///
/// The gate and the consent let through what was sold until it ends. For a collection or model of the suite, the market
/// sells only uses that its terms allow, and only if the terms name this market as their gate. For a collection it
/// sells no licence, renewals included, that is longer than the notice or goes past the end of the terms. So the notice
/// is the longest licence there is, whoever revokes the collection and whenever. It sells a licence without end only if
/// the notice is the largest, which makes consent irrevocable, and the terms never expire. For a model, which cannot be
/// revoked, it sells no licence past the end of its terms.
///
/// A use needs more than consent. Single items of a collection can be revoked, before or after a sale, and a manifest
/// that declares them is false; so look at the items too. Other sources of the same model have gates of their own,
/// which may close. For a model that holds 256 models, or of which the whole gross is asked already, the market sells
/// training that cannot be registered (`IModelRegistry` says when).
///
/// Anybody may pay for anybody's licence, for example a studio for its trainers. The event names the payer. A licence
/// adds a permission and takes none away: no earlier licence ends sooner because of it. If a use is bought again, it
/// goes on from its end for the seconds of the offer, or until the last sure second if that is earlier. The whole
/// duration from now on is always sure, otherwise the licence is not sold. So the licensee gets at least what
/// `problemOf` says, for the price in the offer, whatever anybody buys, gives or ends in between. Whoever buys again
/// near the end of what is sure pays the whole price for the time that is left.
///
/// A licence for anything else, for a batch or for something in another registry, opens nothing on the chain
/// (`problemOf`). It is a document that was paid for.
///
/// Not protected against: the licence document is a promise between people. The market does not check whether two
/// offers contradict each other (exclusivity). It refuses tokens that take a fee. Tokens that lie harm those who ask
/// for them.
interface ILicenseMarket is IGate {
    /// @notice Why a purchase cannot be made now, in the order of the checks.
    enum Problem {
        None,
        NotOffered,
        Ended,
        Closed,
        HolderChanged,
        SoldOut,
        NotForThem,
        /// Consent to the collection was revoked.
        Revoked,
        /// The duration, counted from now, is longer than is sure.
        TooLong,
        /// The payment failed. `problemOf` does not tell this.
        NotPaid
    }

    /// @notice A conditional transfer that a payment may have made due.
    struct Due {
        address rights;
        Schedule schedule;
    }

    event Offered(bytes32 indexed offerId, bytes32 indexed subject, address indexed holder, Offer offer);
    event OfferEnded(bytes32 indexed offerId);
    event DelegateSet(address indexed holder, address indexed delegate, bool allowed);
    /// @param licence What the licensee has of the subject from now on: seven times of 36 bits each, the last second of
    /// each use in the order of `Uses`, the first in the lowest bits. All ones means without end.
    event LicenceBought(
        bytes32 indexed offerId, bytes32 indexed subject, address indexed licensee, address payer, uint256 licence
    );
    event PurchaseSkipped(bytes32 indexed offerId, address indexed licensee, Problem problem);

    error LicenseMarket_NotHolder(address registry, bytes32 id, address holder, address caller);
    error LicenseMarket_NoUse(uint256 uses);
    error LicenseMarket_NoSupply();
    error LicenseMarket_OfferedBefore(bytes32 offerId);
    /// A conditional transfer locks the rights token.
    error LicenseMarket_Locked(uint256 tokenId, bytes32 scheduleId);
    /// The terms name another gate or none, so a licence from this market would open nothing.
    error LicenseMarket_NotTheGate(address registry, bytes32 id, address gate);
    error LicenseMarket_UseNotAllowed(uint256 uses, uint256 allowed);
    error LicenseMarket_Revoked(bytes32 collection);
    /// @param duration The duration of the offer. Zero means without end.
    /// @param longest How many seconds a licence that is bought now can last.
    error LicenseMarket_TooLong(uint256 duration, uint256 longest);
    error LicenseMarket_NotTheirs(bytes32 offerId, address holder);
    /// @param index The index of the purchase.
    error LicenseMarket_NotBought(uint256 index, bytes32 offerId, Problem problem);
    error LicenseMarket_NotEnoughEther(uint256 price, uint256 left);
    error LicenseMarket_NotThePrice(address token, uint256 price, uint256 arrived);
    error LicenseMarket_NotItself();
    error LicenseMarket_RefundFailed(address payer, uint256 amount);

    /// @notice Makes an offer. The holder or a delegate may call it. An equal offer cannot be made again. While the
    /// rights token is locked nobody can make an offer, so that its next holder finds the offers that stood when it was
    /// locked, or fewer.
    /// @param replaces Another offer of the holder, which ends. Zero for none.
    /// @dev For the suite's collections and models it reverts if what it sells could not be used until it ends:
    /// `LicenseMarket_NotTheGate`, `LicenseMarket_UseNotAllowed`, `LicenseMarket_Revoked`, `LicenseMarket_TooLong`.
    function offer(Offer calldata offer_, bytes32 replaces) external returns (bytes32 offerId);

    /// @notice Ends an offer. Whoever held the rights when the offer was made, or a delegate of theirs, may call it,
    /// also while the rights token is locked.
    function end(bytes32 offerId) external;

    /// @notice Lets somebody make and end offers for everything that the caller holds, or ends that.
    function setDelegate(address delegate, bool allowed) external;

    /// @notice Buys one licence with the ether that was sent, or with tokens that the caller approved. The rest of the
    /// ether is returned.
    function buy(Purchase calldata purchase) external payable;

    /// @notice Buys many licences and executes transfers that the payments made due.
    /// @param permits Used first. A permit that fails is skipped.
    /// @param due Executed last. A transfer that cannot be executed is skipped.
    /// @param skip Whether a purchase that cannot be made is skipped (`PurchaseSkipped`). If it is false such a
    /// purchase reverts the whole.
    /// @return bought How many licences were bought.
    function buyMany(Purchase[] calldata purchases, bool skip, Permit[] calldata permits, Due[] calldata due)
        external
        payable
        returns (uint256 bought);

    /// @notice Why this licence could not be bought now. It does not check whether the payment would succeed.
    /// @return problem `None` if it can be bought.
    /// @return opens Whether a licence for it opens something on the chain. This is so for collections and models of
    /// the suite.
    /// @return licence What the licensee would have at least, in the form of `LicenceBought`. Zero if there is a
    /// problem. It never becomes less as long as the licence can be bought.
    function problemOf(Purchase calldata purchase) external view returns (Problem problem, bool opens, uint256 licence);

    /// @notice The ID of an offer: the hash of all that it says.
    function offerIdOf(Offer calldata offer_) external view returns (bytes32);

    /// @notice What has become of an offer.
    /// @return holder Who made the offer. Zero if nobody did.
    /// @return sold How many licences were bought, if their number is limited.
    /// @return ended Whether the offer was ended or replaced.
    function standingOf(bytes32 offerId) external view returns (address holder, uint32 sold, bool ended);

    /// @notice Who holds the rights in what a registry has under an ID now. Zero if it is nobody.
    function holderOf(address registry, bytes32 id) external view returns (address);

    /// @notice Whether `delegate` may make and end offers for `holder`.
    function isDelegate(address holder, address delegate) external view returns (bool);

    /// @notice The last second of one use. Zero if it was never bought, 2^36 − 1 if it has no end.
    /// @param use One bit of `Uses`.
    function licensedUntil(bytes32 subject, address user, uint256 use) external view returns (uint64);
}
