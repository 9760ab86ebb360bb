// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {IStatements} from "../../contracts/interfaces/IStatements.sol";
import {Base} from "./utils/Base.sol";
import {vm} from "./utils/Vm.sol";

contract StatementsTest is Base {
    function _signed(Actor memory by, address speaker, uint256 nonce) private view returns (Approval memory) {
        bytes32 typeHash = keccak256(
            "Statement(address speaker,bytes32 subject,bytes32 kind,bytes32 document,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash = keccak256(
            abi.encode(typeHash, speaker, bytes32("subject"), bytes32("audit"), bytes32("document"), nonce, START)
        );
        return _approve(by, _digest("Kiseki Statements", address(statements), structHash), nonce, START);
    }

    function test_logsWhoSaysWhat() public {
        vm.expectEmit(address(statements));
        emit IStatements.Stated(stranger.wallet, "subject", "audit", "document");
        vm.prank(stranger.wallet);
        statements.state("subject", "audit", "document");
    }

    function test_logsTheSignerNotTheRelayer() public {
        vm.expectEmit(address(statements));
        emit IStatements.Stated(artist.wallet, "subject", "audit", "document");
        vm.prank(stranger.wallet);
        statements.stateFor(artist.wallet, "subject", "audit", "document", _signed(artist, artist.wallet, 0));
    }

    function test_RevertWhen_saidTwiceOrBySomebodyElse() public {
        Approval memory approval = _signed(artist, artist.wallet, 0);
        statements.stateFor(artist.wallet, "subject", "audit", "document", approval);
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 0));
        statements.stateFor(artist.wallet, "subject", "audit", "document", approval);
        approval = _signed(stranger, artist.wallet, 1);
        reverts(ISigned.Signed_WrongSignature.selector);
        statements.stateFor(artist.wallet, "subject", "audit", "document", approval);
    }
}
