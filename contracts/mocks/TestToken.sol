// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title An ERC-20 for local chains and tests
/// @notice Worth nothing: anybody may mint.
contract TestToken is ERC20Permit {
    constructor() ERC20("Kiseki Test Token", "TEST") ERC20Permit("Kiseki Test Token") {}

    /// @dev Six, as most tokens that are used for paying have.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
