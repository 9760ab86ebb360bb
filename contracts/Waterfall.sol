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

    IRevenueSplitter private immutable SPLITTER;

    /// @inheritdoc IWaterfall
    mapping(address token => uint256) public passed;

    constructor(IRevenueSplitter splitter) {
        SPLITTER = splitter;
    }

    /// @dev The splitter pays out with little gas, and ether may come from anywhere.
    receive() external payable {}

    /// @inheritdoc IWaterfall
    function pay(address token, uint256 amount, bytes32 ref) external payable nonReentrant {
        if (token != address(0)) IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        else if (amount > msg.value) revert Waterfall_NotEnoughEther(amount, msg.value);
        if (_pass(token, ref) == 0) revert Waterfall_Nothing(token);
    }

    /// @inheritdoc IWaterfall
    function pass(address token) external nonReentrant returns (uint256) {
        return _pass(token, 0);
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
        amount = token == address(0) ? address(this).balance : IERC20(token).balanceOf(address(this));
        if (amount == 0) return 0;
        Plan memory plan_ = plan();
        uint256 before = passed[token];
        uint256[] memory amounts = _dues(plan_, token, before, amount);
        passed[token] = before + amount;
        emit Passed(token, amount, before, amounts);
        // All of it leaves in what follows, so an allowance for good is one for nothing.
        if (token != address(0) && IERC20(token).allowance(address(this), address(SPLITTER)) < amount) {
            IERC20(token).forceApprove(address(SPLITTER), type(uint256).max);
        }
        for (uint256 i; i < amounts.length; ++i) {
            if (amounts[i] == 0) continue;
            bytes memory opening = plan_.tiers[i].payee;
            SPLITTER.deposit{value: token == address(0) ? amounts[i] : 0}(
                _key(opening), opening, token, amounts[i], ref
            );
        }
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
