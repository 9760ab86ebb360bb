// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IGate} from "./interfaces/IGate.sol";
import {ILicenseMarket} from "./interfaces/ILicenseMarket.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "./interfaces/IRightsToken.sol";
import {Ask} from "./libraries/Ask.sol";
import {Ids} from "./libraries/Ids.sol";
import {Pay} from "./libraries/Pay.sol";
import {Payees} from "./libraries/Payees.sol";
import {Offer, Permit, Purchase} from "./types/Offer.sol";
import {Uses} from "./types/Terms.sol";

contract LicenseMarket is ILicenseMarket, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev In one slot.
    struct Standing {
        address holder;
        uint32 sold;
        bool ended;
    }

    uint256 private constant ALL_USES = Uses.ALL | Uses.GENERATION;
    uint256 private constant USES = 7;
    uint256 private constant BITS = 36;
    uint256 private constant FOREVER = 2 ** BITS - 1;

    IRevenueSplitter private immutable SPLITTER;
    IRightsToken private immutable RIGHTS;
    address private immutable MODELS;
    address private immutable OUTPUTS;

    /// What is left of the ether sent.
    uint256 private transient _purse;

    mapping(bytes32 offerId => Standing) public standingOf;
    mapping(bytes32 subject => mapping(address user => uint256 times)) private _licences;

    /// @inheritdoc ILicenseMarket
    mapping(address holder => mapping(address delegate => bool)) public isDelegate;

    /// @dev Inside the lock. What is not spent goes back.
    modifier spending() {
        _purse = msg.value;
        _;
        _giveBack();
    }

    constructor(IRevenueSplitter splitter, IRightsToken rights, address models, address outputs) {
        (SPLITTER, RIGHTS, MODELS, OUTPUTS) = (splitter, rights, models, outputs);
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
        offerId = offerIdOf(offer_);
        if (standingOf[offerId].holder != address(0)) revert LicenseMarket_OfferedBefore(offerId);
        standingOf[offerId].holder = holder;
        emit Offered(offerId, Ids.subject(offer_.registry, offer_.id), holder, offer_);
        if (replaces != 0) {
            if (standingOf[replaces].holder != holder) revert LicenseMarket_NotTheirs(replaces, holder);
            _end(replaces);
        }
    }

    /// @inheritdoc ILicenseMarket
    function end(bytes32 offerId) external {
        address holder = standingOf[offerId].holder;
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

    function _end(bytes32 offerId) private {
        if (standingOf[offerId].ended) return;
        standingOf[offerId].ended = true;
        emit OfferEnded(offerId);
    }

    // Buying

    /// @inheritdoc ILicenseMarket
    function buy(Purchase calldata purchase) external payable nonReentrant spending {
        bytes32 offerId = offerIdOf(purchase.offer);
        Problem problem = _problem(offerId, purchase);
        if (problem != Problem.None) revert LicenseMarket_NotBought(0, offerId, problem);
        _buy(offerId, purchase, msg.sender);
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
            Problem problem = _problem(offerId, purchase);
            if (problem == Problem.None) {
                if (!skip) _buy(offerId, purchase, msg.sender);
                else if (!_tries(offerId, purchase)) problem = Problem.NotPaid;
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
    function buyItself(bytes32 offerId, Purchase calldata purchase, address payer) external {
        if (msg.sender != address(this)) revert LicenseMarket_NotItself();
        _buy(offerId, purchase, payer);
    }

    function _tries(bytes32 offerId, Purchase calldata purchase) private returns (bool) {
        try this.buyItself(offerId, purchase, msg.sender) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev What can be bought, which was looked at. Everything is written down before anybody is called.
    function _buy(bytes32 offerId, Purchase calldata purchase, address payer) private {
        Offer calldata offer_ = purchase.offer;
        // Where there is no end of them nobody needs to count.
        if (offer_.supply != type(uint32).max) ++standingOf[offerId].sold;
        bytes32 subject = Ids.subject(offer_.registry, offer_.id);
        uint256 licence = _extended(_licences[subject][purchase.licensee], offer_.uses, offer_.duration);
        _licences[subject][purchase.licensee] = licence;
        emit LicenceBought(offerId, subject, purchase.licensee, payer, licence);
        if (offer_.price == 0) return;
        bytes32 payee = subject;
        bytes memory opening;
        if (offer_.registry == MODELS || offer_.registry == OUTPUTS) {
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

    /// @dev Each use from now, or from when it ends.
    function _extended(uint256 times, uint256 uses, uint256 duration) private view returns (uint256) {
        // Seven times of 36 bits.
        unchecked {
            for (uint256 place; uses != 0; (uses, place) = (uses >> 1, place + BITS)) {
                if (uses & 1 == 0) continue;
                uint256 until = times >> place & FOREVER;
                uint256 begins = until > block.timestamp ? until : block.timestamp;
                uint256 ends = duration == 0 || duration > FOREVER - begins ? FOREVER : begins + duration;
                times = times & ~(FOREVER << place) | ends << place;
            }
        }
        return times;
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
    function problemOf(Purchase calldata purchase) external view returns (Problem) {
        return _problem(offerIdOf(purchase.offer), purchase);
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

    function _problem(bytes32 offerId, Purchase calldata purchase) private view returns (Problem) {
        Standing storage standing = standingOf[offerId];
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
