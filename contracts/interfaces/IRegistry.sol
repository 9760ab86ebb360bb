// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What every registry answers about an ID of its own
interface IRegistry {
    /// @notice Who registered `id`; zero when nobody did.
    function registrantOf(bytes32 id) external view returns (address);

    /// @notice Whom the subject `(this registry, id)` stands for now: a payee, or zero for nobody.
    /// @param caller Who asks for the money to move; only rights tokens look at it.
    function payeeOf(bytes32 id, address caller) external view returns (bytes32);
}
