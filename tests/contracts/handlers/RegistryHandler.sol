// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../../contracts/interfaces/IDataRegistry.sol";
import {IModelRegistry} from "../../../contracts/interfaces/IModelRegistry.sol";
import {IOutputRegistry} from "../../../contracts/interfaces/IOutputRegistry.sol";
import {Approval} from "../../../contracts/interfaces/ISigned.sol";
import {Base as Level} from "../../../contracts/types/Base.sol";
import {Ancestor, Sources} from "../../../contracts/types/Sources.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {HostileGate} from "../utils/HostileGates.sol";
import {SumTrees} from "../utils/Trees.sol";
import {vm} from "../utils/Vm.sol";
import {RegistryBooks} from "./RegistryBooks.sol";

/// @notice A studio world over real registries: collections, models and batches on each other, consent that ends, gates
/// that do as they like, money that comes in and goes out. The handler judges every registration by books of its own and
/// keeps in `broken` where the registries judged otherwise. What achieves nothing reverts.
contract RegistryHandler is RegistryBooks {
    constructor() {
        setUp();
        gate = new HostileGate();
        _define(_training(500, 0));
        _define(_training(300, 100));
        Terms memory terms = _training(200, 0);
        terms.aiInference = true;
        _define(terms);
        _define(terms = _training(100, 0));
        terms.validUntil = uint64(START + 15 days);
        _define(terms);
        terms = _training(100, 0);
        terms.noticeSeconds = 10 days;
        _define(terms);
        terms = _training(250, 0);
        terms.gate = address(list);
        _define(terms);
        terms.gate = address(gate);
        terms.aiInference = true;
        _define(terms);
        terms.aiGenerativeTraining = false;
        _define(terms);
        terms.aiInference = false;
        terms.gate = address(0);
        _define(terms);
        for (uint256 i; i < 8; ++i) {
            collect(i, i);
        }
        _train(3, 24 | 1 << 250, 0, 0, false);
        _train(4, 8 + 128 | 1 << 250, 1, 3, false);
    }

    // Data

    function collect(uint256 who, uint256 terms) public {
        vm.warp(_now);
        terms %= _terms.length;
        Made memory made = _collect(_person(who), ++_seed, _termsIds[terms]);
        _remember(made, terms);
    }

    /// @dev What is there already is the same again, and nothing is added to the log.
    function collectAgain(uint256 which) external {
        vm.warp(_now);
        Source storage source = collections[which % collections.length];
        bytes32 root = _roots[source.id];
        vm.prank(source.by);
        if (data.commit(root, 3, _spec(_termsIds[source.terms])) != source.id) _break("4: the same is another");
    }

    /// @dev Signs for up to three months of up to three collections.
    function consent(uint256 who, uint256 seed) external {
        uint256 until = _now + seed % 90 days;
        address collector = _person(seed >> 8);
        _consents.push(
            Standing(
                who % PEOPLE, collector, (seed >> 16) % _terms.length, uint32((seed >> 24) % 4), until, ++_seed, false
            )
        );
    }

    /// @dev Ends one, by its provider, or by somebody else in vain.
    function endConsent(uint256 which, uint256 by) external {
        require(_consents.length != 0, "no consent");
        Standing storage standing = _consents[which % _consents.length];
        address caller = by % 4 == 0 ? _person(by) : _person(standing.provider);
        vm.prank(caller);
        data.cancelNonce(standing.nonce);
        if (caller == _person(standing.provider)) standing.ended = true;
    }

    /// @dev By its collector, or by somebody else in vain; with what was signed, or more in vain.
    function collectUnder(uint256 which, uint256 by) external {
        vm.warp(_now);
        require(_consents.length != 0, "no consent");
        which %= _consents.length;
        Standing memory standing = _consents[which];
        address caller = by % 8 == 0 ? _person(by >> 3) : standing.collector;
        uint32 perMonth = by % 8 == 1 ? standing.perMonth + 1 : standing.perMonth;
        uint256 month = standing.until < _now ? 0 : (standing.until - _now) / 30 days;
        bool allowed = caller == standing.collector && perMonth == standing.perMonth && _now <= standing.until
            && !standing.ended && _usedIn[which][month] < perMonth;
        Made memory made;
        made.root = keccak256(abi.encode("root", ++_seed));
        bool done;
        (made.id, done) = _commitUnder(standing, caller, perMonth, made.root);
        if (done != allowed) _break(done ? "registered without consent" : "consented to and refused");
        require(done, "rightly refused");
        ++_usedIn[which][month];
        made.provider = _person(standing.provider);
        _remember(made, standing.terms);
    }

    function _commitUnder(Standing memory standing, address caller, uint32 perMonth, bytes32 root)
        private
        returns (bytes32 id, bool done)
    {
        Actor memory provider = _people()[standing.provider];
        IDataRegistry.CollectionSpec memory spec = _spec(_termsIds[standing.terms]);
        bytes32 signed = _standingConsent(
            provider.wallet, standing.collector, spec, standing.perMonth, standing.until, standing.nonce
        );
        bytes32 digest = _digest("Kiseki DataRegistry", address(data), signed);
        Approval memory approval = _approve(provider, digest, standing.nonce, standing.until);
        vm.prank(caller);
        try data.commitUnder(provider.wallet, root, 3, spec, perMonth, approval) returns (bytes32 got) {
            return (got, true);
        } catch {}
    }

    function _remember(Made memory made, uint256 terms) private {
        _roots[made.id] = made.root;
        collections.push(Source(made.id, made.provider, terms, 0, _pastOfCollection(made.id)));
        bytes32 subject = _subject(address(data), made.id);
        _openings[subject] = abi.encodePacked(address(data), made.id);
        if (splitter.received(subject, address(token)) != 0) _break("4: a new collection had money");
    }

    /// @dev By the provider, or by somebody else in vain.
    function revoke(uint256 which, uint256 by) external {
        vm.warp(_now);
        Source storage source = collections[which % collections.length];
        address caller = by % 4 == 0 ? _person(by) : source.by;
        vm.prank(caller);
        data.revoke(source.id);
        if (caller != source.by) _break("4: revoked by another");
        if (source.revokedAt == 0) source.revokedAt = _now;
    }

    function setPayee(uint256 which, uint256 by, uint256 to) external {
        vm.warp(_now);
        Source storage source = collections[which % collections.length];
        address caller = by % 4 == 0 ? _person(by) : source.by;
        bytes32 payee = _wallet(_person(to));
        bytes memory opening;
        bool toToken = to % 4 == 0;
        if (toToken) {
            opening = abi.encodePacked(address(rights), _subject(address(data), source.id));
            payee = _subject(address(rights), _subject(address(data), source.id));
            rights.reveal(address(data), source.id);
            _remember(uint256(_subject(address(data), source.id)));
        }
        vm.prank(caller);
        data.setPayee(source.id, payee, opening, _unsigned());
        if (caller != source.by) _break("4: another set the payee");
        if (_payees[source.id] != 0 && _payees[source.id] != payee) _break("another's place was taken unasked");
        if (payee != _wallet(source.by)) _payees[source.id] = payee;
    }

    function pass(uint256 time) external {
        _now += time % 6 days + 1;
        vm.warp(_now);
    }

    function setGate(uint256 mood, uint256 arms) external {
        gate.setMood(HostileGate.Mood(mood % 16 > 8 ? 0 : mood % 9));
        bytes memory call = abi.encodeCall(data.revoke, (collections[arms % collections.length].id));
        if (arms % 2 == 0) call = abi.encodeCall(data.defineTerms, (_training(uint16(arms % 9999), 1)));
        gate.arm(address(data), call);
    }

    function allow(uint256 which, uint256 user, bool isModel, bool on) external {
        Source storage source =
            isModel ? modelsKnown[which % modelsKnown.length] : collections[which % collections.length];
        vm.prank(source.by);
        list.allow(isModel ? address(models) : address(data), source.id, _person(user), on ? 127 : 0);
        _listed[source.id][_person(user)] = on;
    }

    // Models and batches

    function train(uint256 who, uint256 seed, uint256 terms, bool wider) external {
        _train(who, _bits(seed, "collections"), _bits(seed, "models"), terms, wider);
    }

    /// @dev On any collections and models, among the last ones. Invariant 5: it must succeed exactly when every source may
    /// be used, and then everybody's levy is in the split.
    function _train(uint256 who, uint256 collectionBits, uint256 modelBits, uint256 terms, bool wider) private {
        vm.warp(_now);
        address by = _person(who);
        terms %= _terms.length;
        // A model has no floor, and on what is reserved nobody builds.
        if (_isCareful(collectionBits) && (_terms[terms].floorBps != 0 || terms > 6)) terms = 0;
        Ask memory ask = Ask(by, TRAIN, _uses(_terms[terms]), _isCareful(collectionBits));
        (Sources memory sources, Made[] memory made, bool allowed) = _pick(ask, collectionBits, modelBits);
        if (wider) sources.externals = _oneExternal(++_seed);
        if (sources.collections.length + sources.models.length == 0) revert("no sources");
        IModelRegistry.ModelSpec memory spec = _modelSpec(++_seed, _termsIds[terms]);
        allowed = allowed && _terms[terms].floorBps == 0;
        bytes32 id = _modelId(by, spec, _sourcesHash(sources));
        Ancestor[] memory ancestry = _unite(sources.models);
        Composed memory composed = _composed(id, made, ancestry, _terms[terms].royaltyBps, _wallet(by));
        allowed = allowed && _sum(ancestry) + composed.own <= 1e6;
        vm.prank(by);
        try models.register(spec, sources) returns (bytes32 got) {
            if (!allowed || got != id) return _break("5: a model that must not be was registered");
        } catch {
            require(allowed, "rightly refused");
            return _break("5: a model that may be was refused");
        }
        IModelRegistry.Model memory model = models.modelOf(id);
        if (model.split != SumTrees.key(composed.opening) || model.own != composed.own) _break("5: a levy is missing");
        _ownLevel[id] = _levelOf(sources.externals);
        if (model.base != _worst(_ownLevel[id], ancestry)) _break("a model hides a worse base");
        modelsKnown.push(Source(id, by, terms, 0, keccak256(abi.encode(model))));
        for (uint256 i; i < ancestry.length; ++i) {
            _ancestries[id].push(ancestry[i]);
        }
        _ancestries[id].push(Ancestor(id, model.own));
        if (composed.own != 0) {
            _ownSplits[id] = SumTrees.key(composed.ownOpening);
            if (_ownSplits[id] != model.ownSplit) _break("5: another own split");
            _keep(composed.ownOpening, composed.ownLeaves);
        }
        _keepComposed(composed);
    }

    function draw(uint256 who, uint256 seed, bool toToken) external {
        (uint256 collectionBits, uint256 modelBits) = (_bits(seed, "collections"), _bits(seed, "models"));
        vm.warp(_now);
        address by = _person(who);
        Ask memory ask = Ask(by, READ, 0, _isCareful(collectionBits));
        (Sources memory sources, Made[] memory made, bool allowed) = _pick(ask, collectionBits, modelBits);
        if (sources.models.length == 0) revert("no model");
        bytes32 root = bytes32(++_seed);
        bytes32 id = _batchId(by, _sourcesHash(sources), root);
        IOutputRegistry.BatchSpec memory spec = _batchSpec(sources.models.length);
        bytes32 payee = _wallet(by);
        if (toToken) {
            bytes32 tokenId = _subject(address(outputs), id);
            spec.payee = payee = _subject(address(rights), tokenId);
            spec.opening = abi.encodePacked(address(rights), tokenId);
        }
        Ancestor[] memory ancestry = _unite(sources.models);
        Composed memory composed;
        _composeData(composed, made);
        allowed = allowed && _sum(ancestry) + composed.data <= 1e6;
        if (allowed) composed = _composed(id, made, ancestry, 0, payee);
        vm.prank(by);
        try outputs.commit(root, 3, spec, sources) returns (bytes32 got) {
            if (!allowed || got != id) return _break("5: a batch that must not be was registered");
        } catch {
            require(allowed, "rightly refused");
            return _break("5: a batch that may be was refused");
        }
        IOutputRegistry.Batch memory batch = outputs.batchOf(id);
        if (batch.split != SumTrees.key(composed.opening)) _break("5: a levy is missing");
        if (batch.base != _worst(Level.Traced, ancestry)) _break("a batch hides a worse base");
        batches.push(Source(id, by, 0, 0, keccak256(abi.encode(batch))));
        if (toToken) {
            rights.reveal(address(outputs), id);
            _remember(_token(id));
        }
        _keepComposed(composed);
    }

    // Rights

    function mint(uint256 which, uint256 by) external {
        require(batches.length != 0, "no batch");
        Source storage source = batches[which % batches.length];
        for (uint256 i; i < batches.length && rights.holderOf(_token(source.id)) != address(0); ++i) {
            source = batches[(which + i) % batches.length];
        }
        address caller = by % 4 == 0 ? _person(by) : source.by;
        vm.prank(caller);
        uint256 tokenId = rights.mint(_rightsSpec(address(outputs), source.id, "document", 100), _noShare());
        if (caller != source.by) _break("minted by another");
        _remember(tokenId);
    }

    function transfer(uint256 which, uint256 to) external {
        require(_tokens.length != 0, "no token");
        uint256 tokenId = _tokens[which % _tokens.length];
        address holder = rights.holderOf(tokenId);
        for (uint256 i; i < _tokens.length && holder == address(0); ++i) {
            tokenId = _tokens[(which + i) % _tokens.length];
            holder = rights.holderOf(tokenId);
        }
        require(holder != address(0), "not minted");
        address receiver = to % 8 == 0 ? address(splitter) : to % 8 == 1 ? address(rights) : _person(to);
        vm.prank(holder);
        rights.transferFrom(holder, receiver, tokenId);
        if (to % 8 < 2) _break("a rights token where nobody can claim for it");
    }

    // Money

    function pay(uint256 which, uint96 amount) external {
        Known storage known = _splits[which % _splits.length];
        uint256 given = uint256(amount) % 1e24 + 1;
        token.mint(buyer.wallet, given);
        paid += given;
        _payTokens(SumTrees.key(known.opening), known.opening, address(token), given);
    }

    function claim(uint256 which, uint256 leaf) external {
        Known storage known = _splits[which % _splits.length];
        for (uint256 i; i < _splits.length && _received(known) == 0; ++i) {
            known = _splits[(which + i) % _splits.length];
        }
        require(_received(known) != 0, "nothing received");
        for (uint256 i; i < known.leaves.length; ++i) {
            if (_claim(known, (leaf + i) % known.leaves.length) != 0) return;
        }
        revert("nothing due");
    }

    /// @dev Everything, to the last leaf: three passes, because data splits are below own splits, and those below splits.
    /// Returns how many leaves there are, which is the most that rounding can leave behind.
    function settle() external returns (uint256 leaves) {
        vm.warp(_now);
        for (uint256 level; level < 3; ++level) {
            leaves = 0;
            for (uint256 i; i < _splits.length; ++i) {
                Known storage known = _splits[i];
                leaves += known.leaves.length;
                if (_received(known) == 0) continue;
                for (uint256 j; j < known.leaves.length; ++j) {
                    _claim(known, j);
                }
            }
        }
        for (uint256 i; i < collections.length; ++i) {
            splitter.resolve(address(data), collections[i].id, address(token));
        }
        for (uint256 i; i < _tokens.length; ++i) {
            splitter.resolve(address(rights), bytes32(_tokens[i]), address(token));
        }
    }

    function held() external view returns (uint256) {
        return token.balanceOf(address(splitter));
    }

    /// @notice What the people have of all that was paid.
    function earned() external view returns (uint256 sum) {
        for (uint256 i; i < PEOPLE; ++i) {
            sum += token.balanceOf(_person(i));
        }
        sum -= 1e30;
    }

    function _fold(Source[] storage sources) private view returns (bytes32 log) {
        for (uint256 i; i < sources.length; ++i) {
            log = keccak256(abi.encodePacked(log, sources[i].id));
        }
    }

    // Invariant 4

    /// @notice What is not any more as it was registered, in words; empty when nothing.
    function changed() external view returns (string memory) {
        if (data.log() != _fold(collections)) return "the log of collections is not their fold";
        if (models.log() != _fold(modelsKnown)) return "the log of models is not their fold";
        if (outputs.log() != _fold(batches)) return "the log of batches is not their fold";
        for (uint256 i; i < collections.length; ++i) {
            Source storage source = collections[i];
            if (_pastOfCollection(source.id) != source.past) return "4: a collection changed";
            if (data.status(source.id).revokedAt != source.revokedAt) return "4: the time of a revocation";
            bytes32 payee = data.payeeOf(source.id, address(0));
            bytes32 expected = _payees[source.id] == 0 ? _wallet(source.by) : _payees[source.id];
            if (payee != expected) return "a collection pays another than it did";
        }
        for (uint256 i; i < modelsKnown.length; ++i) {
            if (keccak256(abi.encode(models.modelOf(modelsKnown[i].id))) != modelsKnown[i].past) {
                return "4: a model changed";
            }
        }
        for (uint256 i; i < batches.length; ++i) {
            if (keccak256(abi.encode(outputs.batchOf(batches[i].id))) != batches[i].past) return "4: a batch changed";
        }
        return "";
    }

    function _pastOfCollection(bytes32 id) private view returns (bytes32) {
        IDataRegistry.Status memory status = data.status(id);
        return keccak256(abi.encode(status.provider, status.registeredAt, status.termsId));
    }

    function _claim(Known storage known, uint256 leaf) private returns (uint256) {
        SumTrees.Leaf[] memory leaves = known.leaves;
        bytes memory opening = known.opening;
        bytes32 salt;
        assembly ("memory-safe") {
            salt := mload(add(opening, 76))
        }
        vm.prank(stranger.wallet);
        return splitter.claim(_share(leaves, salt, leaf), address(token), _openings[leaves[leaf].key]);
    }
}
