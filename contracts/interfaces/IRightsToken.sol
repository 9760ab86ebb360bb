// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC5192} from "./IERC5192.sol";
import {Condition, Schedule} from "../types/Schedule.sol";
import {IERC7572} from "./IERC7572.sol";
import {IRevenueSplitter} from "./IRevenueSplitter.sol";
import {Approval as Signature, ISigned} from "./ISigned.sol"; // ERC-721 has an event of its name

/// @title The rights in a batch, model or collection, as an ERC-721
/// @notice `tokenId` is the number of `subject(registry, id)`. Whoever holds it is paid what is paid to the subject
/// `(this contract, bytes32(tokenId))`, which a batch names as its payee.
///
/// `tokenURI` is JSON on the chain: registry, ID, registrant, rights document, resale royalty, the part of the subject's
/// income that reaches the token, whether it is locked (ERC-5192), and the subject's seal as a picture.
///
/// A holder can schedule a token: it is locked, and once every condition is met anybody may execute the transfer to the
/// beneficiary that was named. Until then neither side can back out alone; after the deadline anybody may let it lapse,
/// and as long as nobody does it can still be executed. What the token earned and nobody claimed goes with it.
///
/// What comes with a token is that part of the income (`incomeOf`), and making offers where a market asks for the holder.
/// Revoking consent, the allow list and endorsements stay with the registrant for good, and where the subject's payee is
/// another than the token its income does not come along. Of the suite's registries the part that was shown never shrinks:
/// the split of a model or batch is what it is, and a collection keeps every payee but its provider's wallet.
///
/// Not protected against: a registry of somebody's own. Anybody can mint under one; metadata names the registry and
/// clients filter by it. What such a registry says of its IDs, their registrant and payee included, may change at any
/// time without an event here: what it shows at a sale it can take back a second later. Nor against seals that look alike;
/// the number counts.
interface IRightsToken is IERC4906, IERC2981, IERC5192, IERC7572, ISigned {
    struct Rights {
        address registry;
        uint16 royaltyBps;
        /// How many times it was scheduled.
        uint64 schedules;
        bytes32 id;
        bytes32 document;
    }

    /// @notice What its registrant says of a token when it is minted.
    struct RightsSpec {
        address registry;
        bytes32 id;
        /// keccak256 of the rights document.
        bytes32 document;
        /// What ERC-2981 asks of a resale, in 1/10,000; it goes to the subject's split, not to the holder.
        uint16 royaltyBps;
        /// The income that is expected: of what is paid to the subject, `shares / total` reaches the token. 1 / 1 where
        /// the subject's payee is the token, the leaf's shares and the split's total where that is a split, 0 / 0 where
        /// nothing reaches it.
        uint96 shares;
        uint96 total;
    }

    /// @notice What has become of a schedule. From open on it changes once, and is never forgotten.
    enum State {
        None,
        Open,
        Executed,
        Lapsed
    }

    /// @notice Once per token, beside ERC-721's `Transfer` and ERC-5192's `Unlocked`.
    event RightsMinted(
        uint256 indexed tokenId, address indexed registry, bytes32 indexed id, bytes32 document, uint16 royaltyBps
    );
    /// @notice The opening of a token is on record; from now on it pays, minted or not.
    event Revealed(uint256 indexed tokenId, address indexed registry, bytes32 indexed id);
    /// @notice Of what is paid to the token's subject, `shares / total` reaches the token; 0 / 0 when that has ended.
    /// @param payee Of the subject: the token's own subject, or a split with that in it.
    event IncomeShown(uint256 indexed tokenId, bytes32 indexed payee, uint96 shares, uint96 total);
    /// @notice A token was locked, beside ERC-5192's `Locked`.
    /// @param schedule As it is to be given to `execute`, `lapse` and `cancel`.
    /// @param shares With `total`, the part of the income that came along then (`incomeOf`). Of a registry that is not
    /// the suite's it may shrink before the token moves.
    event TransferScheduled(
        bytes32 indexed scheduleId,
        uint256 indexed tokenId,
        address indexed beneficiary,
        Schedule schedule,
        uint96 shares,
        uint96 total
    );
    /// @notice It moved to the beneficiary, beside ERC-721's `Transfer`.
    event TransferExecuted(bytes32 indexed scheduleId, uint256 indexed tokenId);
    /// @notice It stays where it was: the deadline had passed, or both had cancelled.
    event TransferLapsed(bytes32 indexed scheduleId, uint256 indexed tokenId);
    /// @notice One of both agreed to cancel it before the deadline.
    event CancelAgreed(bytes32 indexed scheduleId, address indexed by);

    error RightsToken_NotRegistrant(address registry, bytes32 id, address registrant, address caller);
    error RightsToken_RoyaltyTooLarge(uint256 royaltyBps);
    /// The registry names nobody who registered it, or does not answer.
    error RightsToken_Unregistered(address registry, bytes32 id);
    /// The registry does not say who is paid.
    error RightsToken_NoAnswer(address registry, bytes32 id);
    error RightsToken_NotThere(address to);
    /// @param payee What the registry answers; zero when it does not.
    error RightsToken_IncomeNotShown(uint256 tokenId, bytes32 payee);
    /// Not what was expected: `shares / total`, 0 / 0 for nothing, reaches the token. `payee` is the subject's.
    error RightsToken_OtherIncome(uint256 tokenId, bytes32 payee, uint96 shares, uint96 total);
    error RightsToken_NotHolder(uint256 tokenId, address holder, address caller);
    error RightsToken_Locked(uint256 tokenId, bytes32 scheduleId);
    /// It is nobody, or the holder already.
    error RightsToken_Beneficiary(address beneficiary);
    error RightsToken_DeadlinePassed(uint256 deadline);
    error RightsToken_DeadlineNotPassed(uint256 deadline);
    /// No schedule that is open: never made, ended, or other values than it was made with.
    error RightsToken_NotOpen(bytes32 scheduleId);
    /// @param index Of the first condition that is not met.
    error RightsToken_NotMet(bytes32 scheduleId, uint256 index);
    error RightsToken_NotAParty(bytes32 scheduleId, address caller);

