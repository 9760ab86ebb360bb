// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Waterfalls} from "../../../contracts/Waterfalls.sol";
import {Plan, Tier} from "../../../contracts/types/Plan.sol";
import {Base} from "./Base.sol";
import {SumTrees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice Waterfalls, and payees that are splits of one or two.
abstract contract Falling is Base {
    Waterfalls internal falls;

    function setUp() public virtual override {
        super.setUp();
        address code = vm.deployCode("Waterfall.sol", abi.encode(splitter));
        falls = Waterfalls(vm.deployCode("Waterfalls.sol", abi.encode(splitter, code)));
    }

    function _only(address who) internal pure returns (SumTrees.Leaf[] memory leaves) {
        leaves = new SumTrees.Leaf[](1);
        leaves[0] = SumTrees.Leaf(_wallet(who), 1);
    }

    /// @dev A tier for one wallet; with sizes in one token unless it is the last.
    function _tier(address who, uint256 size) internal pure returns (Tier memory) {
        return _tierOf(SumTrees.opening(_only(who), ""), size);
    }

    function _tierOf(bytes memory opening, uint256 size) internal pure returns (Tier memory tier) {
        tier.payee = opening;
        tier.sizes = new uint128[](size == 0 ? 0 : 1);
        if (size != 0) tier.sizes[0] = uint128(size);
    }

    function _plan(address currency, Tier memory a, Tier memory b, Tier memory c)
        internal
        pure
        returns (Plan memory plan)
    {
        plan.tokens = new address[](1);
        plan.tokens[0] = currency;
        plan.tiers = new Tier[](3);
        (plan.tiers[0], plan.tiers[1], plan.tiers[2]) = (a, b, c);
    }

    /// @dev To the artist 100, to the studio 50, the rest to the creator.
    function _usual(address currency) internal pure returns (Plan memory) {
        return _plan(currency, _tier(ARTIST, 100), _tier(STUDIO, 50), _tier(CREATOR, 0));
    }

    address internal constant ARTIST = address(0xa1);
    address internal constant STUDIO = address(0xa2);
    address internal constant CREATOR = address(0xa3);

    function _received(address who, address currency) internal view returns (uint256) {
        return splitter.received(SumTrees.key(SumTrees.opening(_only(who), "")), currency);
    }

    function _had(address currency, uint256 a, uint256 b, uint256 c) internal view {
        eq(_received(ARTIST, currency), a, "the first tier");
        eq(_received(STUDIO, currency), b, "the second");
        eq(_received(CREATOR, currency), c, "the last");
    }
}
