// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Offer, Permit, Purchase} from "../types/Offer.sol";
import {Schedule} from "../types/Schedule.sol";
import {IGate} from "./IGate.sol";

/// @title Licences for data, models and outputs
/// @notice Offers are made by who holds the rights: the rights token's holder, or who registered it where none is minted,
/// or whom they delegate. An offer lapses when the holder changes, and stands again if it is theirs again. Whoever buys
/// pays everybody whom the trace leads back to, in the same transaction: a collection's subject, a model's or batch's
/// split. A licence is a record of the licensee, not transferable; ending or replacing an offer changes none.
///
/// It is a gate: terms that name it let through whom it has licensed, for that use, at that time. Unlike a list it cannot
/// close before the licence ends.
///
/// What is sold is let through until it ends, by consent and by this gate. Of a collection or model of the suite only uses are
/// sold that its terms allow, and only where they name this market as their gate. Of a collection no longer than its notice,
/// whoever revokes it and whenever, and not past the end of its terms: the notice is the longest licence there is, renewals
/// included. Without end only where the notice is the largest, which makes consent irrevocable, and the terms never expire. Of a
/// model, which cannot be revoked, not past the end of its terms.
///
/// Not everything that a use needs is consent. Single items of a collection can be revoked, before a sale or after, and a
/// manifest that declares them is false; so look at the items as well. Other sources of the same model have gates of
/// their own, which may close. And on a model of 256 models, or one of which all is asked, training is sold that
/// cannot be registered (`IModelRegistry` says when).
///
/// Anybody may pay for anybody's licence, a studio for its trainers; the event says who did. A licence adds a permission and takes
/// none: what one had never ends earlier for it. Bought again, a use goes on from its end for the offer's seconds, or to
/// the last second that is sure, where that is earlier; from now on the whole duration is always sure, or it is not sold. So what
/// `problemOf` says a purchase leads to is the least that it leads to, whatever anybody buys, gives or ends in between, for the
/// price that is in the offer. Who buys again near the end of what is sure pays the whole price for what there is.
///
/// A licence for anything else, a batch or another registry's, opens nothing on the chain (`problemOf`): it is a document that
/// was paid for.
///
/// Not protected against: what the licence document says is a promise between people; whether two offers contradict each
/// other (exclusivity) is not looked at. Tokens that take a fee are refused, ones that lie harm those who ask for them.
interface ILicenseMarket is IGate {
    /// @notice Why a purchase cannot be made now, in the order in which it is looked at.
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
        /// Its seconds, from now on, are more than is sure.
        TooLong,
        /// Not told by `problemOf`: the payment failed.
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
    /// @param licence What the licensee has of the subject from now on: seven times of 36 bits, the last second of each
    /// use in the order of `Uses`, the first in the lowest bits; all ones without end.
    event LicenceBought(
        bytes32 indexed offerId, bytes32 indexed subject, address indexed licensee, address payer, uint256 licence
    );
    event PurchaseSkipped(bytes32 indexed offerId, address indexed licensee, Problem problem);

    error LicenseMarket_NotHolder(address registry, bytes32 id, address holder, address caller);
    error LicenseMarket_NoUse(uint256 uses);
    error LicenseMarket_NoSupply();
    error LicenseMarket_OfferedBefore(bytes32 offerId);
    /// The rights token is locked by a conditional transfer.
    error LicenseMarket_Locked(uint256 tokenId, bytes32 scheduleId);
    /// Its terms ask another contract who may use it, or nobody: a licence from here would open nothing.
    error LicenseMarket_NotTheGate(address registry, bytes32 id, address gate);
    error LicenseMarket_UseNotAllowed(uint256 uses, uint256 allowed);
    error LicenseMarket_Revoked(bytes32 collection);
    /// @param duration Of the offer; zero without end.
    /// @param longest How many seconds a licence bought now can be for.
    error LicenseMarket_TooLong(uint256 duration, uint256 longest);
    error LicenseMarket_NotTheirs(bytes32 offerId, address holder);
    /// @param index Of the purchase.
    error LicenseMarket_NotBought(uint256 index, bytes32 offerId, Problem problem);
    error LicenseMarket_NotEnoughEther(uint256 price, uint256 left);
    error LicenseMarket_NotThePrice(address token, uint256 price, uint256 arrived);
    error LicenseMarket_NotItself();
    error LicenseMarket_RefundFailed(address payer, uint256 amount);

    /// @notice Makes an offer, by the holder or a delegate of theirs; an equal one cannot be made again. While the rights token
    /// is locked nobody makes one: who is to have it next finds the offers that stood when it was locked, or fewer.
    /// @param replaces Another offer of the holder's, which ends; zero for none.
    /// @dev Of the suite's collections and models, reverts where what it sells could not be used until it ends:
    /// `LicenseMarket_NotTheGate`, `LicenseMarket_UseNotAllowed`, `LicenseMarket_Revoked`, `LicenseMarket_TooLong`.
    function offer(Offer calldata offer_, bytes32 replaces) external returns (bytes32 offerId);

    /// @notice Ends an offer, by who held the rights when it was made, or a delegate of theirs; also while they are locked.
    function end(bytes32 offerId) external;

    /// @notice Lets somebody make and end offers for all that the caller holds, or not any more.
    function setDelegate(address delegate, bool allowed) external;

    /// @notice Buys one licence with the ether sent, or what the caller has approved; what is left of the ether comes back.
    function buy(Purchase calldata purchase) external payable;

    /// @notice Buys many, and executes transfers that the payments made due.
    /// @param permits Used first; one that fails is passed over.
    /// @param due Executed last; one that cannot be is passed over.
    /// @param skip Whether what cannot be bought is passed over (`PurchaseSkipped`); else it reverts all.
    /// @return bought How many were.
    function buyMany(Purchase[] calldata purchases, bool skip, Permit[] calldata permits, Due[] calldata due)
        external
        payable
        returns (uint256 bought);

    /// @notice Why this could not be bought now; what the licensee's payment would come to is not looked at.
    /// @return problem None where it can be bought.
    /// @return opens Whether a licence for it is asked for on the chain: for collections and models of the suite.
    /// @return licence What the licensee would then have at least, as `LicenceBought` says it; zero where there is a problem. It is
    /// never less later on, as long as it can be bought.
    function problemOf(Purchase calldata purchase) external view returns (Problem problem, bool opens, uint256 licence);

    function offerIdOf(Offer calldata offer_) external view returns (bytes32);

    /// @return holder Who made it; zero when nobody did.
    /// @return sold How many were bought, where that is limited.
    /// @return ended Whether it was ended or replaced.
    function standingOf(bytes32 offerId) external view returns (address holder, uint32 sold, bool ended);

    /// @notice Who holds the rights in what a registry has under an ID now; zero for nobody.
    function holderOf(address registry, bytes32 id) external view returns (address);

    function isDelegate(address holder, address delegate) external view returns (bool);

    /// @notice Last second of one use; zero when it was never bought, 2^36 − 1 without end.
    /// @param use One bit of `Uses`.
    function licensedUntil(bytes32 subject, address user, uint256 use) external view returns (uint64);
}
