// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Makes every call that it was given whenever it is paid, with and without ether.
contract Attacker {
    address public splitter;
    bytes[] public calls;
    uint256 public tries;
    uint256 public wins;
    bytes4[] public reasons;

    constructor(address s) {
        splitter = s;
    }

    function arm(bytes calldata c) external {
        calls.push(c);
    }

    function go(bytes calldata c) external payable {
        (bool ok, bytes memory d) = splitter.call{value: msg.value}(c);
        if (!ok) assembly { revert(add(d, 32), mload(d)) }
    }

    receive() external payable {
        for (uint256 i; i < calls.length; ++i) {
            (bool ok,) = splitter.call(calls[i]);
            ++tries;
            if (ok) ++wins;
            (ok,) = splitter.call{value: 1}(calls[i]);
            ++tries;
            if (ok) ++wins;
        }
        (bool ok2,) = splitter.call{value: 1}("");
        if (ok2) ++wins;
    }
}

/// @notice A token that attacks in each transfer, and answers it in ways of its own.
contract EvilToken {
    mapping(address => uint256) public balanceOf;
    address public splitter;
    bytes public call_;
    uint256 public wins;
    uint256 public tries;
    uint256 public mode;

    function set(address s, bytes calldata c, uint256 m) external payable {
        (splitter, call_, mode) = (s, c, m);
    }

    function mint(address to, uint256 n) external {
        balanceOf[to] += n;
    }

    function _attack() private {
        if (splitter == address(0)) return;
        ++tries;
        (bool ok,) = splitter.call(call_);
        if (ok) ++wins;
        (ok,) = splitter.call{value: address(this).balance}("");
        if (ok) ++wins;
    }

    function transfer(address to, uint256 n) external returns (bool) {
        _attack();
        balanceOf[msg.sender] -= n;
        balanceOf[to] += n;
        if (mode == 1) {
            assembly {
                mstore(0, 1)
                return(0, 31)
            }
        }
        if (mode == 2) {
            assembly {
                mstore(0, 2)
                return(0, 32)
            }
        }
        if (mode == 3) {
            assembly {
                mstore(0, 1)
                return(0, 64)
            }
        }
        if (mode == 4) assembly { return(0, 0) }
        return true;
    }

    function transferFrom(address f, address to, uint256 n) external returns (bool) {
        _attack();
        balanceOf[f] -= n;
        balanceOf[to] += n;
        return true;
    }
}
