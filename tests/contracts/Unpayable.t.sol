// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "../../contracts/interfaces/IOutputRegistry.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Sources} from "../../contracts/types/Sources.sol";
import {Base} from "./utils/Base.sol";
import {vm} from "./utils/Vm.sol";

// Promise 4: a payee that may stand for good is one that money can leave through.
contract UnpayableTest is Base {
    bytes32 private constant ROOT = "root";

    function _opening(address account, bytes32 id) private pure returns (bytes memory) {
        return abi.encodePacked(account, id);
    }

    function _itself(address registry, bytes32 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Payees.Payees_Itself.selector, _subject(registry, id));
    }

    function _unknown(bytes32 number) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Payees.Payees_UnknownToken.selector, uint256(number));
    }

    // Collections

    function _collection() private view returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x05), artist.wallet, ROOT, trainingTerms));
    }

    function _commit(address account, bytes32 id) private {
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        (spec.payee, spec.opening) = (_subject(account, id), _opening(account, id));
        vm.prank(artist.wallet);
        data.commit(ROOT, 3, spec);
    }

    function _set(bytes32 collection, address account, bytes32 id) private {
        vm.prank(artist.wallet);
        data.setPayee(collection, _subject(account, id), _opening(account, id), _unsigned());
    }

    function test_RevertWhen_aCollectionWouldPayItself() public {
        reverts(_itself(address(data), _collection()));
        _commit(address(data), _collection());
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        reverts(_itself(address(data), made.id));
        _set(made.id, address(data), made.id);
        // Another collection is somebody, also one that is not registered yet.
        _set(made.id, address(data), _collection());
    }

    // The slip: the collection's ID where its token's number belongs.
    function test_RevertWhen_aCollectionsTokenIsNamedByAnotherNumber() public {
        reverts(_unknown(_collection()));
        _commit(address(rights), _collection());
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        reverts(_unknown(made.id));
        _set(made.id, address(rights), made.id);
        _set(made.id, address(rights), _subject(address(data), made.id));
    }

    function test_itsOwnTokenIsNamedBeforeAnythingIsOnRecord() public {
        bytes32 number = _subject(address(data), _collection());
        _commit(address(rights), number);
        eq(data.payeeOf(_collection(), address(0)), _subject(address(rights), number), "its token");
    }

    // Another's token is named once it is on record, which anybody can bring about.
    function test_anothersTokenIsNamedOnceItIsOnRecord() public {
        Made memory made = _collect(artist.wallet, 1, trainingTerms);
        bytes32 others = _collect(studio.wallet, 2, trainingTerms).id;
        bytes32 number = _subject(address(data), others);
        reverts(_unknown(number));
        _set(made.id, address(rights), number);
        rights.reveal(address(data), others);
        _set(made.id, address(rights), number);
    }

    // Models

    function _model(Sources memory sources, address account, bytes32 id) private {
        IModelRegistry.ModelSpec memory spec = _modelSpec(1, freeTerms);
        (spec.payee, spec.opening) = (_subject(account, id), _opening(account, id));
        vm.prank(developer.wallet);
        models.register(spec, sources);
    }

    function test_RevertWhen_aModelWouldPayItselfOrAnUnknownToken() public {
        Sources memory sources = _sources(_collect(artist.wallet, 1, trainingTerms));
        bytes32 model = _modelId(developer.wallet, _modelSpec(1, freeTerms), _sourcesHash(sources));
        reverts(_itself(address(models), model));
        _model(sources, address(models), model);
        reverts(_unknown(model));
        _model(sources, address(rights), model);
        _model(sources, address(rights), _subject(address(models), model));
    }

    // Batches

    function _batch(Sources memory sources, address account, bytes32 id) private {
        IOutputRegistry.BatchSpec memory spec = _batchSpec(1);
        (spec.payee, spec.opening) = (_subject(account, id), _opening(account, id));
        vm.prank(creator.wallet);
        outputs.commit(ROOT, 3, spec, sources);
    }

    function test_RevertWhen_aBatchWouldPayItselfOrAnUnknownToken() public {
        (bytes32 model,) = _train(1, freeTerms);
        Sources memory sources = _onModel(model);
        bytes32 batch = _batchId(creator.wallet, _sourcesHash(sources), ROOT);
        reverts(_itself(address(outputs), batch));
        _batch(sources, address(outputs), batch);
        reverts(_unknown(batch));
        _batch(sources, address(rights), batch);
        _batch(sources, address(rights), _subject(address(outputs), batch));
    }
}
