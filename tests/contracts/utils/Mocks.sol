// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IGate} from "../../../contracts/interfaces/IGate.sol";
import {IRegistry} from "../../../contracts/interfaces/IRegistry.sol";

/// @notice Keeps one part in a hundred of every transfer.
contract FeeToken is ERC20 {
    constructor() ERC20("Fee", "FEE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(0), amount / 100);
    }
}

/// @notice Calls its receiver, as ERC-777 does.
contract HookToken is ERC20 {
    constructor() ERC20("Hook", "HOOK") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (to.code.length != 0 && from != address(0)) {
            (bool success,) = to.call(abi.encodeWithSignature("tokensReceived()"));
            success;
        }
    }
}

/// @notice Moves money and says that it did not, or the other way round.
contract LyingToken is ERC20 {
    bool public silent;

    constructor() ERC20("Lie", "LIE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setSilent() external {
        silent = true;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (silent) {
            _transfer(msg.sender, to, amount);
            assembly {
                return(0, 0)
            }
        }
        return false;
    }
}

/// @notice Takes no money.
contract Rejecting {
    receive() external payable {
        revert("no");
    }
}

/// @notice Burns all the gas it is given, whatever is asked.
contract Burning {
    fallback() external payable {
        while (true) {}
    }
}

/// @notice Calls `target` with `data` when it is paid, and remembers what came of it.
contract Reentering {
    address public target;
    bytes public data;
    bool public succeeded;
    bytes public answer;
    bool public called;

    function set(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function run(address to, bytes calldata call_) external payable {
        (bool success, bytes memory result) = to.call{value: msg.value}(call_);
        if (!success) {
            assembly {
                revert(add(result, 32), mload(result))
            }
        }
    }

    receive() external payable {
        called = true;
        (succeeded, answer) = target.call(data);
    }
}

/// @notice A registry of somebody's own: it says what it was told to, or worse.
contract AnyRegistry is IRegistry {
    enum Mood {
        Honest,
        Reverting,
        Burning,
        Bombing
    }

    mapping(bytes32 id => bytes32) public payees;
    mapping(bytes32 id => address) public registrants;
    Mood public mood;

    function setPayee(bytes32 id, bytes32 payee) external {
        payees[id] = payee;
    }

    function setRegistrant(bytes32 id, address registrant) external {
        registrants[id] = registrant;
    }

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function registrantOf(bytes32 id) external view returns (address) {
        return registrants[id];
    }

    function payeeOf(bytes32 id, address) external view returns (bytes32) {
        if (mood == Mood.Reverting) revert("not now");
        if (mood == Mood.Burning) while (true) {}
        if (mood == Mood.Bombing) {
            assembly {
                return(0, 200000)
            }
        }
        return payees[id];
    }
}

/// @notice A contract wallet that accepts its owner's signatures, and a target of EIP-7702 delegations.
contract ContractWallet is IERC1271 {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address recovered,,) = ECDSA.tryRecover(hash, signature);
        return recovered == OWNER ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    function run(address to, bytes calldata call_) external payable returns (bytes memory result) {
        bool success;
        (success, result) = to.call{value: msg.value}(call_);
        require(success, "wallet");
    }

    receive() external payable {}
}

/// @notice Says yes to everybody, nobody, or fails.
contract AnyGate is IGate {
    bool public open;
    bool public broken;

    function set(bool open_, bool broken_) external {
        (open, broken) = (open_, broken_);
    }

    function isAllowed(bytes32, address, uint256) external view returns (bool) {
        require(!broken, "gate");
        return open;
    }
}
