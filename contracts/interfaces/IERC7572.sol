// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ERC-7572: what a contract says about itself
interface IERC7572 {
    event ContractURIUpdated();

    function contractURI() external view returns (string memory);
}
