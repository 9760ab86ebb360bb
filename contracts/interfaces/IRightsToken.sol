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
/// @notice `tokenId` is the number of `subject(registry, id)`. The holder of the token is paid what is paid to the
/// subject `(this contract, bytes32(tokenId))`. A batch can name this subject as its payee.
///
/// `tokenURI` is JSON on the chain: registry, ID, registrant, rights document, resale royalty, the part of the
/// subject's income that reaches the token, whether the token is locked (ERC-5192), and the seal of the subject as a
/// picture.
///
/// A holder can schedule the transfer of a token to a beneficiary. Scheduling locks the token. Once every condition is
/// met, anybody may execute the transfer. Before the deadline no party can end the schedule alone. After the deadline
/// anybody may let it lapse; until somebody does, it can still be executed. Money that the token earned and nobody
/// claimed moves with it.
///
/// A token carries the part of the income that `incomeOf` tells, and the right to make offers where a market asks for
/// the holder. Revoking consent, the allow list and endorsements stay with the registrant for good. If the subject's
/// payee is not the token, the income does not come with it. In the registries of the suite the shown part never
/// shrinks: the split of a model or batch never changes, and a collection keeps every payee except the provider's
/// wallet.
///
/// Not protected against: a registry of somebody's own. Anybody can mint a token under such a registry; metadata names
/// the registry and clients filter by it. Such a registry may change what it says about its IDs, registrants and payees
/// at any time, without an event here. It can take back a second after a sale what it showed at the sale. Nor against
/// seals that look alike: the number counts.
interface IRightsToken is IERC4906, IERC2981, IERC5192, IERC7572, ISigned {
    /// @notice What is on record of a token.
    struct Rights {
        address registry;
        uint16 royaltyBps;
        /// How many times the token was scheduled.
        uint64 schedules;
        bytes32 id;
        bytes32 document;
    }

    /// @notice What the registrant says about a token when it is minted.
    struct RightsSpec {
        address registry;
        bytes32 id;
        /// keccak256 of the rights document.
        bytes32 document;
        /// What ERC-2981 asks of a resale, in 1/10,000. It goes to the subject's split, not to the holder.
        uint16 royaltyBps;
        /// The income that the caller expects: `shares / total` of what is paid to the subject reaches the token. It is
        /// 1 / 1 if the subject's payee is the token; the leaf's shares and the split's total if the payee is a split;
        /// 0 / 0 if nothing reaches the token.
        uint96 shares;
        uint96 total;
    }

    /// @notice What has become of a schedule. An open schedule changes its state once, and no schedule is ever
    /// forgotten.
    enum State {
        None,
        Open,
        Executed,
        Lapsed
    }

    /// @notice Emitted once for each token, beside ERC-721's `Transfer` and ERC-5192's `Unlocked`.
    event RightsMinted(
        uint256 indexed tokenId, address indexed registry, bytes32 indexed id, bytes32 document, uint16 royaltyBps
    );
    /// @notice The opening of a token is on record. From now on the token pays, whether it is minted or not.
    event Revealed(uint256 indexed tokenId, address indexed registry, bytes32 indexed id);
    /// @notice `shares / total` of what is paid to the token's subject reaches the token. 0 / 0 means that this has
    /// ended.
    /// @param payee The payee of the subject: the token's own subject, or a split that contains it.
    event IncomeShown(uint256 indexed tokenId, bytes32 indexed payee, uint96 shares, uint96 total);
    /// @notice A token was locked. Emitted beside ERC-5192's `Locked`.
    /// @param schedule The schedule as `execute`, `lapse` and `cancel` take it.
    /// @param shares With `total`, the part of the income that came with the token then (`incomeOf`). If the registry
    /// is not one of the suite it may shrink before the token moves.
    event TransferScheduled(
        bytes32 indexed scheduleId,
        uint256 indexed tokenId,
        address indexed beneficiary,
        Schedule schedule,
        uint96 shares,
        uint96 total
    );
    /// @notice The token moved to the beneficiary. Emitted beside ERC-721's `Transfer`.
    event TransferExecuted(bytes32 indexed scheduleId, uint256 indexed tokenId);
    /// @notice The schedule ended and the token did not move: the deadline had passed, or both parties had cancelled.
    event TransferLapsed(bytes32 indexed scheduleId, uint256 indexed tokenId);
    /// @notice One of the two parties agreed to cancel the schedule before the deadline.
    event CancelAgreed(bytes32 indexed scheduleId, address indexed by);

    error RightsToken_NotRegistrant(address registry, bytes32 id, address registrant, address caller);
    error RightsToken_RoyaltyTooLarge(uint256 royaltyBps);
    /// The registry names nobody who registered the ID, or does not answer.
    error RightsToken_Unregistered(address registry, bytes32 id);
    /// The registry does not say who is paid.
    error RightsToken_NoAnswer(address registry, bytes32 id);
    error RightsToken_NotThere(address to);
    /// @param payee What the registry answers. Zero if it does not answer.
    error RightsToken_IncomeNotShown(uint256 tokenId, bytes32 payee);
    /// The income is not the expected one. `shares / total` is what reaches the token, 0 / 0 for nothing. `payee` is
    /// the subject's payee.
    error RightsToken_OtherIncome(uint256 tokenId, bytes32 payee, uint96 shares, uint96 total);
    error RightsToken_NotHolder(uint256 tokenId, address holder, address caller);
    error RightsToken_Locked(uint256 tokenId, bytes32 scheduleId);
    /// The beneficiary is nobody, or is the holder already.
    error RightsToken_Beneficiary(address beneficiary);
    error RightsToken_DeadlinePassed(uint256 deadline);
    error RightsToken_DeadlineNotPassed(uint256 deadline);
    /// No such schedule is open: it was never made, it has ended, or it was made with other values.
    error RightsToken_NotOpen(bytes32 scheduleId);
    /// @param index The index of the first condition that is not met.
    error RightsToken_NotMet(bytes32 scheduleId, uint256 index);
    error RightsToken_NotAParty(bytes32 scheduleId, address caller);

