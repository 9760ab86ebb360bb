// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title An ERC-20 for local chains and tests
/// @notice Worth nothing: anybody may mint.
contract TestToken is ERC20 {
    constructor() ERC20("Kiseki Test Token", "TEST") {}

    /// @dev Six, as most tokens that are used for paying have.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
