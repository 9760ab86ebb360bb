// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRegistrations} from "../../contracts/interfaces/IRegistrations.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {Collection, Sources} from "../../contracts/types/Sources.sol";
import {Base} from "./utils/Base.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Nobody can hide a registration: the log of each registry is the fold of the IDs it registered.
contract RegistrationsTest is Base {
    function _fold(bytes32 log, bytes32 id) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(log, id));
    }

    function _is(IRegistrations registry, bytes32 log, string memory what) private view {
        eq(registry.log(), log, what);
        eq(vm.load(address(registry), 0), log, "slot 0, where proofs of storage look for it");
    }

    function test_nothingRegisteredIsZero() public view {
        _is(data, 0, "data");
        _is(models, 0, "models");
        _is(outputs, 0, "outputs");
    }

    function test_eachRegistryFoldsWhatItRegisters() public {
        bytes32[3] memory logs;
        for (uint256 i; i < 3; ++i) {
            (bytes32 model, Made memory made) = _train(i, freeTerms);
            Sources memory sources = _onModel(model);
            vm.prank(creator.wallet);
            bytes32 batch = outputs.commit(bytes32(i + 1), 3, _batchSpec(1), sources);
            bytes32[3] memory ids = [made.id, model, batch];
            for (uint256 j; j < 3; ++j) {
                logs[j] = _fold(logs[j], ids[j]);
            }
            _is(data, logs[0], "data");
            _is(models, logs[1], "models");
            _is(outputs, logs[2], "outputs");
        }
    }

    function test_registeringAgainAddsNothing() public {
        (bytes32 model, Made memory made) = _train(1, freeTerms);
        Sources memory sources = _onModel(model);
        vm.prank(creator.wallet);
        bytes32 batch = outputs.commit("root", 3, _batchSpec(1), sources);
        _collect(artist.wallet, 1, trainingTerms);
        vm.prank(developer.wallet);
        models.register(_modelSpec(1, freeTerms), _sources(made));
        vm.prank(creator.wallet);
        outputs.commit("root", 3, _batchSpec(1), sources);
        _is(data, _fold(0, made.id), "data");
        _is(models, _fold(0, model), "models");
        _is(outputs, _fold(0, batch), "outputs");
    }

    function test_whatIsNoRegistrationAddsNothing() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        vm.prank(artist.wallet);
        data.revoke(made.id);
        IDataRegistry.CollectionSpec memory other = _spec(trainingTerms);
        other.origin = "other";
        reverts(IDataRegistry.DataRegistry_DifferentValues.selector);
        vm.prank(artist.wallet);
        data.commit(made.root, 3, other);
        _is(data, _fold(0, made.id), "revoking and refusing");
    }

    function test_aDraftIsNoModelYet() public {
        Collection[] memory collections = new Collection[](1024);
        bytes32[] memory ids = new bytes32[](1024);
        bytes32 log;
        for (uint256 i; i < 1024; ++i) {
            ids[i] = _collect(artist.wallet, i, trainingTerms).id;
            log = _fold(log, ids[i]);
        }
        _sort(ids, new bytes32[](1024), 0, 1023);
        for (uint256 i; i < 1024; ++i) {
            collections[i] = Collection(ids[i], bytes32("items"), 1);
        }
        vm.prank(developer.wallet);
        models.addPart("model", developer.wallet, 2000, 0, collections);
        _is(models, 0, "a part of a draft");
        _is(data, log, "a thousand");
    }
}
