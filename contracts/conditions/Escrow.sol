// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICondition} from "../interfaces/ICondition.sol";
import {IRightsToken} from "../interfaces/IRightsToken.sol";
import {Pay} from "../libraries/Pay.sol";

/// @title Met once a price has been paid in
/// @notice Data: `(address currency, uint256 price)`, zero for ether. Whoever pays it in has it back when the schedule
/// lapses, and the holder has it when it executes: the token's own state alone decides, and nobody else can.
///
/// A payment is known by schedule, currency and price, so that nobody can block the price by paying something else in;
/// whoever pays exactly it in another's place has made a gift. One that the schedule does not ask for is not met by
/// anything, and goes the same way.
///
/// Not protected against: currencies that rebase or take a fee (the price must arrive exactly) harm those who use them.
contract Escrow is ICondition, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    event PaidIn(bytes32 indexed scheduleId, address indexed payer, address indexed currency, uint256 price);
    event PaidOut(bytes32 indexed scheduleId, address indexed to, address indexed currency, uint256 price);

    error Escrow_Nothing();
    error Escrow_NotOpen(bytes32 scheduleId);
    error Escrow_Open(bytes32 scheduleId);
    error Escrow_AlreadyPaid(bytes32 scheduleId, address currency, uint256 price);
    error Escrow_NotPaid(bytes32 scheduleId, address currency, uint256 price);
    error Escrow_NotThePrice(uint256 price, uint256 arrived);
    error Escrow_NotTheirs(address caller, address whose);
    error Escrow_PayoutFailed(address to, address currency, uint256 price);

    IRightsToken private immutable RIGHTS;

    mapping(bytes32 payment => address payer) private _payers;

    constructor(IRightsToken rights) {
        RIGHTS = rights;
    }

    /// @notice Pays the price in, by anybody; the caller has it back if the schedule lapses.
    function pay(bytes32 scheduleId, address currency, uint256 price) external payable nonReentrant {
        (IRightsToken.State state,) = RIGHTS.stateOf(scheduleId);
        if (state != IRightsToken.State.Open) revert Escrow_NotOpen(scheduleId);
        if (price == 0) revert Escrow_Nothing();
        bytes32 payment = _payment(scheduleId, currency, price);
        if (_payers[payment] != address(0)) revert Escrow_AlreadyPaid(scheduleId, currency, price);
        _payers[payment] = msg.sender;
        emit PaidIn(scheduleId, msg.sender, currency, price);
        uint256 arrived = msg.value;
        if (currency != address(0)) {
            if (arrived != 0) revert Escrow_NotThePrice(0, arrived);
            uint256 before = IERC20(currency).balanceOf(address(this));
            IERC20(currency).safeTransferFrom(msg.sender, address(this), price);
            arrived = IERC20(currency).balanceOf(address(this)) - before;
        }
        if (arrived != price) revert Escrow_NotThePrice(price, arrived);
    }

    /// @notice Pays out, by anybody, once the schedule has ended: to its holder if it was executed, else to the payer.
    /// @dev Who takes more gas to be paid than `Pay` gives for others' calls calls itself.
    function settle(bytes32 scheduleId, address currency, uint256 price) external nonReentrant {
        address whose = _take(scheduleId, currency, price);
        _payOut(scheduleId, whose, currency, price);
    }

    /// @notice The same, to an address that whoever it belongs to names: for one that cannot be paid where it is.
    function settleTo(bytes32 scheduleId, address currency, uint256 price, address to) external nonReentrant {
        address whose = _take(scheduleId, currency, price);
        if (whose != msg.sender) revert Escrow_NotTheirs(msg.sender, whose);
        _payOut(scheduleId, to, currency, price);
    }

    /// @notice Who has paid it in and not been settled with; zero for nobody.
    function payerOf(bytes32 scheduleId, address currency, uint256 price) external view returns (address) {
        return _payers[_payment(scheduleId, currency, price)];
    }

    /// @inheritdoc ICondition
    function start(bytes calldata data) external pure returns (bytes memory) {
        (address currency, uint256 price) = abi.decode(data, (address, uint256));
        if (price == 0) revert Escrow_Nothing();
        return abi.encode(currency, price);
    }

    /// @inheritdoc ICondition
    function isMet(bytes32 scheduleId, bytes calldata data) external view returns (bool) {
        (address currency, uint256 price) = abi.decode(data, (address, uint256));
        return _payers[_payment(scheduleId, currency, price)] != address(0);
    }

    function _payment(bytes32 scheduleId, address currency, uint256 price) private pure returns (bytes32) {
        return keccak256(abi.encode(scheduleId, currency, price));
    }

    /// @return whose Whom it belongs to; it counts as paid out from here on.
    function _take(bytes32 scheduleId, address currency, uint256 price) private returns (address whose) {
        bytes32 payment = _payment(scheduleId, currency, price);
        whose = _payers[payment];
        if (whose == address(0)) revert Escrow_NotPaid(scheduleId, currency, price);
        (IRightsToken.State state, address holder) = RIGHTS.stateOf(scheduleId);
        if (state == IRightsToken.State.Open) revert Escrow_Open(scheduleId);
        if (state == IRightsToken.State.Executed) whose = holder;
        delete _payers[payment];
    }

    function _payOut(bytes32 scheduleId, address to, address currency, uint256 price) private {
        emit PaidOut(scheduleId, to, currency, price);
        if (!Pay.out(to, currency, price)) revert Escrow_PayoutFailed(to, currency, price);
    }
}
