// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AllowList} from "../../contracts/gates/AllowList.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {vm} from "./utils/Vm.sol";

contract AllowListTest is Base {
    Made private _made;

    function setUp() public override {
        super.setUp();
        Terms memory terms = _training(0, 0);
        terms.aiInference = true;
        terms.gate = address(list);
        _made = _collect(artist.wallet, 1, data.defineTerms(terms));
    }

    function _allow(uint256 uses) private {
        vm.prank(artist.wallet);
        list.allow(address(data), _made.id, developer.wallet, uses);
    }

    function _may(uint256 use) private view returns (bool) {
        return data.mayUse(_made.id, developer.wallet, use);
    }

    function test_letsThroughForWhatWasAllowedAndNothingElse() public {
        no(_may(TRAIN), "closed");
        _allow(TRAIN);
        yes(_may(TRAIN), "training");
        no(_may(READ), "reading");
        no(_may(TRAIN | READ), "both");
        no(list.isAllowed(_subject(address(data), _made.id), developer.wallet, 0), "nothing");
        no(data.mayUse(_made.id, stranger.wallet, TRAIN), "others");
        _allow(TRAIN | READ);
        yes(_may(TRAIN | READ), "both");
    }

    function test_canCloseAgain() public {
        _allow(TRAIN);
        vm.expectEmit(address(list));
        emit AllowList.Allowed(address(data), _made.id, developer.wallet, 0);
        _allow(0);
        no(_may(TRAIN), "closed");
    }

    function test_RevertWhen_notTheRegistrant() public {
        reverts(
            abi.encodeWithSelector(
                AllowList.AllowList_NotRegistrant.selector, address(data), _made.id, artist.wallet, stranger.wallet
            )
        );
        vm.prank(stranger.wallet);
        list.allow(address(data), _made.id, stranger.wallet, TRAIN);
    }
}
