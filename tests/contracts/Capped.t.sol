// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AllowList} from "../../contracts/gates/AllowList.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
import {Base} from "./utils/Base.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Burns all gas of whoever asks: about everybody, or only about payees.
contract Burning is IRegistry {
    address private immutable REGISTRANT;

    constructor(address registrant) {
        REGISTRANT = registrant;
    }

    function registrantOf(bytes32) external view returns (address) {
        while (REGISTRANT == address(0)) {}
        return REGISTRANT;
    }

    function payeeOf(bytes32, address) external pure returns (bytes32) {
        while (true) {}
        return 0;
    }
}

// A relay that mints or reveals for others names their registry, and pays for what that does.
contract CappedTest is Base {
    uint256 private constant MOST = 500_000;

    function _refused(address to, bytes memory call_, bytes memory reason) private {
        vm.prank(stranger.wallet);
        uint256 before = gasleft();
        (bool success, bytes memory said) = to.call(call_);
        yes(before - gasleft() < MOST, "no more than one question costs");
        no(success, "refused");
        eq(keccak256(said), keccak256(reason), "and why");
    }

    function test_aRegistryThatBurnsGasCostsOneQuestion() public {
        address burning = address(new Burning(address(0)));
        _refused(
            address(rights),
            abi.encodeCall(rights.reveal, (burning, "id")),
            abi.encodeWithSelector(IRightsToken.RightsToken_Unregistered.selector, burning, bytes32("id"))
        );
        _refused(
            address(rights),
            abi.encodeCall(rights.mint, (_rightsSpec(burning, "id", "document", 0), _noShare())),
            abi.encodeWithSelector(
                IRightsToken.RightsToken_NotRegistrant.selector, burning, bytes32("id"), address(0), stranger.wallet
            )
        );
        _refused(
            address(list),
            abi.encodeCall(list.allow, (burning, "id", stranger.wallet, TRAIN)),
            abi.encodeWithSelector(
                AllowList.AllowList_NotRegistrant.selector, burning, bytes32("id"), address(0), stranger.wallet
            )
        );
    }

    // No answer is no income of nothing.
    function test_whoDoesNotSayWhoIsPaidHasNothingMinted() public {
        address burning = address(new Burning(stranger.wallet));
        _refused(
            address(rights),
            abi.encodeCall(rights.mint, (_rightsSpec(burning, "id", "document", 0), _noShare())),
            abi.encodeWithSelector(IRightsToken.RightsToken_NoAnswer.selector, burning, bytes32("id"))
        );
    }
}
