// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGate} from "../../../contracts/interfaces/IGate.sol";
import {Reentrant} from "./HostilePayees.sol";

/// @notice A gate that answers as it likes, or does not.
contract HostileGate is IGate, Reentrant {
    enum Mood {
        Open,
        /// Open, after trying to get into whoever asks.
        Prying,
        Closed,
        Reverting,
        /// Of all gas, at once.
        Burning,
        /// 31 bytes.
        Short,
        /// Neither true nor false.
        Two,
        /// True, and more.
        Flooding,
        /// A reason as long as its gas can buy.
        FloodingReason
    }

    Mood public mood;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function isAllowed(bytes32, address, uint256) external view returns (bool) {
        Mood now_ = mood;
        if (now_ == Mood.Prying) _peek();
        if (now_ == Mood.Reverting) revert("gate");
        if (now_ == Mood.Burning) {
            assembly {
                invalid()
            }
        }
        if (now_ == Mood.FloodingReason) {
            uint256 size = gasleft() > 20_000_000 ? 2 ** 20 : 100_000;
            assembly {
                revert(0, size)
            }
        }
        if (now_ >= Mood.Short) {
            uint256 size = now_ == Mood.Short ? 31 : now_ == Mood.Two ? 32 : 64;
            uint256 said = now_ == Mood.Two ? 2 : 1;
            assembly {
                mstore(0, said)
                return(0, size)
            }
        }
        return now_ <= Mood.Prying;
    }
}
