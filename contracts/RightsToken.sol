// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {RightsMetadata} from "./RightsMetadata.sol";
import {Signed} from "./base/Signed.sol";
import {IERC5192} from "./interfaces/IERC5192.sol";
import {IERC7572} from "./interfaces/IERC7572.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "./interfaces/IRightsToken.sol";
import {Approval as Signature} from "./interfaces/ISigned.sol";
import {Ask} from "./libraries/Ask.sol";
import {Conditions} from "./libraries/Conditions.sol";
import {Ids} from "./libraries/Ids.sol";
import {Metadata} from "./libraries/Metadata.sol";
import {Payees} from "./libraries/Payees.sol";
import {SumTree} from "./libraries/SumTree.sol";
import {Condition, Schedule} from "./types/Schedule.sol";

contract RightsToken is IRightsToken, ERC721, Signed {
    using Conditions for Condition;

    /// @dev What was shown last; the numbers are left out where the payee is the token itself.
    struct Income {
        bytes32 payee;
        uint96 shares;
        uint96 total;
    }

    /// @dev In one slot. Who agreed to end it: 1 the holder, 2 the beneficiary.
    struct Scheduled {
        address holder;
        State state;
        uint8 agreed;
    }

    bytes32 private constant CANCEL =
        keccak256("Cancel(bytes32 scheduleId,address party,uint256 nonce,uint256 deadline)");
    bytes32 private constant MINT = keccak256(
        "Mint(address registrant,address registry,bytes32 id,bytes32 document,uint16 royaltyBps,uint96 shares,uint96 total,uint256 nonce,uint256 deadline)"
    );
    uint256 private constant DELEGATION_LENGTH = 23;
    bytes3 private constant DELEGATION_PREFIX = 0xef0100;
    /// Not the hash of functions: ERC-4906 has only events.
    bytes4 private constant ERC4906 = 0x49064906;

    IRevenueSplitter private immutable SPLITTER;
    RightsMetadata private immutable METADATA;

    mapping(uint256 tokenId => Rights) private _rights;
    mapping(uint256 tokenId => Income) private _income;
    mapping(bytes32 scheduleId => Scheduled) private _schedules;

    /// @inheritdoc IRightsToken
    mapping(uint256 tokenId => bytes32 scheduleId) public openOf;

    constructor(IRevenueSplitter splitter, RightsMetadata metadata)
        ERC721("Kiseki Rights", "KISEKI")
        EIP712("Kiseki RightsToken", "1")
    {
        SPLITTER = splitter;
        METADATA = metadata;
    }

    /// @inheritdoc IRightsToken
    function mint(RightsSpec calldata spec, IRevenueSplitter.Share calldata share) external returns (uint256) {
        return _mintTo(msg.sender, spec, share);
    }

    /// @inheritdoc IRightsToken
    function mintFor(
        address registrant,
        RightsSpec calldata spec,
        IRevenueSplitter.Share calldata share,
        Signature calldata approval
    ) external returns (uint256 tokenId) {
        tokenId = uint256(Ids.subject(spec.registry, spec.id));
        Rights storage rights = _rights[tokenId];
        bool same = rights.document == spec.document && rights.royaltyBps == spec.royaltyBps;
        if (same && _ownerOf(tokenId) != address(0)) return tokenId;
        // A spec is as many words as it has members, in their order.
        bytes32 structHash = keccak256(abi.encode(MINT, registrant, spec, approval.nonce, approval.deadline));
        _spend(registrant, structHash, approval);
        return _mintTo(registrant, spec, share);
    }

    function _mintTo(address registrant, RightsSpec calldata spec, IRevenueSplitter.Share calldata share)
        private
        returns (uint256 tokenId)
    {
        if (spec.royaltyBps > 10_000) revert RightsToken_RoyaltyTooLarge(spec.royaltyBps);
        address known = _registrant(spec.registry, spec.id);
        if (known != registrant) revert RightsToken_NotRegistrant(spec.registry, spec.id, known, registrant);
        tokenId = _reveal(spec.registry, spec.id);
        (bool told, bytes32 payee) = _askPayee(spec.registry, spec.id);
        // No answer must not count as nobody, nor as an income of nothing.
        if (!told) revert RightsToken_NoAnswer(spec.registry, spec.id);
        Income memory income = _reaching(tokenId, payee, share);
        (uint96 shares, uint96 total) = _part(tokenId, income);
        if (shares != spec.shares || total != spec.total) {
            revert RightsToken_OtherIncome(tokenId, payee, shares, total);
        }
        _rights[tokenId].royaltyBps = spec.royaltyBps;
        _rights[tokenId].document = spec.document;
        _mint(registrant, tokenId);
        emit RightsMinted(tokenId, spec.registry, spec.id, spec.document, spec.royaltyBps);
        emit Unlocked(tokenId);
        if (income.payee != 0) _record(tokenId, income);
    }

    /// @inheritdoc IRightsToken
    function reveal(address registry, bytes32 id) external returns (uint256) {
        if (_registrant(registry, id) == address(0)) revert RightsToken_Unregistered(registry, id);
        return _reveal(registry, id);
    }

    function _reveal(address registry, bytes32 id) private returns (uint256 tokenId) {
        tokenId = uint256(Ids.subject(registry, id));
        if (_rights[tokenId].registry != address(0)) return tokenId;
        _rights[tokenId].registry = registry;
        _rights[tokenId].id = id;
        emit Revealed(tokenId, registry, id);
    }

    /// @inheritdoc IRightsToken
    function rightsOf(uint256 tokenId) external view returns (Rights memory) {
        return _rights[tokenId];
    }

    /// @inheritdoc IRightsToken
    function holderOf(uint256 tokenId) external view returns (address) {
        return _ownerOf(tokenId);
    }

    // Being paid

    /// @inheritdoc IRightsToken
    function payeeOf(bytes32 id, address caller) external view returns (bytes32) {
        address holder = _ownerOf(uint256(id));
        if (holder == address(0)) {
            Rights storage rights = _rights[uint256(id)];
            if (rights.registry == address(0)) return 0;
            holder = _registrant(rights.registry, rights.id);
        }
        return caller == holder || _isWallet(holder) ? Payees.wallet(holder) : bytes32(0);
    }

    /// @dev The resale royalty goes where the subject's own income goes: for a batch to everybody in its trace. Of a token
    /// that nobody minted there is none: the payment address of a number that no subject has could never be swept.
    function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address, uint256) {
        _requireOwned(tokenId);
        uint256 royalty = salePrice / 10_000 * _rights[tokenId].royaltyBps + salePrice % 10_000
            * _rights[tokenId].royaltyBps / 10_000;
        return (SPLITTER.paymentAddress(bytes32(tokenId)), royalty);
    }

    function _isWallet(address account) private view returns (bool) {
        bytes memory code = account.code.length == DELEGATION_LENGTH ? account.code : bytes("");
        return account.code.length == 0 || (code.length != 0 && bytes3(code) == DELEGATION_PREFIX);
    }

    // Moving by itself

    /// @inheritdoc IRightsToken
    function schedule(uint256 tokenId, address beneficiary, Condition[] calldata conditions, uint64 deadline)
        external
        returns (bytes32 scheduleId)
    {
        address holder = _requireOwned(tokenId);
        if (holder != msg.sender) revert RightsToken_NotHolder(tokenId, holder, msg.sender);
        if (_locked(tokenId)) revert RightsToken_Locked(tokenId, openOf[tokenId]);
        if (beneficiary == address(0) || beneficiary == holder) revert RightsToken_Beneficiary(beneficiary);
        _checkPlace(beneficiary);
        if (block.timestamp > deadline) revert RightsToken_DeadlinePassed(deadline);
        Condition[] memory started = Conditions.start(conditions);
        Schedule memory made = Schedule(tokenId, _rights[tokenId].schedules++, holder, beneficiary, started, deadline);
        scheduleId = _scheduleId(made);
        openOf[tokenId] = scheduleId;
        _schedules[scheduleId] = Scheduled(holder, State.Open, 0);
        (uint96 shares, uint96 total) = incomeOf(tokenId);
        emit TransferScheduled(scheduleId, tokenId, beneficiary, made, shares, total);
        emit Locked(tokenId);
        emit MetadataUpdate(tokenId);
    }

    /// @inheritdoc IRightsToken
    function execute(Schedule calldata schedule_) external {
        bytes32 scheduleId = _open(schedule_);
        for (uint256 i; i < schedule_.conditions.length; ++i) {
            if (!schedule_.conditions[i].isMet(scheduleId)) revert RightsToken_NotMet(scheduleId, i);
        }
        _end(scheduleId, schedule_.tokenId, State.Executed);
        emit TransferExecuted(scheduleId, schedule_.tokenId);
        // Not the safe one: a receiver's hook could keep it from moving.
        _transfer(schedule_.holder, schedule_.beneficiary, schedule_.tokenId);
    }

    /// @inheritdoc IRightsToken
    function lapse(Schedule calldata schedule_) external {
        bytes32 scheduleId = _open(schedule_);
        if (block.timestamp <= schedule_.deadline) revert RightsToken_DeadlineNotPassed(schedule_.deadline);
        _lapse(scheduleId, schedule_.tokenId);
    }

    /// @inheritdoc IRightsToken
    function cancel(Schedule calldata schedule_) external {
        _agree(_open(schedule_), schedule_, msg.sender);
    }

    /// @inheritdoc IRightsToken
    function cancelFor(Schedule calldata schedule_, address party, Signature calldata approval) external {
        bytes32 scheduleId = _open(schedule_);
        bytes32 structHash = keccak256(abi.encode(CANCEL, scheduleId, party, approval.nonce, approval.deadline));
        _spend(party, structHash, approval);
        _agree(scheduleId, schedule_, party);
    }

    /// @inheritdoc IRightsToken
    function stateOf(bytes32 scheduleId) external view returns (State, address) {
        Scheduled storage scheduled = _schedules[scheduleId];
        return (scheduled.state, scheduled.holder);
    }

    /// @inheritdoc IRightsToken
    function scheduleIdOf(Schedule calldata schedule_) external view returns (bytes32) {
        return _scheduleId(schedule_);
    }

    function _scheduleId(Schedule memory schedule_) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), schedule_));
    }

    /// @dev Its ID, of whatever the caller says it is: other values have another, which is not open.
    function _open(Schedule calldata schedule_) private view returns (bytes32 scheduleId) {
        scheduleId = _scheduleId(schedule_);
        if (_schedules[scheduleId].state != State.Open) revert RightsToken_NotOpen(scheduleId);
    }

    function _agree(bytes32 scheduleId, Schedule calldata schedule_, address party) private {
        bool isHolder = party == schedule_.holder;
        if (!isHolder && party != schedule_.beneficiary) revert RightsToken_NotAParty(scheduleId, party);
        uint8 agreed = _schedules[scheduleId].agreed | (isHolder ? 1 : 2);
        _schedules[scheduleId].agreed = agreed;
        emit CancelAgreed(scheduleId, party);
        if (agreed == 3) _lapse(scheduleId, schedule_.tokenId);
    }

    function _lapse(bytes32 scheduleId, uint256 tokenId) private {
        _end(scheduleId, tokenId, State.Lapsed);
        emit TransferLapsed(scheduleId, tokenId);
    }

    function _end(bytes32 scheduleId, uint256 tokenId, State state) private {
        _schedules[scheduleId].state = state;
        delete openOf[tokenId];
        emit Unlocked(tokenId);
        emit MetadataUpdate(tokenId);
    }

    // Which income reaches the token

    /// @inheritdoc IRightsToken
    function showIncome(uint256 tokenId, IRevenueSplitter.Share calldata share) external {
        _requireOwned(tokenId);
        bytes32 payee = _subjectsPayee(tokenId);
        Income memory known = _income[tokenId];
        if (payee == 0) revert RightsToken_IncomeNotShown(tokenId, payee);
        Income memory income = _reaching(tokenId, payee, share);
        // An empty share takes a record back, unless the registry bears it out.
        bool ended = known.payee != 0 && known.payee != payee;
        if (income.payee == 0 && !ended) revert RightsToken_IncomeNotShown(tokenId, payee);
        // A split may name the token twice; the larger leaf counts.
        if (income.payee == known.payee && income.shares <= known.shares) return;
        _record(tokenId, income);
        emit MetadataUpdate(tokenId);
    }

    /// @inheritdoc IRightsToken
    function incomeOf(uint256 tokenId) public view returns (uint96 shares, uint96 total) {
        Income memory income = _income[tokenId];
        if (income.payee == 0 || _subjectsPayee(tokenId) != income.payee) return (0, 0);
        return _part(tokenId, income);
    }

    function _record(uint256 tokenId, Income memory income) private {
        _income[tokenId] = income;
        (uint96 shares, uint96 total) = _part(tokenId, income);
        emit IncomeShown(tokenId, income.payee, shares, total);
    }

    /// @dev What reaches the token of what is paid to its subject, whose payee is `payee`; nobody's where nothing is shown.
    function _reaching(uint256 tokenId, bytes32 payee, IRevenueSplitter.Share calldata share)
        private
        view
        returns (Income memory income)
    {
        if (share.split.length != 0) (income.shares, income.total) = _proved(tokenId, payee, share);
        else if (payee != _subject(tokenId)) return income;
        income.payee = payee;
    }

    function _part(uint256 tokenId, Income memory income) private view returns (uint96 shares, uint96 total) {
        return income.payee == _subject(tokenId) ? (1, 1) : (income.shares, income.total);
    }

    /// @dev The shares of the token's own subject in `payee`, which must be the split of the proof.
    function _proved(uint256 tokenId, bytes32 payee, IRevenueSplitter.Share calldata share)
        private
        view
        returns (uint96, uint96)
    {
        bytes32 self = _subject(tokenId);
        (bytes32 root, uint256 total,) =
            SumTree.climb(SumTree.leaf(self, share.shares), share.shares, share.side, share.path);
        bool proved = share.payee == self && share.split.length == 76 && Payees.splitKey(share.split) == payee
            && bytes32(share.split[:32]) == root && uint96(bytes12(share.split[32:44])) == total;
        if (!proved) revert RightsToken_IncomeNotShown(tokenId, payee);
        return (share.shares, uint96(total));
    }

    /// @dev The payee that is this token.
    function _subject(uint256 tokenId) private view returns (bytes32) {
        return Ids.subject(address(this), bytes32(tokenId));
    }

    /// @dev Who is paid what is paid to what the token stands for; zero when the registry does not answer.
    function _subjectsPayee(uint256 tokenId) private view returns (bytes32) {
        Rights storage rights = _rights[tokenId];
        (, bytes32 payee) = _askPayee(rights.registry, rights.id);
        return payee;
    }

    function _askPayee(address registry, bytes32 id) private view returns (bool told, bytes32 payee) {
        return Ask.word(registry, Ask.GAS, abi.encodeCall(IRegistry.payeeOf, (id, address(0))));
    }

    /// @dev Zero where the registry names nobody, or does not answer.
    function _registrant(address registry, bytes32 id) private view returns (address) {
        (, bytes32 registrant) = Ask.word(registry, Ask.GAS, abi.encodeCall(IRegistry.registrantOf, (id)));
        return Payees.toAddress(registrant);
    }

    // What it says of itself

    /// @inheritdoc IERC5192
    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return _locked(tokenId);
    }

    function _locked(uint256 tokenId) private view returns (bool) {
        return openOf[tokenId] != 0;
    }

    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        Rights storage rights = _rights[tokenId];
        Metadata.Facts memory facts;
        facts.tokenId = tokenId;
        facts.registry = rights.registry;
        facts.id = rights.id;
        facts.registrant = _registrant(rights.registry, rights.id);
        facts.document = rights.document;
        facts.royaltyBps = rights.royaltyBps;
        (facts.shares, facts.total) = incomeOf(tokenId);
        facts.locked = _locked(tokenId);
        return METADATA.uri(facts);
    }

    /// @inheritdoc IERC7572
    function contractURI() external view returns (string memory) {
        return METADATA.contractUri(name(), symbol());
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == type(IERC2981).interfaceId || interfaceId == type(IERC5192).interfaceId
            || interfaceId == ERC4906 || super.supportsInterface(interfaceId);
    }

    /// @dev A locked token moves only by `execute`, which unlocks it first.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address) {
        _checkPlace(to);
        if (_locked(tokenId)) revert RightsToken_Locked(tokenId, openOf[tokenId]);
        return super._update(to, tokenId, auth);
    }

    /// @dev Here or in the splitter nobody could ever claim its income or move it on.
    function _checkPlace(address to) private view {
        if (to == address(this) || to == address(SPLITTER)) revert RightsToken_NotThere(to);
    }
}
