// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What every registry answers about its own IDs
interface IRegistry {
    /// @notice Who registered `id`. Zero if nobody did.
    function registrantOf(bytes32 id) external view returns (address);

    /// @notice The payee that the subject `(this registry, id)` stands for now. Zero if it stands for nobody.
    /// @param caller Who asks for the money to move. Only rights tokens look at it.
    function payeeOf(bytes32 id, address caller) external view returns (bytes32);
}
