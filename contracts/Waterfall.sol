// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {IWaterfall} from "./interfaces/IWaterfall.sol";
import {Plan} from "./types/Plan.sol";

/// @notice The code of every waterfall. Each is a clone that carries its plan in its own code, so it is as immutable as
/// that; this one, which carries none, is used by nobody.
contract Waterfall is IWaterfall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// Gas that every tier's deposit gets, however much there is: what it comes to does not depend on who calls. Enough for
    /// a subject and a wallet that burn all they may, and little enough for sixteen tiers that burn all of it.
    uint256 private constant DEPOSIT_GAS = 1_000_000;
    /// What must be there for that, of which the call keeps a 64th and its own cost.
    uint256 private constant NEEDED_GAS = 1_040_000;

    IRevenueSplitter private immutable SPLITTER;

    /// @inheritdoc IWaterfall
    mapping(address token => uint256) public passed;
    /// @inheritdoc IWaterfall
    mapping(address token => mapping(uint256 tier => uint256)) public waiting;
    /// @inheritdoc IWaterfall
    mapping(address token => uint256) public waitingInAll;

    constructor(IRevenueSplitter splitter) {
        SPLITTER = splitter;
    }

    /// @dev The splitter pays out with little gas, and ether may come from anywhere.
    receive() external payable {}

    /// @inheritdoc IWaterfall
    function pay(address token, uint256 amount, bytes32 ref) external payable nonReentrant {
        if (token == address(0)) {
            if (amount > msg.value) revert Waterfall_NotEnoughEther(amount, msg.value);
        } else {
            if (msg.value != 0) revert Waterfall_EtherWithAToken(msg.value);
            IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        }
        if (_pass(token, ref) == 0) revert Waterfall_Nothing(token);
    }

    /// @inheritdoc IWaterfall
    function pass(address token) external nonReentrant returns (uint256) {
        return _pass(token, 0);
    }

    /// @inheritdoc IWaterfall
    function retry(address token, uint256 tier) external nonReentrant returns (uint256 amount) {
        amount = waiting[token][tier];
        if (amount == 0) revert Waterfall_NothingWaits(token, tier);
        waiting[token][tier] = 0;
        waitingInAll[token] -= amount;
        emit Retried(token, tier, amount);
        bytes memory opening = plan().tiers[tier].payee;
        uint256 value = token == address(0) ? amount : 0;
        SPLITTER.deposit{value: value}(_key(opening), opening, token, amount, 0);
    }

    /// @inheritdoc IWaterfall
    function dues(address token, uint256 amount) external view returns (uint256[] memory) {
        return _dues(plan(), token, passed[token], amount);
    }

    /// @inheritdoc IWaterfall
    function plan() public view returns (Plan memory) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (Plan));
    }

    function _pass(address token, bytes32 ref) private returns (uint256 amount) {
        amount = _new(token);
        if (amount == 0) return 0;
        Plan memory plan_ = plan();
        uint256 before = passed[token];
        uint256[] memory amounts = _dues(plan_, token, before, amount);
        passed[token] = before + amount;
        emit Passed(token, amount, before, amounts);
        // The splitter draws on nobody but who calls it, so an allowance for good is one for nothing else.
        if (token != address(0) && IERC20(token).allowance(address(this), address(SPLITTER)) < amount) {
            IERC20(token).forceApprove(address(SPLITTER), type(uint256).max);
        }
        for (uint256 i; i < amounts.length; ++i) {
            if (amounts[i] == 0 || _deposited(plan_.tiers[i].payee, token, amounts[i], ref)) continue;
            waiting[token][i] += amounts[i];
            waitingInAll[token] += amounts[i];
            emit Waits(token, i, amounts[i]);
        }
    }

    /// @dev What lies here and waits for no tier. Of a token whose balances shrink that may be less than nothing.
    function _new(address token) private view returns (uint256) {
        uint256 lies = token == address(0) ? address(this).balance : IERC20(token).balanceOf(address(this));
        uint256 waits = waitingInAll[token];
        return lies > waits ? lies - waits : 0;
    }

    /// @dev Whether the tier took it. Reverts where that is the caller's doing: with too little gas, or inside the splitter.
    function _deposited(bytes memory opening, address token, uint256 amount, bytes32 ref)
        private
        returns (bool success)
    {
        bytes memory request = abi.encodeCall(SPLITTER.deposit, (_key(opening), opening, token, amount, ref));
        address splitter = address(SPLITTER);
        uint256 value = token == address(0) ? amount : 0;
        uint256 gasLimit = DEPOSIT_GAS;
        uint256 gasThere = gasleft();
        bytes4 reason;
        assembly ("memory-safe") {
            mstore(0, 0)
            success := call(gasLimit, splitter, value, add(request, 32), mload(request), 0, 4)
            reason := mload(0)
        }
        if (success) return true;
        if (gasThere < NEEDED_GAS) revert Waterfall_TooLittleGas(NEEDED_GAS);
        if (reason == ReentrancyGuardReentrantCall.selector) revert Waterfall_SplitterIsBusy();
    }

    /// @dev Where `amount` goes when `before` went through already.
    function _dues(Plan memory plan_, address token, uint256 before, uint256 amount)
        private
        pure
        returns (uint256[] memory amounts)
    {
        uint256 last = plan_.tiers.length - 1;
        amounts = new uint256[](last + 1);
        uint256 column;
        while (column < plan_.tokens.length && plan_.tokens[column] != token) ++column;
        if (column == plan_.tokens.length) {
            amounts[0] = amount;
            return amounts;
        }
        for (uint256 i; i < last; ++i) {
            uint256 size = plan_.tiers[i].sizes[column];
            if (before >= size) {
                before -= size;
                continue;
            }
            uint256 room = size - before;
            before = 0;
            amounts[i] = amount < room ? amount : room;
            amount -= amounts[i];
        }
        amounts[last] = amount;
    }

    function _key(bytes memory opening) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(opening.length == 52 ? bytes1(0x04) : bytes1(0x03), opening));
    }
}
