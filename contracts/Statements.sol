// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signed} from "./base/Signed.sol";
import {IStatements} from "./interfaces/IStatements.sol";
import {Approval} from "./interfaces/ISigned.sol";

contract Statements is IStatements, Signed {
    bytes32 private constant STATEMENT = keccak256(
        "Statement(address speaker,bytes32 subject,bytes32 kind,bytes32 document,uint256 nonce,uint256 deadline)"
    );

    constructor() EIP712("Kiseki Statements", "1") {}

    /// @inheritdoc IStatements
    function state(bytes32 subject, bytes32 kind, bytes32 document) external {
        emit Stated(msg.sender, subject, kind, document);
    }

    /// @inheritdoc IStatements
    function stateFor(address speaker, bytes32 subject, bytes32 kind, bytes32 document, Approval calldata approval)
        external
    {
        bytes32 structHash =
            keccak256(abi.encode(STATEMENT, speaker, subject, kind, document, approval.nonce, approval.deadline));
        _spend(speaker, structHash, approval);
        emit Stated(speaker, subject, kind, document);
    }
}
