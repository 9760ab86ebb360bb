// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IDataRegistry} from "./interfaces/IDataRegistry.sol";
import {IGate} from "./interfaces/IGate.sol";
import {ILicenseMarket} from "./interfaces/ILicenseMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "./interfaces/IRightsToken.sol";
import {Ask} from "./libraries/Ask.sol";
import {Ids} from "./libraries/Ids.sol";
import {Pay} from "./libraries/Pay.sol";
import {Payees} from "./libraries/Payees.sol";
import {Offer, Permit, Purchase} from "./types/Offer.sol";
import {Terms, TermsId, Uses} from "./types/Terms.sol";

contract LicenseMarket is ILicenseMarket, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev In one slot.
    struct Standing {
        address holder;
        uint32 sold;
        bool ended;
        /// Last second that a licence may be for, of what never changes: a model's terms. A collection is asked each time.
        uint40 sureUntil;
    }

    uint256 private constant ALL_USES = Uses.ALL | Uses.GENERATION;
    uint256 private constant USES = 7;
    uint256 private constant BITS = 36;
    uint256 private constant FOREVER = 2 ** BITS - 1;

    IRevenueSplitter private immutable SPLITTER;
    IRightsToken private immutable RIGHTS;
    IDataRegistry private immutable DATA;
    IModelRegistry private immutable MODELS;
    address private immutable OUTPUTS;

    /// What is left of the ether sent.
    uint256 private transient _purse;

    mapping(bytes32 offerId => Standing) private _standing;
    mapping(bytes32 subject => mapping(address user => uint256 times)) private _licences;

    /// @inheritdoc ILicenseMarket
    mapping(address holder => mapping(address delegate => bool)) public isDelegate;

    /// @dev Inside the lock. What is not spent goes back.
    modifier spending() {
        _purse = msg.value;
        _;
        _giveBack();
    }

    constructor(
        IRevenueSplitter splitter,
        IRightsToken rights,
        IDataRegistry data,
        IModelRegistry models,
        address outputs
    ) {
        (SPLITTER, RIGHTS, DATA, MODELS, OUTPUTS) = (splitter, rights, data, models, outputs);
    }

    // Offering

    /// @inheritdoc ILicenseMarket
    function offer(Offer calldata offer_, bytes32 replaces) external returns (bytes32 offerId) {
        address holder = holderOf(offer_.registry, offer_.id);
        if (holder != msg.sender && !isDelegate[holder][msg.sender]) {
            revert LicenseMarket_NotHolder(offer_.registry, offer_.id, holder, msg.sender);
        }
        if (offer_.uses == 0 || offer_.uses > ALL_USES) revert LicenseMarket_NoUse(offer_.uses);
        if (offer_.supply == 0) revert LicenseMarket_NoSupply();
        bytes32 subject = Ids.subject(offer_.registry, offer_.id);
        bytes32 scheduleId = RIGHTS.openOf(uint256(subject));
        if (scheduleId != 0) revert LicenseMarket_Locked(uint256(subject), scheduleId);
        offerId = offerIdOf(offer_);
        if (_standing[offerId].holder != address(0)) revert LicenseMarket_OfferedBefore(offerId);
        _standing[offerId] = Standing(holder, 0, false, uint40(_sellable(offer_)));
        emit Offered(offerId, subject, holder, offer_);
        if (replaces != 0) {
            if (_standing[replaces].holder != holder) revert LicenseMarket_NotTheirs(replaces, holder);
            _end(replaces);
        }
    }

    /// @inheritdoc ILicenseMarket
    function end(bytes32 offerId) external {
        address holder = _standing[offerId].holder;
        if (holder != msg.sender && !isDelegate[holder][msg.sender]) {
            revert LicenseMarket_NotTheirs(offerId, msg.sender);
        }
        _end(offerId);
    }

    /// @inheritdoc ILicenseMarket
    function setDelegate(address delegate, bool allowed) external {
        isDelegate[msg.sender][delegate] = allowed;
        emit DelegateSet(msg.sender, delegate, allowed);
    }

    /// @dev Reverts unless a first licence bought now could be used until it ends. Gate, uses, notice and validity of terms
    /// never change, so what does not fit now never does.
    /// @return sure The last second that a licence may be for; of a collection, as things are now.
    function _sellable(Offer calldata offer_) private view returns (uint256 sure) {
        if (!_opens(offer_.registry)) return FOREVER;
        bool isData = offer_.registry == address(DATA);
        Terms memory terms = DATA.termsOf(isData ? DATA.status(offer_.id).termsId : MODELS.modelOf(offer_.id).termsId);
        if (terms.gate != address(this)) revert LicenseMarket_NotTheGate(offer_.registry, offer_.id, terms.gate);
        uint256 allowed = TermsId.uses(terms);
        // As `DataRegistry.authoriseTerms` has it.
        if (!isData) allowed |= Uses.GENERATION;
        if (offer_.uses & ~allowed != 0) revert LicenseMarket_UseNotAllowed(offer_.uses, allowed);
        sure = isData ? _sureUntil(offer_.id) : _known(terms.validUntil == 0 ? type(uint256).max : terms.validUntil);
        if (sure == 0) revert LicenseMarket_Revoked(offer_.id);
        if (_fromNow(offer_.duration) > sure) {
            revert LicenseMarket_TooLong(offer_.duration, sure < block.timestamp ? 0 : sure + 1 - block.timestamp);
        }
    }

    /// @dev Zero where it is revoked.
    function _sureUntil(bytes32 collection) private view returns (uint256) {
        return _known(DATA.sureUntil(collection));
    }

    /// @dev A second as licences have it: without end only what has none.
    function _known(uint256 second) private pure returns (uint256) {
        if (second == type(uint256).max) return FOREVER;
        return second < FOREVER ? second : FOREVER - 1;
    }

    function _opens(address registry) private view returns (bool) {
        return registry == address(DATA) || registry == address(MODELS);
    }

    function _end(bytes32 offerId) private {
        if (_standing[offerId].ended) return;
        _standing[offerId].ended = true;
        emit OfferEnded(offerId);
    }

    // Buying

    /// @inheritdoc ILicenseMarket
    function buy(Purchase calldata purchase) external payable nonReentrant spending {
        bytes32 offerId = offerIdOf(purchase.offer);
        (Problem problem, uint256 licence) = _judged(offerId, purchase);
        if (problem != Problem.None) revert LicenseMarket_NotBought(0, offerId, problem);
        _buy(offerId, purchase, msg.sender, licence);
    }

    /// @inheritdoc ILicenseMarket
    function buyMany(Purchase[] calldata purchases, bool skip, Permit[] calldata permits, Due[] calldata due)
        external
        payable
        nonReentrant
        spending
        returns (uint256 bought)
    {
        for (uint256 i; i < permits.length; ++i) {
            Permit calldata permit = permits[i];
            if (permit.token.code.length == 0) continue;
            try IERC20Permit(permit.token)
                .permit(msg.sender, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s) {}
                catch {}
        }
        for (uint256 i; i < purchases.length; ++i) {
            Purchase calldata purchase = purchases[i];
            bytes32 offerId = offerIdOf(purchase.offer);
            (Problem problem, uint256 licence) = _judged(offerId, purchase);
            if (problem == Problem.None) {
                if (!skip) _buy(offerId, purchase, msg.sender, licence);
                else if (!_tries(offerId, purchase, licence)) problem = Problem.NotPaid;
            }
            if (problem == Problem.None) ++bought;
            else if (skip) emit PurchaseSkipped(offerId, purchase.licensee, problem);
            else revert LicenseMarket_NotBought(i, offerId, problem);
        }
        for (uint256 i; i < due.length; ++i) {
            if (due[i].rights.code.length == 0) continue;
            try IRightsToken(due[i].rights).execute(due[i].schedule) {} catch {}
        }
    }

    /// @dev A call of its own, so that a payment that fails takes all of its purchase back.
    function buyItself(bytes32 offerId, Purchase calldata purchase, address payer, uint256 licence) external {
        if (msg.sender != address(this)) revert LicenseMarket_NotItself();
        _buy(offerId, purchase, payer, licence);
    }

    function _tries(bytes32 offerId, Purchase calldata purchase, uint256 licence) private returns (bool) {
        try this.buyItself(offerId, purchase, msg.sender, licence) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev What can be bought, which was looked at. Everything is written down before anybody is called.
    /// @param licence What the licensee then has.
    function _buy(bytes32 offerId, Purchase calldata purchase, address payer, uint256 licence) private {
        Offer calldata offer_ = purchase.offer;
        // Where there is no end of them nobody needs to count.
        if (offer_.supply != type(uint32).max) ++_standing[offerId].sold;
        bytes32 subject = Ids.subject(offer_.registry, offer_.id);
        _licences[subject][purchase.licensee] = licence;
        emit LicenceBought(offerId, subject, purchase.licensee, payer, licence);
        if (offer_.price == 0) return;
        bytes32 payee = subject;
        bytes memory opening;
        if (offer_.registry == address(MODELS) || offer_.registry == OUTPUTS) {
            // Its split, which never changes, and whose income it counts as.
            (, payee) = Ask.word(offer_.registry, Ask.GAS, abi.encodeCall(IRegistry.payeeOf, (offer_.id, address(0))));
            opening = purchase.opening;
        } else {
            opening = abi.encodePacked(offer_.registry, offer_.id);
        }
        _pay(payee, opening, offer_.token, offer_.price, offerId, payer);
    }

    function _pay(bytes32 payee, bytes memory opening, address token, uint256 price, bytes32 offerId, address payer)
        private
    {
        if (token == address(0)) {
            uint256 left = _purse;
            if (price > left) revert LicenseMarket_NotEnoughEther(price, left);
            _purse = left - price;
            SPLITTER.deposit{value: price}(payee, opening, token, price, offerId);
            return;
        }
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(payer, address(this), price);
        uint256 arrived = IERC20(token).balanceOf(address(this)) - before;
        if (arrived != price) revert LicenseMarket_NotThePrice(token, price, arrived);
        // Nothing of anybody's is ever left here, so it can be for good.
        if (IERC20(token).allowance(address(this), address(SPLITTER)) < price) {
            IERC20(token).forceApprove(address(SPLITTER), type(uint256).max);
        }
        arrived = SPLITTER.deposit(payee, opening, token, price, offerId);
        if (arrived != price) revert LicenseMarket_NotThePrice(token, price, arrived);
    }

    function _giveBack() private {
        uint256 rest = _purse;
        if (rest == 0) return;
        _purse = 0;
        if (!Pay.out(msg.sender, address(0), rest)) revert LicenseMarket_RefundFailed(msg.sender, rest);
    }

    /// @param first The end of what begins now.
    /// @return licence With each use from now on, or from its end, and never past what is sure. What is sure is never less than
    /// it was, so no use ends earlier than it did; and more than the duration alone was found to be sure.
    function _extended(uint256 times, uint256 uses, uint256 duration, uint256 first, uint256 sure)
        private
        view
        returns (uint256 licence)
    {
        licence = times;
        // Seven times of 36 bits.
        unchecked {
            for (uint256 place; uses != 0; (uses, place) = (uses >> 1, place + BITS)) {
                if (uses & 1 == 0) continue;
                uint256 until = times >> place & FOREVER;
                uint256 ends = first;
                if (until >= block.timestamp) {
                    ends = _added(until, duration);
                    if (ends > sure) ends = sure;
                }
                licence = licence & ~(FOREVER << place) | ends << place;
            }
        }
    }

    /// @dev The last of so many seconds, of which this one is the first.
    function _fromNow(uint256 duration) private view returns (uint256) {
        return _added(block.timestamp - 1, duration);
    }

    function _added(uint256 until, uint256 duration) private pure returns (uint256) {
        unchecked {
            return duration == 0 || duration > FOREVER - until ? FOREVER : until + duration;
        }
    }

    // Asking

    /// @inheritdoc IGate
    function isAllowed(bytes32 subject, address user, uint256 use) external view returns (bool) {
        if (use == 0 || use > ALL_USES) return false;
        uint256 times = _licences[subject][user];
        for (uint256 i; i < USES; ++i) {
            if (use >> i & 1 == 1 && times >> i * BITS & FOREVER < block.timestamp) return false;
        }
        return true;
    }

    /// @inheritdoc ILicenseMarket
    function licensedUntil(bytes32 subject, address user, uint256 use) external view returns (uint64) {
        for (uint256 i; i < USES; ++i) {
            if (use == 1 << i) return uint64(_licences[subject][user] >> i * BITS & FOREVER);
        }
        revert LicenseMarket_NoUse(use);
    }

    /// @inheritdoc ILicenseMarket
    function problemOf(Purchase calldata purchase)
        external
        view
        returns (Problem problem, bool opens, uint256 licence)
    {
        (problem, licence) = _judged(offerIdOf(purchase.offer), purchase);
        opens = _opens(purchase.offer.registry);
    }

    /// @inheritdoc ILicenseMarket
    function standingOf(bytes32 offerId) external view returns (address holder, uint32 sold, bool ended) {
        Standing storage standing = _standing[offerId];
        return (standing.holder, standing.sold, standing.ended);
    }

    /// @inheritdoc ILicenseMarket
    function offerIdOf(Offer calldata offer_) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), offer_));
    }

    /// @inheritdoc ILicenseMarket
    function holderOf(address registry, bytes32 id) public view returns (address holder) {
        holder = RIGHTS.holderOf(uint256(Ids.subject(registry, id)));
        if (holder != address(0)) return holder;
        (, bytes32 registrant) = Ask.word(registry, Ask.GAS, abi.encodeCall(IRegistry.registrantOf, (id)));
        return Payees.toAddress(registrant);
    }

    /// @return problem Why it cannot be bought, or none.
    /// @return licence What the licensee would then have.
    function _judged(bytes32 offerId, Purchase calldata purchase)
        private
        view
        returns (Problem problem, uint256 licence)
    {
        problem = _problem(offerId, purchase);
        if (problem != Problem.None) return (problem, 0);
        Offer calldata offer_ = purchase.offer;
        bool isData = offer_.registry == address(DATA);
        uint256 sure = isData ? _sureUntil(offer_.id) : _standing[offerId].sureUntil;
        if (sure == 0) return (Problem.Revoked, 0);
        uint256 first = _fromNow(offer_.duration);
        if (first > sure) return (Problem.TooLong, 0);
        uint256 times = _licences[Ids.subject(offer_.registry, offer_.id)][purchase.licensee];
        licence = _extended(times, offer_.uses, offer_.duration, first, sure);
    }

    /// @dev What the offer itself says.
    function _problem(bytes32 offerId, Purchase calldata purchase) private view returns (Problem) {
        Standing storage standing = _standing[offerId];
        Offer calldata offer_ = purchase.offer;
        if (standing.holder == address(0)) return Problem.NotOffered;
        if (standing.ended) return Problem.Ended;
        if (offer_.until != 0 && block.timestamp > offer_.until) return Problem.Closed;
        if (holderOf(offer_.registry, offer_.id) != standing.holder) return Problem.HolderChanged;
        if (offer_.supply != type(uint32).max && standing.sold >= offer_.supply) return Problem.SoldOut;
        if (purchase.licensee == address(0)) return Problem.NotForThem;
        if (offer_.buyers == 0) return Problem.None;
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(purchase.licensee))));
        return MerkleProof.verifyCalldata(purchase.proof, offer_.buyers, leaf) ? Problem.None : Problem.NotForThem;
    }
}
