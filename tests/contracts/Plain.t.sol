// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ids} from "../../contracts/libraries/Ids.sol";
import {SumTree} from "../../contracts/libraries/SumTree.sol";
import {Grant, grantOf} from "../../contracts/types/Grant.sol";
import {Record, recordOf} from "../../contracts/types/Record.sol";
import {Collection} from "../../contracts/types/Sources.sol";
import {TermsHead, headOf} from "../../contracts/types/TermsHead.sol";
import {Base} from "./utils/Base.sol";
import {SumTrees} from "./utils/Trees.sol";

// What is written in assembly or packed by hand is what it would be written plainly.
contract PlainTest is Base {
    using SumTree for SumTree.Nodes;

    function partOf(Collection[] calldata collections) external pure returns (bytes32) {
        return Ids.part(collections);
    }

    function eachOf(Collection[] calldata collections) external pure returns (bytes32[] memory) {
        return Ids.each(collections);
    }

    function rootOf(bytes32[] memory hashes, uint256[] memory sums, uint256 count)
        external
        pure
        returns (bytes32, uint96)
    {
        SumTree.Nodes nodes = SumTree.alloc(count);
        for (uint256 i; i < count; ++i) {
            nodes.push(hashes[i], sums[i]);
        }
        return nodes.root();
    }

    /// @dev Neither what lies in memory nor the zero slot beside the scratch space is written over.
    modifier leavesMemoryAlone() {
        bytes memory before = hex"0123456789";
        bytes32 seen = keccak256(before);
        _;
        eq(keccak256(before), seen, "memory");
        bytes32 zero;
        assembly ("memory-safe") {
            zero := mload(0x60)
        }
        eq(zero, 0, "zero slot");
    }

    function testFuzz_subject(address account, bytes32 id) public pure leavesMemoryAlone {
        eq(Ids.subject(account, id), keccak256(abi.encodePacked(bytes1(0x04), account, id)), "subject");
    }

    function testFuzz_collection(address provider, bytes32 root, bytes32 termsId) public pure leavesMemoryAlone {
        eq(
            Ids.collection(provider, root, termsId),
            keccak256(abi.encodePacked(bytes1(0x05), provider, root, termsId)),
            "collection"
        );
    }

    function testFuzz_leaf(bytes32 key, uint96 shares) public pure leavesMemoryAlone {
        eq(SumTree.leaf(key, shares), keccak256(abi.encodePacked(bytes1(0x00), key, shares)), "leaf");
    }

    function testFuzz_part(Collection[] calldata collections) public view leavesMemoryAlone {
        eq(this.partOf(collections), keccak256(abi.encode(collections)), "part");
        bytes32[] memory ids = this.eachOf(collections);
        eq(ids.length, collections.length, "each");
        for (uint256 i; i < ids.length; ++i) {
            eq(ids[i], collections[i].id, "id");
        }
    }

    function _nodes(uint256 count, uint256 seed) private pure returns (bytes32[] memory hashes, uint256[] memory sums) {
        hashes = new bytes32[](count);
        sums = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            hashes[i] = keccak256(abi.encode(seed, i));
            sums[i] = 1 + (uint256(hashes[i]) >> 175);
        }
    }

    /// @param spare Room for more nodes than there are.
    function _checkRoot(uint256 count, uint256 spare, uint256 seed) private view leavesMemoryAlone {
        (bytes32[] memory hashes, uint256[] memory sums) = _nodes(count, seed);
        SumTree.Nodes nodes = SumTree.alloc(count + spare);
        bytes memory after_ = hex"fedcba";
        bytes32 seen = keccak256(after_);
        for (uint256 i; i < count; ++i) {
            nodes.push(hashes[i], sums[i]);
        }
        (bytes32 hash, uint96 sum) = nodes.root();
        eq(keccak256(after_), seen, "what was allocated next");
        (bytes32 expected, uint256 total) = SumTrees.rootOf(hashes, sums);
        eq(hash, expected, "root");
        eq(sum, total, "sum");
    }

    function test_rootOfEveryCountTo70() public view {
        for (uint256 n = 1; n <= 70; ++n) {
            _checkRoot(n, n % 3, n);
        }
        _checkRoot(1023, 0, 1);
        _checkRoot(1024, 0, 2);
    }

    function testFuzz_root(uint256 count, uint256 spare, uint256 seed) public view {
        _checkRoot(bound(count, 1, 300), spare % 5, seed);
    }

    function test_RevertWhen_rootHasNoShares() public {
        (bytes32[] memory hashes, uint256[] memory sums) = _nodes(3, 1);
        bytes memory reason = abi.encodeWithSelector(SumTree.SumTree_NoShares.selector);
        reverts(reason);
        this.rootOf(hashes, sums, 0);
        sums[1] = 0;
        reverts(reason);
        this.rootOf(hashes, sums, 3);
    }

    function test_RevertWhen_rootIsTooLarge() public {
        (bytes32[] memory hashes, uint256[] memory sums) = _nodes(2, 1);
        (sums[0], sums[1]) = (type(uint96).max, 1);
        reverts(abi.encodeWithSelector(SumTree.SumTree_TooLarge.selector, 2 ** 96));
        this.rootOf(hashes, sums, 2);
        // Their sum wraps around to nothing.
        (sums[0], sums[1]) = (2 ** 255, 2 ** 255);
        reverts(abi.encodeWithSelector(SumTree.SumTree_TooLarge.selector, 2 ** 255));
        this.rootOf(hashes, sums, 2);
        (sums[0], sums[1]) = (type(uint96).max - 1, 1);
        this.rootOf(hashes, sums, 2);
    }

    function testFuzz_packedValues(
        address account,
        uint32 registered,
        uint32 revoked,
        uint32 number,
        uint8 uses,
        uint16 royalty,
        uint16 floor,
        uint64 validUntil
    ) public pure {
        Record record = recordOf(account, registered, number);
        eq(record.revokedAt(), 0, "not revoked");
        record = record.revokedSince(revoked);
        eq(record.provider(), account, "provider");
        eq(record.registeredAt(), registered, "registered");
        eq(record.revokedAt(), revoked, "revoked");
        eq(record.terms(), number, "terms");
        Grant grant = grantOf(account, royalty, floor);
        eq(grant.provider(), account, "grant: provider");
        eq(grant.royaltyBps(), royalty, "grant: royalty");
        eq(grant.floorBps(), floor, "grant: floor");
        TermsHead head = headOf(account, uses, royalty, floor, validUntil);
        eq(head.gate(), account, "gate");
        eq(head.uses(), uses, "uses");
        eq(head.royaltyBps(), royalty, "royalty");
        eq(head.floorBps(), floor, "floor");
        eq(head.validUntil(), validUntil > type(uint56).max ? type(uint56).max : validUntil, "valid until");
    }
}