    /// @notice Mints the token of `(spec.registry, spec.id)` to its registrant, who must be the caller; once.
    /// Where income reaches it, `IncomeShown` says so. Nobody's payee changes: a collection is made to pay its token by
    /// `IDataRegistry.setPayee`, before.
    /// @dev Asks the registry by static calls only. Reverts `RightsToken_OtherIncome` where other income reaches the token
    /// than is expected, and `RightsToken_IncomeNotShown` where the proof proves nothing. Expecting nothing, without a
    /// proof, of a split that pays the token is no error: a split cannot be searched here, and `showIncome` can follow.
    /// @param share The leaf of the token's own subject in the split that is the subject's payee; else empty.
    function mint(RightsSpec calldata spec, IRevenueSplitter.Share calldata share) external returns (uint256 tokenId);

    /// @notice The same by anybody who has the registrant's signature; the token goes to the registrant.
    /// `Mint(address registrant,address registry,bytes32 id,bytes32 document,uint16 royaltyBps,uint96 shares,uint96 total,uint256 nonce,uint256 deadline)`,
    /// without the proof, which is found or not. Does nothing, and leaves the nonce, when it is minted with this document
    /// and royalty.
    function mintFor(
        address registrant,
        RightsSpec calldata spec,
        IRevenueSplitter.Share calldata share,
        Signature calldata approval
    ) external returns (uint256 tokenId);

    /// @notice Puts the opening of a token on record, by anybody, so that before it is minted it pays the registrant.
    /// Until then, or until it is minted, what reaches the token waits.
    function reveal(address registry, bytes32 id) external returns (uint256 tokenId);

    /// @notice Puts on record that income of the subject reaches the token, by anybody; does nothing when it is.
    /// Emits `IncomeShown` and ERC-4906's `MetadataUpdate`.
    /// @dev The token must be minted. What reaches it through a split below the subject's own is not shown.
    /// @param share The leaf of the token's own subject in the split that the registry says is the subject's payee. Empty
    /// when the payee is the token's own subject, or to take back a record which the registry does not bear out any more:
    /// only one that is not the suite's changes its word.
    function showIncome(uint256 tokenId, IRevenueSplitter.Share calldata share) external;

    /// @notice Which part of what is paid to the subject reaches the token, of the gross: `shares / total`.
    /// @return shares Zero, as `total`, unless it is on record and the registry still says so.
    function incomeOf(uint256 tokenId) external view returns (uint96 shares, uint96 total);

    /// @notice Locks a token of the caller's until it moves to `beneficiary`, or does not.
    /// @dev Only the holder itself: whom it approved cannot lock. The beneficiary is not asked, and its receiver hook is
    /// never called, so a contract that cannot hold tokens should not be named.
    /// @param conditions 1 to 8, each of which must be met. What `ICondition.start` makes of them counts.
    /// @param deadline Last second before it may lapse.
    function schedule(uint256 tokenId, address beneficiary, Condition[] calldata conditions, uint64 deadline)
        external
        returns (bytes32 scheduleId);

    /// @notice Moves the token, by anybody, once every condition is met; also after the deadline, until it has lapsed.
    function execute(Schedule calldata schedule_) external;

    /// @notice Unlocks the token where it is, by anybody, after the deadline.
    function lapse(Schedule calldata schedule_) external;

    /// @notice Agrees to cancel it before the deadline, by the holder or the beneficiary; once both have, it has lapsed.
    function cancel(Schedule calldata schedule_) external;

    /// @notice The same for the holder or the beneficiary, by signature.
    /// `Cancel(bytes32 scheduleId,address party,uint256 nonce,uint256 deadline)`.
    function cancelFor(Schedule calldata schedule_, address party, Signature calldata approval) external;

    /// @notice What has become of a schedule.
    /// @return state None when there never was one.
    /// @return holder Who held the token when it was scheduled.
    function stateOf(bytes32 scheduleId) external view returns (State state, address holder);

    /// @notice The open schedule of a token; zero when it is not locked.
    function openOf(uint256 tokenId) external view returns (bytes32 scheduleId);

    /// @notice The hash of a schedule, which is its ID here.
    function scheduleIdOf(Schedule calldata schedule_) external view returns (bytes32);

    function rightsOf(uint256 tokenId) external view returns (Rights memory);

    /// @notice The holder, or zero when it is not minted.
    function holderOf(uint256 tokenId) external view returns (address);

    /// @notice Whom the token's subject stands for: its holder, or before minting the registrant.
    /// @param caller Who moves the money: a holder with code is paid only at its own call, because money that others
    /// push into a contract can be stuck there. An EIP-7702 wallet counts as a wallet.
    /// @return payee A wallet, or zero for nobody now.
    function payeeOf(bytes32 id, address caller) external view returns (bytes32 payee);
}
