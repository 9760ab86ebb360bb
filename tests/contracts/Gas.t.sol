// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Approval} from "../../contracts/interfaces/ISigned.sol";
import {Ancestor, External, Parent, Sources} from "../../contracts/types/Sources.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Base} from "./utils/Base.sol";
import {IdTrees, SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What the paths that people pay for cost, as whole transactions, written into `snapshots/gas.json`.
/// @dev Each measured call runs as a transaction of its own (`isolate`), everything cold and every slot clean, as on a
/// chain. Its gas is then the whole transaction's: 21,000, calldata, and the floor of EIP-7623 where that is more.
/// forge-config: default.isolate = true
contract GasTest is Base {
    uint256 private constant MAX_BYTES = 131_072;
    uint256 private constant MAX_GAS = 16_777_216;

    /// @dev One of each is registered before anything is measured, as on every chain but for its first minute: the first
    /// of all writes the registry's `log` where nothing was.
    function setUp() public override {
        super.setUp();
        (bytes32 model,) = _train(99, data.defineTerms(_training(700, 0)));
        Sources memory sources = _onModel(model);
        vm.prank(creator.wallet);
        outputs.commit("first", 1, _batchSpec(1), sources);
    }

    /// @dev Made-up siblings up to a root, as in a split of 2^levels payees. Nothing here is kind: shares, sums and the
    /// salt (an ID, as in every split of a model or batch) are random, and zero bytes, which are cheap, come by chance.
    function _deep(address payee, uint256 levels) private pure returns (IRevenueSplitter.Share memory share) {
        share.payee = _wallet(payee);
        share.shares = _shares("own");
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0), share.payee, share.shares));
        uint96 sum = share.shares;
        for (uint256 i; i < levels; ++i) {
            bytes32 sibling = keccak256(abi.encode("sibling", i));
            uint96 other = _shares(sibling);
            share.path = abi.encodePacked(share.path, sibling, other);
            if (i % 2 == 0) {
                hash = keccak256(abi.encodePacked(bytes1(0x02), hash, sum, sibling, other));
            } else {
                hash = keccak256(abi.encodePacked(bytes1(0x02), sibling, other, hash, sum));
                share.side |= 1 << i;
            }
            sum += other;
        }
        share.split = abi.encodePacked(hash, sum, keccak256("an ID"));
    }

    /// @dev Four bytes. Sums of twelve would make the calldata alone of 20 levels cost 64,500 gas by its floor (EIP-7623).
    function _shares(bytes32 seed) private pure returns (uint96) {
        return uint96(1 << 31 | uint256(keccak256(abi.encode("shares", seed))) >> 225);
    }

    function _measure(string memory name, address from, address to, uint256 value, bytes memory call_)
        private
        returns (uint256 gas)
    {
        vm.prank(from);
        (bool success, bytes memory reason) = to.call{value: value}(call_);
        if (!success) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
        gas = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("gas", name, gas);
    }

    function _fits(uint256 gas, bytes memory call_) private pure {
        yes(gas < MAX_GAS, "one transaction (EIP-7825)");
        yes(call_.length + 300 < MAX_BYTES, "what public mempools accept");
    }

    // Data

    function test_registerCollections() public {
        uint256[3] memory counts = [uint256(1), 100, 4000];
        string[3] memory names = ["data register 1", "data register 100", "data register 4000"];
        for (uint256 i; i < 3; ++i) {
            (bytes32[] memory commitments,) = _commitments(artist.wallet, counts[i], i);
            bytes memory call_ = abi.encodeCall(data.register, (commitments, _spec(trainingTerms)));
            _fits(_measure(names[i], artist.wallet, address(data), 0, call_), call_);
        }
    }

    function test_commitAndPublish() public {
        (bytes32[] memory commitments, bytes32[] memory ids) = _commitments(artist.wallet, 4000, 1);
        bytes32 slice = IdTrees.root(ids);
        bytes32 other = keccak256("another slice");
        bytes32 root =
            slice < other ? keccak256(abi.encodePacked(slice, other)) : keccak256(abi.encodePacked(other, slice));
        bytes memory call_ = abi.encodeCall(data.commit, (root, 8000, _spec(trainingTerms)));
        _measure("data commit", artist.wallet, address(data), 0, call_);
        bytes32 id = keccak256(abi.encodePacked(bytes1(0x05), artist.wallet, root, trainingTerms));
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = other;
        call_ = abi.encodeCall(data.publish, (id, root, commitments, proof));
        _fits(_measure("data publish 4000", studio.wallet, address(data), 0, call_), call_);
    }

    function test_commitFor() public {
        bytes32 digest = _consent(address(data), artist.wallet, "root", 3, _spec(trainingTerms), 0, START);
        Approval memory approval = _approve(artist, digest, 0, START);
        bytes memory call_ = abi.encodeCall(data.commitFor, (artist.wallet, "root", 3, _spec(trainingTerms), approval));
        _measure("data commitFor", studio.wallet, address(data), 0, call_);
    }

    function test_commitUnder() public {
        bytes32 consent = _standingConsent(artist.wallet, studio.wallet, _spec(trainingTerms), 9, START, 0);
        Approval memory approval = _approve(artist, _digest("Kiseki DataRegistry", address(data), consent), 0, START);
        for (uint256 i; i < 2; ++i) {
            bytes memory call_ =
                abi.encodeCall(data.commitUnder, (artist.wallet, bytes32(i + 1), 3, _spec(trainingTerms), 9, approval));
            _measure(
                i == 0 ? "data commitUnder, first" : "data commitUnder, again", studio.wallet, address(data), 0, call_
            );
        }
    }

    function test_revoke() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        _measure("data revoke", artist.wallet, address(data), 0, abi.encodeCall(data.revoke, (made.id)));
    }

    // Models

    function _many(uint256 count, bool ownTerms, bool gated) private returns (Sources memory) {
        Made[] memory made = new Made[](count);
        bytes32[] memory ids = new bytes32[](count);
        bytes32[] memory order = new bytes32[](count);
        Made[] memory sorted = new Made[](count);
        bytes32 termsId = trainingTerms;
        for (uint256 i; i < count; ++i) {
            if (ownTerms) {
                Terms memory terms = _training(2000, 0);
                terms.document = keccak256(abi.encode("licence", i));
                if (gated) terms.gate = address(list);
                termsId = data.defineTerms(terms);
            }
            address provider = address(uint160(uint256(keccak256(abi.encode("provider", i)))));
            made[i] = _collect(provider, i, termsId);
            made[i].weight = uint96(10_000 + i);
            (ids[i], order[i]) = (made[i].id, bytes32(i));
            if (gated) {
                vm.prank(provider);
                list.allow(address(data), made[i].id, developer.wallet, TRAIN);
            }
        }
        _sort(ids, order, 0, int256(count - 1));
        for (uint256 i; i < count; ++i) {
            sorted[i] = made[uint256(order[i])];
        }
        return _sources(sorted);
    }

    function _model(string memory name, Sources memory sources) private returns (uint256 gas, bytes memory call_) {
        call_ = abi.encodeCall(models.register, (_modelSpec(1, freeTerms), sources));
        gas = _measure(name, developer.wallet, address(models), 0, call_);
        vm.snapshotValue("gas", string.concat(name, " (bytes)"), call_.length);
    }

    function test_modelOn1() public {
        _model("model on 1 collection", _many(1, false, false));
    }

    function test_modelOn121SharedTerms() public {
        (uint256 gas, bytes memory call_) = _model("model on 121 collections, shared terms", _many(121, false, false));
        _fits(gas, call_);
    }

    function test_modelOn121OwnTermsAndGate() public {
        (uint256 gas, bytes memory call_) =
            _model("model on 121 collections, own terms and gate", _many(121, true, true));
        _fits(gas, call_);
    }

    function test_modelOn1024() public {
        (uint256 gas, bytes memory call_) = _model("model on 1024 collections, shared terms", _many(1024, false, false));
        _fits(gas, call_);
    }

    function test_modelOn1024OwnTermsAndGate() public {
        (uint256 gas, bytes memory call_) =
            _model("model on 1024 collections, own terms and gate", _many(1024, true, true));
        _fits(gas, call_);
    }

    /// @dev A base that asks 23% under four models: paid four times it would take 92%.
    function test_modelOn4ParentsThatShareABase() public {
        Sources memory sources;
        sources.externals = new External[](1);
        sources.externals[0] = External("scraped", "what is known of it");
        vm.prank(studio.wallet);
        bytes32 base = models.register(_modelSpec(1, data.defineTerms(_training(2300, 0))), sources);
        bytes32[] memory tuned = new bytes32[](4);
        for (uint256 i; i < 4; ++i) {
            vm.prank(developer.wallet);
            tuned[i] = models.register(_modelSpec(2 + i, freeTerms), _onModel(base));
        }
        _sort(tuned, new bytes32[](4), 0, 3);
        delete sources;
        sources.models = new Parent[](4);
        for (uint256 i; i < 4; ++i) {
            Ancestor[] memory ancestry = new Ancestor[](2);
            bool first = base < tuned[i];
            ancestry[first ? 0 : 1] = Ancestor(base, 230_000);
            ancestry[first ? 1 : 0] = Ancestor(tuned[i], 0);
            sources.models[i] = Parent(tuned[i], ancestry);
        }
        _model("model on 4 parents that share a base", sources);
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](2);
        leaves[0] = SumTrees.Leaf(models.modelOf(base).ownSplit, 230_000);
        leaves[1] = SumTrees.Leaf(_wallet(developer.wallet), 770_000);
        bytes32 id = _modelId(developer.wallet, _modelSpec(1, freeTerms), _sourcesHash(sources));
        eq(models.modelOf(id).split, _key(leaves, id), "the base is paid once");
    }

    function _part(string memory name, Sources memory sources) private {
        bytes memory call_ = abi.encodeCall(models.addPart, ("model", developer.wallet, 1e9, 0, sources.collections));
        _fits(_measure(name, developer.wallet, address(models), 0, call_), call_);
        vm.snapshotValue("gas", string.concat(name, " (bytes)"), call_.length);
    }

    function test_partOf1024SharedTerms() public {
        _part("model part of 1024, shared terms", _many(1024, false, false));
    }

    function test_partOf1024OwnTermsAndGate() public {
        _part("model part of 1024, own terms and gate", _many(1024, true, true));
    }

    // Outputs

    function test_registerBatches() public {
        (bytes32 model,) = _train(1, data.defineTerms(_training(500, 0)));
        Sources memory sources = _onModel(model);
        uint256[2] memory counts = [uint256(1), 4000];
        string[2] memory names = ["batch register 1", "batch register 4000"];
        for (uint256 i; i < 2; ++i) {
            (bytes32[] memory commitments,) = _commitments(creator.wallet, counts[i], i);
            bytes memory call_ = abi.encodeCall(outputs.register, (commitments, _batchSpec(1), sources));
            _fits(_measure(names[i], creator.wallet, address(outputs), 0, call_), call_);
        }
    }

    // Money

    function _repeatDeposit(string memory name, address currency) private {
        bytes memory opening = _deep(artist.wallet, 10).split;
        bytes32 payee = keccak256(abi.encodePacked(bytes1(0x03), opening));
        uint256 value = currency == ETHER ? 1e15 : 0;
        bytes memory call_ = abi.encodeCall(splitter.deposit, (payee, opening, currency, 1e15, "ref"));
        _measure(string.concat(name, ", first"), buyer.wallet, address(splitter), value, call_);
        _measure(string.concat(name, ", again, opened again"), buyer.wallet, address(splitter), value, call_);
        call_ = abi.encodeCall(splitter.deposit, (payee, "", currency, 1e15, "ref"));
        _measure(string.concat(name, ", again"), buyer.wallet, address(splitter), value, call_);
    }

    function test_deposit() public {
        _repeatDeposit("deposit ether", ETHER);
        _repeatDeposit("deposit ERC-20", address(token));
    }

    // What a deposit in this token pays for the token's own work, whatever we do.
    function test_transferAlone() public {
        bytes memory call_ = abi.encodeCall(token.transfer, (artist.wallet, 1e15));
        _measure("transfer ERC-20 alone, again", buyer.wallet, address(token), 0, call_);
        _measure("transfer ERC-20 alone, again", buyer.wallet, address(token), 0, call_);
    }

    function _repeatClaim(string memory name, uint256 levels, address currency) private {
        IRevenueSplitter.Share memory share = _deep(artist.wallet, levels);
        bytes32 payee = keccak256(abi.encodePacked(bytes1(0x03), share.split));
        bytes memory call_ = abi.encodeCall(splitter.claim, (share, currency, ""));
        for (uint256 i; i < 2; ++i) {
            if (currency == ETHER) _pay(payee, share.split, 1 ether);
            else _payTokens(payee, share.split, currency, 1 ether);
            _measure(name, stranger.wallet, address(splitter), 0, call_);
        }
    }

    function test_claim() public {
        _repeatClaim("claim ether, 10 levels, again", 10, ETHER);
        _repeatClaim("claim ether, 20 levels, again", 20, ETHER);
        _repeatClaim("claim ERC-20, 10 levels, again", 10, address(token));
        _repeatClaim("claim ERC-20, 20 levels, again", 20, address(token));
    }

    function test_sweep() public {
        bytes memory opening = _deep(artist.wallet, 10).split;
        bytes32 payee = keccak256(abi.encodePacked(bytes1(0x03), opening));
        for (uint256 i; i < 2; ++i) {
            vm.deal(splitter.paymentAddress(payee), 1 ether);
            _measure(
                i == 0 ? "sweep ether, first" : "sweep ether, again",
                stranger.wallet,
                address(splitter),
                0,
                abi.encodeCall(splitter.sweep, (payee, opening, ETHER))
            );
        }
    }

    function test_claimOfADataSplitThroughACollection() public {
        (, Made memory made) = _train(1, freeTerms);
        IRevenueSplitter.Share memory share = _deep(address(0), 0);
        share.payee = _subject(address(data), made.id);
        share.split = abi.encodePacked(
            keccak256(abi.encodePacked(bytes1(0), share.payee, share.shares)), share.shares, keccak256("an ID")
        );
        bytes32 payee = keccak256(abi.encodePacked(bytes1(0x03), share.split));
        bytes memory call_ = abi.encodeCall(splitter.claim, (share, ETHER, abi.encodePacked(address(data), made.id)));
        for (uint256 i; i < 2; ++i) {
            _pay(payee, share.split, 1 ether);
            _measure(
                i == 0 ? "claim ether through a collection, first" : "claim ether through a collection, again",
                stranger.wallet,
                address(splitter),
                0,
                call_
            );
        }
    }
}
