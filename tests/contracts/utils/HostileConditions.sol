// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICondition} from "../../../contracts/interfaces/ICondition.sol";
import {Reentrant} from "./HostilePayees.sol";

/// @notice A condition that answers as it likes, or does not.
contract HostileCondition is ICondition, Reentrant {
    enum Mood {
        Met,
        NotMet,
        Reverting,
        /// Of all gas, at once.
        Burning,
        Flooding,
        /// 31 bytes.
        Short,
        /// 64 bytes.
        Long,
        /// Neither true nor false.
        Two,
        /// Tries to write.
        Writing,
        /// Met, after trying to get into whoever asks.
        Prying
    }

    Mood public mood;
    uint256 private _written;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function start(bytes calldata data) external pure returns (bytes memory) {
        return data;
    }

    function isMet(bytes32, bytes calldata) external view returns (bool) {
        Mood now_ = mood;
        if (now_ == Mood.NotMet) return false;
        if (now_ == Mood.Reverting) revert("condition");
        if (now_ == Mood.Burning) {
            assembly {
                invalid()
            }
        }
        if (now_ == Mood.Writing) {
            (bool success,) = address(this).staticcall(abi.encodeCall(this.write, ()));
            return !success;
        }
        if (now_ == Mood.Prying) _peek();
        if (now_ >= Mood.Flooding && now_ <= Mood.Two) {
            uint256 size = now_ == Mood.Flooding ? 100_000 : now_ == Mood.Short ? 31 : now_ == Mood.Long ? 64 : 32;
            uint256 word = now_ == Mood.Two ? 2 : 1;
            assembly {
                mstore(0, word)
                return(0, size)
            }
        }
        return true;
    }

    function write() external {
        ++_written;
    }
}
