// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Terms} from "../../../contracts/types/Terms.sol";
import {Manifests} from "../utils/Manifests.sol";
import {SumTrees} from "../utils/Trees.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Providers who revoke items whenever it hurts most, and developers who look, train, and register. Whoever looked
/// less than 7 days before is attacked with every leaf, at once and for ever after.
contract StainHandler is Manifests {
    /// @dev Encoded, because the compiler cannot store them otherwise.
    struct Look {
        bytes used;
        uint256 at;
    }

    uint256 private constant ITEMS = 4;

    string public broken;
    /// Looked, registered in time, registered late, proved false (of the late), revoked.
    uint256[5] public done;
    bytes[] private _shelves;
    Look[] private _looks;
    bytes[] private _inTime;
    uint256 private _now = START;

    constructor() {
        setUp();
        uint32[4] memory notices = [uint32(0), 1 days, 7 days, 30 days];
        for (uint256 i; i < 8; ++i) {
            Terms memory terms = _training(0, 0);
            terms.noticeSeconds = notices[i % 4];
            _shelves.push(abi.encode(_use(artist.wallet, ITEMS, 1, i, data.defineTerms(terms))));
        }
    }

    /// @dev Takes what is not revoked; the provider puts up more where too little is left.
    function look(uint256 which) external {
        vm.warp(_now);
        uint256 shelf = which % _shelves.length;
        Used memory used = abi.decode(_shelves[shelf], (Used));
        uint256 left;
        for (uint256 i; i < ITEMS; ++i) {
            if (data.itemRevokedAt(used.ids[i]) == 0) ++left;
        }
        if (left == 0) {
            bytes32 terms = data.status(used.id).termsId;
            used = _use(artist.wallet, ITEMS, 1, uint256(keccak256(abi.encode(used.id))), terms);
            _shelves[shelf] = abi.encode(used);
            left = ITEMS;
        }
        _looks.push(Look(abi.encode(_some(used, left)), _now));
        ++done[0];
    }

    function _some(Used memory used, uint256 left) private view returns (Used memory taken) {
        (taken.id, taken.provider, taken.commitments, taken.ids) = (used.id, used.provider, used.commitments, used.ids);
        taken.leaves = new SumTrees.Leaf[](left);
        taken.declared = new bytes32[](left);
        uint256 place;
        for (uint256 i; i < ITEMS; ++i) {
            if (data.itemRevokedAt(used.ids[i]) == 0) _declare(taken, place++, i);
        }
    }

    function revokeItem(uint256 which, uint256 item) public {
        vm.warp(_now);
        Used memory used = abi.decode(_shelves[which % _shelves.length], (Used));
        vm.prank(artist.wallet);
        data.revokeItem(used.commitments[item % ITEMS]);
        ++done[4];
    }

    function register(uint256 which, bool spite) external {
        vm.warp(_now);
        uint256 place = which % _looks.length;
        Look memory looked = _looks[place];
        _looks[place] = _looks[_looks.length - 1];
        _looks.pop();
        Used memory used = abi.decode(looked.used, (Used));
        // In the block before.
        if (spite) {
            vm.prank(artist.wallet);
            data.revokeItem(used.declared[0]);
        }
        Trained memory trained = _train(used);
        bool inTime = _now - looked.at < 7 days;
        ++done[inTime ? 1 : 2];
        bool stained = _attacked(trained);
        if (inTime && stained) _break("looked, and is stained");
        if (inTime) _inTime.push(abi.encode(trained));
        if (stained) ++done[3];
    }

    /// @notice Anybody, at any time, with every leaf.
    function attack(uint256 which) external {
        vm.warp(_now);
        if (_attacked(abi.decode(_inTime[which % _inTime.length], (Trained)))) _break("stained later");
    }

    function pass(uint256 time) external {
        _now += 1 + time % 3 days;
        vm.warp(_now);
    }

    function settle() external {
        for (uint256 i; i < _inTime.length; ++i) {
            if (_attacked(abi.decode(_inTime[i], (Trained)))) _break("stained in the end");
        }
    }

    function _attacked(Trained memory trained) private returns (bool stained) {
        for (uint256 i; i < trained.used[0].leaves.length; ++i) {
            try this.challenge(trained, i) {
                stained = true;
            } catch {}
        }
    }

    function challenge(Trained memory trained, uint256 leaf) external {
        _revoked(trained, 0, leaf);
    }

    function _break(string memory how) private {
        if (bytes(broken).length == 0) broken = how;
    }
}
