// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Whoever calls it is called back, with what it was told to say.
abstract contract Reentrant {
    address private _target;
    bytes private _call;
    /// How often that was let in.
    uint256 public gotIn;

    function arm(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    /// @dev With ether, so that it could pay for a deposit.
    function _strike() internal {
        (bool success,) = _target.call{value: address(this).balance == 0 ? 0 : 1}(_call);
        if (success) ++gotIn;
    }

    /// @dev The same where nothing can be changed. Gas is capped because what tries all the same burns all it has.
    function _peek() internal view {
        (bool success,) = _target.staticcall{gas: 30_000}(_call);
        success;
    }
}

/// @notice Tries to get into the ledger while it is paid.
contract ReenteringPayee is Reentrant {
    receive() external payable {
        _strike();
    }
}

/// @notice Answers with as much as its gas can buy, up to a megabyte.
contract FloodingPayee {
    receive() external payable {
        uint256 size = gasleft() > 20_000_000 ? 2 ** 20 : 150_000;
        assembly {
            return(0, size)
        }
    }
}

/// @notice Burns all the gas it is given, as an endless loop does in the end, but at once.
contract BurningPayee {
    fallback() external payable {
        assembly {
            invalid()
        }
    }
}