    /// @notice Mints the token of `(spec.registry, spec.id)` to its registrant. The caller must be the registrant. A
    /// token is minted once. If income reaches the token, it emits `IncomeShown`. Minting changes no payee: to make a
    /// collection pay its token, call `IDataRegistry.setPayee` before.
    /// @dev Asks the registry by static calls only. Reverts `RightsToken_OtherIncome` if the income that reaches the
    /// token is not the expected one, and `RightsToken_IncomeNotShown` if the proof proves nothing. A caller may expect
    /// nothing and show no proof although a split pays the token: this contract cannot search a split, and `showIncome`
    /// can follow.
    /// A question to the registry may take 300,000 gas. If the registry does not say who registered it, the call reverts
    /// `RightsToken_NotRegistrant`. If the registry does not say who is paid, it reverts `RightsToken_NoAnswer`.
    /// @param share The leaf of the token's own subject in the split that is the subject's payee. Otherwise empty.
    function mint(RightsSpec calldata spec, IRevenueSplitter.Share calldata share) external returns (uint256 tokenId);

    /// @notice `mint` with the registrant's signature. Anybody may send it. The token goes to the registrant.
    /// `Mint(address registrant,address registry,bytes32 id,bytes32 document,uint16 royaltyBps,uint96 shares,uint96 total,uint256 nonce,uint256 deadline)`.
    /// The message does not contain the proof. If the token is minted with this document and royalty the call does
    /// nothing and does not use the nonce.
    function mintFor(
        address registrant,
        RightsSpec calldata spec,
        IRevenueSplitter.Share calldata share,
        Signature calldata approval
    ) external returns (uint256 tokenId);

    /// @notice Puts the opening of a token on record, so that the token pays the registrant before it is minted.
    /// Anybody may call it. Until the token is revealed or minted, money that reaches it waits.
    function reveal(address registry, bytes32 id) external returns (uint256 tokenId);

    /// @notice Puts on record that income of the subject reaches the token. Anybody may call it. Does nothing if that
    /// is on record. Emits `IncomeShown` and ERC-4906's `MetadataUpdate`.
    /// @dev The token must be minted. Income that reaches the token through a split below the subject's own split is
    /// not shown.
    /// @param share The leaf of the token's own subject in the split that the registry names as the subject's payee.
    /// Empty if the payee is the token's own subject, or to take back a record that the registry no longer confirms.
    /// Only a registry outside of the suite changes its word.
    function showIncome(uint256 tokenId, IRevenueSplitter.Share calldata share) external;

    /// @notice Which part of what is paid to the subject reaches the token, of the gross: `shares / total`.
    /// @return shares Zero, and `total` too, unless the income is on record and the registry still confirms it.
    function incomeOf(uint256 tokenId) external view returns (uint96 shares, uint96 total);

    /// @notice Schedules the transfer of a token of the caller to `beneficiary`. The token is locked until the schedule
    /// ends.
    /// @dev Only the holder itself may call it; an approved address may not. The beneficiary is not asked and its
    /// receiver hook is never called, so a contract that cannot hold tokens should not be named.
    /// @param conditions 1 to 8 conditions, all of which must be met. The data that `ICondition.start` returns counts.
    /// @param deadline The last second before the schedule may lapse.
    function schedule(uint256 tokenId, address beneficiary, Condition[] calldata conditions, uint64 deadline)
        external
        returns (bytes32 scheduleId);

    /// @notice Moves the token once every condition is met. Anybody may call it, also after the deadline as long as the
    /// schedule has not lapsed.
    function execute(Schedule calldata schedule_) external;

    /// @notice Unlocks the token after the deadline and leaves it with its holder. Anybody may call it.
    function lapse(Schedule calldata schedule_) external;

    /// @notice Agrees to cancel the schedule before the deadline. The holder and the beneficiary may call it. Once both
    /// have agreed the schedule has lapsed.
    function cancel(Schedule calldata schedule_) external;

    /// @notice The same with the signature of the holder or the beneficiary:
    /// `Cancel(bytes32 scheduleId,address party,uint256 nonce,uint256 deadline)`. Anybody may send it.
    function cancelFor(Schedule calldata schedule_, address party, Signature calldata approval) external;

    /// @notice What has become of a schedule.
    /// @return state `None` if there never was such a schedule.
    /// @return holder Who held the token when it was scheduled.
    function stateOf(bytes32 scheduleId) external view returns (State state, address holder);

    /// @notice The open schedule of a token. Zero if the token is not locked.
    function openOf(uint256 tokenId) external view returns (bytes32 scheduleId);

    /// @notice The hash of a schedule, which is its ID in this contract.
    function scheduleIdOf(Schedule calldata schedule_) external view returns (bytes32);

    /// @notice What is on record of a token.
    function rightsOf(uint256 tokenId) external view returns (Rights memory);

    /// @notice The holder of a token. Zero if it is not minted.
    function holderOf(uint256 tokenId) external view returns (address);

    /// @notice Whom the token's subject stands for: the holder, or the registrant before the token is minted.
    /// @param caller Who moves the money. A holder with code is paid only if it calls itself, because money that others
    /// push into a contract can be stuck there. An EIP-7702 wallet counts as a wallet.
    /// @return payee A wallet, or zero if it is nobody now.
    function payeeOf(bytes32 id, address caller) external view returns (bytes32 payee);
}
