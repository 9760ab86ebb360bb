// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base as Level} from "../../../contracts/types/Base.sol";
import {Ancestor, External, Parent, Sources} from "../../../contracts/types/Sources.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {Base} from "../utils/Base.sol";
import {HostileGate} from "../utils/HostileGates.sol";
import {SumTrees} from "../utils/Trees.sol";

/// @notice The books of the registries' campaign: who registered what, who may use it, and what a split of it must be. They
/// are kept beside the registries, and say what a registry must answer.
abstract contract RegistryBooks is Base {
    /// @notice Something that others can rest on or pay, as it was when it was registered.
    struct Source {
        bytes32 id;
        address by;
        uint256 terms;
        uint256 revokedAt;
        /// Hash of all that must never change.
        bytes32 past;
    }

    struct Known {
        bytes opening;
        SumTrees.Leaf[] leaves;
    }

    /// @notice Who would use sources, for what, and what it would allow others.
    struct Ask {
        address user;
        uint256 use;
        uint256 uses;
        bool careful;
    }

    /// @notice What a provider signed once for a collector.
    struct Standing {
        uint256 provider;
        address collector;
        uint256 terms;
        uint32 perMonth;
        uint256 until;
        uint256 nonce;
        bool ended;
    }

    uint256 internal constant PEOPLE = 6;

    string public broken;
    HostileGate public gate;
    Terms[] internal _terms;
    bytes32[] internal _termsIds;
    uint256 internal _now = START;
    uint256 internal _seed;

    Source[] public collections;
    Source[] public modelsKnown;
    Source[] public batches;
    mapping(bytes32 model => Ancestor[]) internal _ancestries;
    mapping(bytes32 model => bytes32) internal _ownSplits;
    /// @dev Of the base models that nobody registered which it names itself.
    mapping(bytes32 model => Level) internal _ownLevel;
    mapping(bytes32 id => mapping(address user => bool)) internal _listed;
    mapping(bytes32 collection => bytes32) internal _roots;
    Standing[] internal _consents;
    mapping(uint256 consent => mapping(uint256 month => uint256 count)) internal _usedIn;
    /// @dev As long as it is not the provider.
    mapping(bytes32 collection => bytes32) internal _payees;

    Known[] internal _splits;
    mapping(bytes32 key => uint256 number) internal _splitNumber;
    mapping(bytes32 subject => bytes) internal _openings;
    uint256[] internal _tokens;
    uint256 public paid;

    // Judging

    /// @dev The fuzzer likes small numbers and extreme ones, and these are choices.
    function _bits(uint256 seed, string memory what) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(what, seed)));
    }

    /// @dev Three of four look before they use.
    function _isCareful(uint256 collectionBits) internal pure returns (bool) {
        return collectionBits >> 250 & 3 != 0;
    }

    /// @dev Up to four of the last eight of each, and whether all of them let the user use them now, and allow what it
    /// would allow who builds on it. Who is careful leaves out what does not.
    function _pick(Ask memory ask, uint256 collectionBits, uint256 modelBits)
        internal
        view
        returns (Sources memory sources, Made[] memory made, bool allowed)
    {
        bool modelsAllowed;
        (made, allowed) = _pickCollections(ask, collectionBits);
        sources = _sources(made);
        for (uint256 i; i < made.length && ask.use == READ; ++i) {
            sources.collections[i].items = 0;
        }
        (sources.models, modelsAllowed) = _pickModels(ask, modelBits);
        allowed = allowed && modelsAllowed;
    }

    function _pickCollections(Ask memory ask, uint256 bits) internal view returns (Made[] memory made, bool allowed) {
        allowed = true;
        uint256[] memory picked = _picked(bits, collections.length);
        made = new Made[](picked.length);
        uint256 count;
        for (uint256 i; i < picked.length; ++i) {
            Source storage source = collections[picked[i]];
            Terms storage terms = _terms[source.terms];
            bool fits = _fits(source, ask);
            if (ask.careful && !fits) continue;
            uint96 weight = ask.use == READ ? 1 : uint96(bits >> 16 + 8 * i) % 1000 + 1;
            made[count++] = Made(source.id, source.by, 0, weight, terms.royaltyBps, terms.floorBps);
            allowed = allowed && fits;
        }
        made = _cut(made, count);
        if (_namesUnknown(ask, bits, count)) (made[0].id, allowed) = (bytes32(bits), false);
    }

    function _pickModels(Ask memory ask, uint256 bits) internal view returns (Parent[] memory parents, bool allowed) {
        allowed = true;
        uint256[] memory picked = _picked(bits, modelsKnown.length);
        parents = new Parent[](picked.length);
        uint256 count;
        for (uint256 i; i < picked.length; ++i) {
            Source storage source = modelsKnown[picked[i]];
            bool fits = _letsBuild(source, ask);
            if (ask.careful && !fits) continue;
            parents[count++] = Parent(source.id, _sorted(_ancestries[source.id]));
            allowed = allowed && fits;
        }
        assembly ("memory-safe") {
            mstore(parents, count)
        }
        if (_namesUnknown(ask, bits, count)) (parents[0].id, allowed) = (bytes32(bits), false);
        for (uint256 i = 1; i < count; ++i) {
            for (uint256 j = i; j > 0 && parents[j].id < parents[j - 1].id; --j) {
                (parents[j], parents[j - 1]) = (parents[j - 1], parents[j]);
            }
        }
    }

    /// @dev Sometimes who is careless rests on what nobody registered.
    function _namesUnknown(Ask memory ask, uint256 bits, uint256 count) internal pure returns (bool) {
        return !ask.careful && count != 0 && bits >> 240 & 3 == 0;
    }

    function _fits(Source storage source, Ask memory ask) internal view returns (bool) {
        Terms storage terms = _terms[source.terms];
        uint256 allows = _uses(terms);
        if (allows & ask.use == 0 || ask.uses & ~allows != 0 || !_lets(source, ask.user)) return false;
        return source.revokedAt == 0 || _now < source.revokedAt + terms.noticeSeconds;
    }

    function _cut(Made[] memory made, uint256 count) internal pure returns (Made[] memory) {
        assembly ("memory-safe") {
            mstore(made, count)
        }
        return made;
    }

    /// @dev A developer needs nobody's leave for outputs of its own model.
    function _letsBuild(Source storage source, Ask memory ask) internal view returns (bool) {
        if (ask.use == READ && source.by == ask.user) return true;
        Terms storage terms = _terms[source.terms];
        uint256 allows = _uses(terms);
        bool open = ask.use == TRAIN ? allows & TRAIN != 0 : allows != 0 || terms.gate != address(0);
        return open && ask.uses & ~allows == 0 && _lets(source, ask.user);
    }

    function _picked(uint256 bits, uint256 length) internal pure returns (uint256[] memory picked) {
        uint256 window = length < 8 ? length : 8;
        picked = new uint256[](4);
        uint256 count;
        for (uint256 i; i < window && count < 4; ++i) {
            if (bits >> i & 1 == 1) picked[count++] = length - 1 - i;
        }
        assembly ("memory-safe") {
            mstore(picked, count)
        }
    }

    function _lets(Source storage source, address user) internal view returns (bool) {
        Terms storage terms = _terms[source.terms];
        if (terms.validUntil != 0 && _now > terms.validUntil) return false;
        if (terms.gate == address(0) || user == source.by) return true;
        if (terms.gate == address(list)) return _listed[source.id][user];
        return gate.mood() <= HostileGate.Mood.Prying;
    }

    function _uses(Terms memory terms) internal pure returns (uint256) {
        return (terms.aiGenerativeTraining ? TRAIN : 0) | (terms.aiInference ? READ : 0);
    }

    function _oneExternal(uint256 seed) internal pure returns (External[] memory one) {
        one = new External[](1);
        one[0] = External(seed % 4 == 1 ? bytes32(0) : bytes32(seed), seed % 4 == 2 ? bytes32(0) : bytes32("document"));
    }

    function _levelOf(External[] memory externals) internal pure returns (Level) {
        if (externals.length == 0) return Level.Traced;
        return externals[0].weights != 0 && externals[0].document != 0 ? Level.Stated : Level.Undisclosed;
    }

    /// @dev Of one and what every ancestor names itself.
    function _worst(Level worst, Ancestor[] memory ancestry) internal view returns (Level) {
        for (uint256 i; i < ancestry.length; ++i) {
            if (_ownLevel[ancestry[i].model] > worst) worst = _ownLevel[ancestry[i].model];
        }
        return worst;
    }

    function _unite(Parent[] memory parents) internal pure returns (Ancestor[] memory all) {
        all = new Ancestor[](0);
        for (uint256 i; i < parents.length; ++i) {
            for (uint256 j; j < parents[i].ancestry.length; ++j) {
                bool there;
                for (uint256 k; k < all.length; ++k) {
                    there = there || all[k].model == parents[i].ancestry[j].model;
                }
                if (there) continue;
                Ancestor[] memory longer = new Ancestor[](all.length + 1);
                for (uint256 k; k < all.length; ++k) {
                    longer[k] = all[k];
                }
                longer[all.length] = parents[i].ancestry[j];
                all = longer;
            }
        }
        all = _sorted(all);
    }

    function _sorted(Ancestor[] memory all) internal pure returns (Ancestor[] memory) {
        for (uint256 i = 1; i < all.length; ++i) {
            for (uint256 j = i; j > 0 && all[j].model < all[j - 1].model; --j) {
                (all[j], all[j - 1]) = (all[j - 1], all[j]);
            }
        }
        return all;
    }

    function _sum(Ancestor[] memory all) internal pure returns (uint256 sum) {
        for (uint256 i; i < all.length; ++i) {
            sum += all[i].own;
        }
    }

    function _composed(bytes32 id, Made[] memory made, Ancestor[] memory ancestry, uint256 askBps, bytes32 payee)
        internal
        view
        returns (Composed memory composed)
    {
        bytes32[] memory ownSplits = new bytes32[](ancestry.length);
        uint256[] memory owns = new uint256[](ancestry.length);
        uint256 asked;
        for (uint256 i; i < ancestry.length; ++i) {
            (ownSplits[i], owns[i]) = (_ownSplits[ancestry[i].model], ancestry[i].own);
            asked += owns[i];
        }
        _composeData(composed, made);
        composed.own = composed.data + 100 * askBps;
        // More than everything: refused, and there is no split to compose.
        if (asked + composed.data > 1e6) return composed;
        return _compose(id, made, ownSplits, owns, askBps, payee);
    }

    // Remembering

    function _define(Terms memory terms) internal {
        _terms.push(terms);
        _termsIds.push(data.defineTerms(terms));
    }

    function _person(uint256 who) internal view returns (address) {
        return _people()[who % PEOPLE].wallet;
    }

    function _people() internal view returns (Actor[PEOPLE] memory) {
        return [artist, studio, developer, creator, buyer, stranger];
    }

    function _keepComposed(Composed memory composed) internal {
        if (composed.data != 0) _keep(composed.dataOpening, composed.dataLeaves);
        _keep(composed.opening, composed.leaves);
    }

    function _keep(bytes memory opening, SumTrees.Leaf[] memory leaves) internal {
        bytes32 key = SumTrees.key(opening);
        if (_splitNumber[key] != 0) return;
        Known storage known = _splits.push();
        known.opening = opening;
        for (uint256 i; i < leaves.length; ++i) {
            known.leaves.push(leaves[i]);
        }
        _splitNumber[key] = _splits.length;
    }

    function _remember(uint256 tokenId) internal {
        for (uint256 i; i < _tokens.length; ++i) {
            if (_tokens[i] == tokenId) return;
        }
        _tokens.push(tokenId);
        _openings[_subject(address(rights), bytes32(tokenId))] = abi.encodePacked(address(rights), tokenId);
    }

    function _received(Known storage known) internal view returns (uint256) {
        return splitter.received(SumTrees.key(known.opening), address(token));
    }

    /// @dev The rights token of a batch.
    function _token(bytes32 batch) internal view returns (uint256) {
        return uint256(_subject(address(outputs), batch));
    }

    function _break(string memory what) internal {
        if (bytes(broken).length == 0) broken = what;
    }
}
