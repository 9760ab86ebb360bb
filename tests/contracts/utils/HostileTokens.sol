// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Reentrant} from "./HostilePayees.sol";

/// @notice Returns nothing where ERC-20 says true, as some of the oldest tokens do.
contract SilentToken is TestToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly ("memory-safe") {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}

/// @notice Keeps one part in a hundred of every transfer, and never less than one: the last unit never arrives.
contract RoundingToken is TestToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(0), (amount + 99) / 100);
    }
}

/// @notice Burns all gas with which it is moved out of a listed account, once it is told to.
contract BurningToken is TestToken {
    mapping(address account => bool) public listed;

    function list(address account, bool on) external {
        listed[account] = on;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (listed[from]) {
            assembly {
                invalid()
            }
        }
        super._update(from, to, amount);
    }
}

/// @notice Burns all gas with which a contract is paid, as a hook of its receiver could.
contract BurningHookToken is TestToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        if (to.code.length != 0) {
            assembly {
                invalid()
            }
        }
        return super.transfer(to, amount);
    }
}

/// @notice Pays nobody whom its issuer has listed.
contract BlacklistToken is TestToken {
    mapping(address account => bool) public listed;

    function list(address account, bool on) external {
        listed[account] = on;
    }

    /// @dev As a token whose balances shrink.
    function burn(address account, uint256 amount) external {
        _burn(account, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!listed[from] && !listed[to], "listed");
        super._update(from, to, amount);
    }
}

/// @notice Keeps true books, and tries to get into the ledger from each of the three calls that the ledger makes to it.
contract ReenteringToken is TestToken, Reentrant {
    function transfer(address to, uint256 amount) public override returns (bool) {
        _strike();
        return super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        _strike();
        return super.transferFrom(from, to, amount);
    }

    function balanceOf(address account) public view override returns (uint256) {
        _peek();
        return super.balanceOf(account);
    }
}

/// @notice Says what it likes of balances and transfers.
contract TwistingToken is TestToken {
    enum Mood {
        True,
        More,
        Less,
        False,
        Reverting,
        Idle
    }

    Mood public mood;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    /// @dev More with every question, or less.
    function balanceOf(address account) public view override returns (uint256) {
        uint256 truth = super.balanceOf(account);
        if (mood == Mood.More) return truth + 2 ** 100 - gasleft();
        if (mood == Mood.Less) return gasleft() % (truth + 1);
        return truth;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        if (mood == Mood.Reverting) revert("no");
        // Says yes and moves nothing.
        if (mood == Mood.Idle) return true;
        _transfer(from, to, amount);
        return mood != Mood.False;
    }
}
