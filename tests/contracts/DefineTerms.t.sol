// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {vm} from "./utils/Vm.sol";

contract DefineTermsTest is Base {
    function _all() private view returns (Terms memory) {
        return Terms(
            true, false, true, true, false, true, 1234, 99, uint64(START + 9), 77, address(list), keccak256("licence")
        );
    }

    // The wallet shows the terms in words because the ID is their EIP-712 struct hash.
    function test_idIsTheStructHash() public {
        Terms memory terms = _all();
        bytes32 expected = keccak256(
            bytes.concat(
                abi.encode(keccak256(bytes(TERMS)), true, false, true, true, false, true),
                abi.encode(1234, 99, START + 9, 77, address(list), keccak256("licence"))
            )
        );
        vm.expectEmit(address(data));
        emit IDataRegistry.TermsDefined(expected, terms);
        eq(data.defineTerms(terms), expected, "termsId");
    }

    function test_givesBackEveryField() public {
        Terms memory terms = _all();
        eq(keccak256(abi.encode(data.termsOf(data.defineTerms(terms)))), keccak256(abi.encode(terms)), "terms");
    }

    // Invariant 8
    function test_doesNothingTheSecondTime() public {
        bytes32 id = data.defineTerms(_all());
        vm.recordLogs();
        eq(data.defineTerms(_all()), id, "same");
        eq(vm.getRecordedLogs().length, 0, "no event");
    }

    function test_RevertWhen_royaltyIsMoreThanAll() public {
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_BpsTooLarge.selector, 10_001, 0));
        data.defineTerms(_training(10_001, 0));
    }

    function test_RevertWhen_floorIsMoreThanAll() public {
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_BpsTooLarge.selector, 0, 10_001));
        data.defineTerms(_training(0, 10_001));
    }

    function test_RevertWhen_unknown() public {
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_UnknownTerms.selector, bytes32("none")));
        data.termsOf("none");
    }

    function testFuzz_roundTrip(Terms memory terms) public {
        terms.royaltyBps = uint16(bound(terms.royaltyBps, 0, 10_000));
        terms.floorBps = uint16(bound(terms.floorBps, 0, 10_000));
        bytes32 id = data.defineTerms(terms);
        eq(keccak256(abi.encode(data.termsOf(id))), keccak256(abi.encode(terms)), "terms");
        eq(id, keccak256(abi.encode(keccak256(bytes(TERMS)), terms)), "id");
    }
}
