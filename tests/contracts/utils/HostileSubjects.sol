// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistry} from "../../../contracts/interfaces/IRegistry.sol";
import {Reentrant} from "./HostilePayees.sol";

/// @notice Subjects that answer `payeeOf` each in its own way.
contract HostileSubjects is IRegistry, Reentrant {
    enum Mood {
        /// The payee, whatever that is: another subject, itself, zero, the splitter, a key that nobody can open.
        Answering,
        /// Either of two payees, by how much gas it was given.
        Fickle,
        /// The payee, after trying to get into the ledger.
        Prying,
        Reverting,
        /// Of all gas, as an endless loop does, but at once.
        Burning,
        Flooding,
        /// 31 bytes of the payee.
        Short,
        /// The payee and a byte.
        Long
    }

    struct Answer {
        Mood mood;
        bytes32 payee;
        bytes32 other;
    }

    mapping(bytes32 id => Answer) private _answers;

    function set(bytes32 id, Mood mood, bytes32 payee, bytes32 other) external {
        _answers[id] = Answer(mood, payee, other);
    }

    function answerOf(bytes32 id) external view returns (Answer memory) {
        return _answers[id];
    }

    function registrantOf(bytes32) external view returns (address) {
        return address(this);
    }

    function payeeOf(bytes32 id, address) external view returns (bytes32) {
        Answer storage answer = _answers[id];
        Mood mood = answer.mood;
        bytes32 payee = answer.payee;
        if (mood == Mood.Reverting) revert("not now");
        if (mood == Mood.Burning) {
            assembly {
                invalid()
            }
        }
        if (mood == Mood.Fickle && gasleft() % 2 == 0) return answer.other;
        if (mood == Mood.Prying) _peek();
        if (mood >= Mood.Flooding) {
            uint256 size = mood == Mood.Flooding ? 150_000 : mood == Mood.Short ? 31 : 33;
            assembly {
                mstore(0, payee)
                return(0, size)
            }
        }
        return payee;
    }
}

/// @notice Answers, once it has burnt nearly all the gas it is asked with.
contract SlowSubject {
    bytes32 private immutable PAYEE;

    constructor(bytes32 payee) {
        PAYEE = payee;
    }

    function payeeOf(bytes32, address) external view returns (bytes32) {
        while (gasleft() > 3000) {}
        return PAYEE;
    }
}
