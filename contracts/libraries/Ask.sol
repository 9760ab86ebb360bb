// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A question to somebody else's contract
/// @notice Whoever is asked can close or open only what names it: it can neither write, nor burn more than the limit, nor
/// make the asker pay for memory.
library Ask {
    /// Enough for any registry, subject or gate; too little to make others' transactions fail.
    uint256 internal constant GAS = 300_000;

    /// @notice Exactly 32 bytes from a static call that succeeded are an answer, and nothing else is. Copies no more.
    /// @param gasLimit What the one who is asked may use at most. Where the caller has less, it gets less: what an answer
    /// that did not come stands for must harm nobody but the caller.
    /// @return told Whether there was an answer.
    /// @return answer Zero when there was none.
    function word(address whom, uint256 gasLimit, bytes memory request)
        internal
        view
        returns (bool told, bytes32 answer)
    {
        assembly ("memory-safe") {
            told := staticcall(gasLimit, whom, add(request, 32), mload(request), 0, 32)
            told := and(told, eq(returndatasize(), 32))
            if told { answer := mload(0) }
        }
    }
}
