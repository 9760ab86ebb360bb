// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../../contracts/interfaces/IDataRegistry.sol";
import {IRightsToken} from "../../../contracts/interfaces/IRightsToken.sol";
import {Approval} from "../../../contracts/interfaces/ISigned.sol";
import {Base} from "../utils/Base.sol";
import {AnyRegistry, ContractWallet} from "../utils/Mocks.sol";
import {SumTrees} from "../utils/Trees.sol";
import {vm} from "../utils/Vm.sol";

/// @notice A studio that would have its artists' royalties: it registers, redirects, mints, brings every signature it ever
/// saw again, and forges others; anybody helps it. The artists, wallets of all kinds, sign now and then. The handler keeps
/// whom each collection pays by the words that were given, and in `broken` where the registry thinks otherwise.
contract PayeeHandler is Base {
    struct Kept {
        bytes32 id;
        bytes32 root;
        bytes32 first;
        bytes32 payee;
    }

    /// @notice A word that was given: of a payee about its place, or of the provider about who is paid.
    struct Word {
        address by;
        bytes32 collection;
        bytes32 to;
        bool order;
        bool spent;
        Approval approval;
    }

    string public broken;
    uint256[8] public done;
    Kept[] private _kept;
    /// A collection of somebody else's, whose token is on record.
    bytes32 private _another;
    Word[] private _words;
    uint256[] private _minted;
    address[4] private _artists;
    AnyRegistry private _registry;
    uint256 private _now = START;
    uint256 private _nonce;

    constructor() {
        setUp();
        _registry = new AnyRegistry();
        // A plain wallet, one with delegated code, a contract, and again a plain one.
        vm.etch(creator.wallet, abi.encodePacked(hex"ef0100", address(new ContractWallet(creator.wallet))));
        _artists = [artist.wallet, creator.wallet, address(new ContractWallet(developer.wallet)), buyer.wallet];
        _another = _collect(stranger.wallet, 1, trainingTerms).id;
        rights.reveal(address(data), _another);
        for (uint256 i; i < 4; ++i) {
            register(i);
        }
    }

    // What the studio does

    function register(uint256 to) public {
        vm.warp(_now);
        bytes32 root = keccak256(abi.encode("root", ++_nonce));
        bytes32 id = keccak256(abi.encodePacked(bytes1(0x05), studio.wallet, root, trainingTerms));
        (bytes32 payee, bytes memory opening) = _payee(id, to);
        vm.prank(studio.wallet);
        if (data.commit(root, 1, _named(payee, opening)) != id) _break("another ID");
        _kept.push(Kept(id, root, payee, payee));
        ++done[0];
    }

    /// @dev With the values it was registered with, or others.
    function registerAgain(uint256 which, uint256 to) external {
        vm.warp(_now);
        Kept storage kept = _one(which);
        (bytes32 payee, bytes memory opening) = _payee(kept.id, to);
        vm.prank(studio.wallet);
        data.commit(kept.root, 1, _named(payee, opening));
        if (payee != kept.first) _break("registered again with another payee");
        _check(kept);
        ++done[1];
    }

    /// @dev By the studio, or by somebody else in vain.
    function set(uint256 which, uint256 by, uint256 to, uint256 word) external {
        vm.warp(_now);
        Kept storage kept = _one(which);
        address caller = by % 5 == 0 ? _artists[by / 5 % 4] : studio.wallet;
        (bytes32 payee, bytes memory opening) = _payee(kept.id, to);
        (Approval memory waiver, uint256 number) = _wordFor(kept, payee, word);
        bool may = caller == studio.wallet && _may(kept, payee, caller, number);
        vm.prank(caller);
        try data.setPayee(kept.id, payee, opening, waiver) {
            if (!may) _break("the payee was set without the words that it takes");
            _moved(kept, payee, caller, number);
        } catch {
            if (may) _break("the payee may be set and was not");
        }
        _check(kept);
    }

    /// @dev By anybody with an order that the studio signed at some time, or forged.
    function setFor(uint256 which, uint256 by, uint256 order, uint256 to, uint256 word) external {
        vm.warp(_now);
        Kept storage kept = _one(which);
        (bytes32 payee, bytes memory opening) = _payee(kept.id, to);
        (Approval memory approval, uint256 ordered) = _orderFor(kept, payee, order);
        (Approval memory waiver, uint256 number) = _wordFor(kept, payee, word);
        address caller = by % 3 == 0 ? _artists[by / 3 % 4] : by % 3 == 1 ? stranger.wallet : studio.wallet;
        bool same = payee == kept.payee;
        bool may = _isGood(ordered, studio.wallet, kept.id, payee, true) && _may(kept, payee, caller, number);
        bool skipped = same && data.isNonceUsed(studio.wallet, approval.nonce);
        vm.prank(caller);
        try data.setPayeeFor(studio.wallet, kept.id, payee, opening, approval, waiver) {
            if (!may && !skipped) _break("the payee was set for the provider without the words that it takes");
            if (!skipped && ordered < _words.length) _words[ordered].spent = true;
            _moved(kept, payee, caller, number);
        } catch {
            if (may || skipped) _break("the payee may be set for the provider and was not");
        }
        _check(kept);
    }

    /// @dev A token is minted with whatever income, sold, and takes nothing from anybody.
    function mint(uint256 which, uint256 expected, uint256 to) external {
        vm.warp(_now);
        Kept storage kept = _one(which);
        (bytes32 self,) = _payee(kept.id, 6);
        IRightsToken.RightsSpec memory spec = _rightsSpec(address(data), kept.id, "document", 0);
        if (expected % 2 == 1) (spec.shares, spec.total) = (1, 1);
        bool mayExpect = (kept.payee == self) == (spec.total != 0);
        uint256 tokenId = uint256(_subject(address(data), kept.id));
        vm.startPrank(studio.wallet);
        rights.mint(spec, _noShare());
        if (to % 2 == 0) rights.transferFrom(studio.wallet, stranger.wallet, tokenId);
        vm.stopPrank();
        if (!mayExpect) _break("minted with another income than there is");
        _minted.push(_at(which));
        _check(kept);
        ++done[4];
    }

    /// @dev A registry of its own says that it is all the studio's.
    function lie(uint256 which) external {
        Kept storage kept = _one(which);
        _registry.setPayee(kept.id, _wallet(studio.wallet));
        _registry.setRegistrant(kept.id, studio.wallet);
        vm.prank(studio.wallet);
        rights.mint(_rightsSpec(address(_registry), kept.id, "document", 0), _noShare());
        _check(kept);
    }

    // Words

    /// @dev An artist gives up its place, for one payee of one collection; whether it has that place or not.
    function giveWay(uint256 which, uint256 by, uint256 to, uint256 time) external {
        Kept storage kept = _one(which);
        uint256 n = by % 4;
        for (uint256 i; i < 4 && by % 3 != 0; ++i) {
            if (_wallet(_artists[i]) == kept.payee) n = i;
        }
        (bytes32 payee,) = _payee(kept.id, to);
        uint256 until = _now + time % 3 days;
        bytes32 typeHash =
            keccak256("PayeeWaiver(address payee,bytes32 collection,bytes32 to,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, _artists[n], kept.id, payee, ++_nonce, until));
        _words.push(Word(_artists[n], kept.id, payee, false, false, _signed(_signer(n), structHash, until)));
        ++done[5];
    }

    function giveOrder(uint256 which, uint256 to, uint256 time) external {
        Kept storage kept = _one(which);
        (bytes32 payee,) = _payee(kept.id, to);
        uint256 until = _now + time % 9 days;
        bytes32 typeHash =
            keccak256("PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, studio.wallet, kept.id, payee, ++_nonce, until));
        _words.push(Word(studio.wallet, kept.id, payee, true, false, _signed(studio, structHash, until)));
        ++done[6];
    }

    function cancel(uint256 word) external {
        require(_words.length != 0, "no word");
        Word storage given = _words[word % _words.length];
        vm.prank(given.by);
        data.cancelNonce(given.approval.nonce);
        given.spent = true;
    }

    function pass(uint256 time) external {
        _now += time % 1 days + 1;
    }

    // Money

    function pay(uint256 which, uint96 amount) external {
        vm.warp(_now);
        Kept storage kept = _one(which);
        uint256 given = uint256(amount) % 1e20 + 1;
        address paid = address(uint160(uint256(kept.payee)));
        bool isWallet = uint256(kept.payee) >> 160 == 0;
        uint256 before = token.balanceOf(paid);
        token.mint(studio.wallet, given);
        vm.startPrank(studio.wallet);
        token.approve(address(splitter), given);
        bytes32 subject = _subject(address(data), kept.id);
        bytes memory opening = abi.encodePacked(address(data), kept.id);
        before = isWallet ? token.balanceOf(paid) - (paid == studio.wallet ? given : 0) : 0;
        splitter.deposit(subject, opening, address(token), given, "");
        vm.stopPrank();
        if (isWallet && token.balanceOf(paid) != before + given) _break("an artist's royalty went elsewhere");
        ++done[7];
    }

    // What must be so

    /// @notice In words what is not; empty when nothing.
    function wrong() external view returns (string memory) {
        for (uint256 i; i < _kept.length; ++i) {
            if (data.payeeOf(_kept[i].id, address(0)) != _kept[i].payee) {
                return "a share moved without its artist's word";
            }
        }
        for (uint256 i; i < _minted.length; ++i) {
            Kept storage kept = _kept[_minted[i]];
            (bytes32 self,) = _payee(kept.id, 6);
            (uint96 shares,) = rights.incomeOf(uint256(_subject(address(data), kept.id)));
            if (shares != 0 && kept.payee != self) return "a token says that it has what an artist is paid";
        }
        return "";
    }

    function _check(Kept storage kept) private {
        if (data.payeeOf(kept.id, address(0)) != kept.payee) _break("a share moved without its artist's word");
    }

    /// @dev The rule, written out again.
    function _may(Kept storage kept, bytes32 to, address caller, uint256 word) private view returns (bool) {
        if (to == kept.payee) return true;
        if (uint256(kept.payee) >> 160 != 0) return false;
        address before = address(uint160(uint256(kept.payee)));
        if (before == studio.wallet) return true;
        (bytes32 self,) = _payee(kept.id, 6);
        return to != self && (caller == before || _isGood(word, before, kept.id, to, false));
    }

    function _moved(Kept storage kept, bytes32 to, address caller, uint256 word) private {
        if (to == kept.payee) return;
        address before = address(uint160(uint256(kept.payee)));
        if (before != studio.wallet && before != caller) {
            // What was moved without a word is said by whoever called, and must not be lost in a panic.
            if (word < _words.length) _words[word].spent = true;
            ++done[3];
        }
        kept.payee = to;
        ++done[2];
    }

    function _isGood(uint256 word, address by, bytes32 collection, bytes32 to, bool isOrder)
        private
        view
        returns (bool)
    {
        if (word >= _words.length) return false;
        Word storage given = _words[word];
        return given.by == by && given.collection == collection && given.to == to && given.order == isOrder
            && !given.spent && given.approval.deadline >= block.timestamp;
    }

    // Choices

    /// @dev Its own wallet, an artist's, a split, the collection's token, another token, a subject of anybody's.
    function _payee(bytes32 id, uint256 to) private view returns (bytes32 payee, bytes memory opening) {
        to %= 12;
        if (to < 4) return (_wallet(_artists[to]), "");
        if (to == 5) {
            SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 1);
            return (_key(leaves, id), SumTrees.opening(leaves, id));
        }
        if (to == 6 || to == 7) {
            bytes32 tokenId = _subject(address(data), to == 6 ? id : _another);
            return (_subject(address(rights), tokenId), abi.encodePacked(address(rights), tokenId));
        }
        if (to == 8) return (_subject(address(_registry), id), abi.encodePacked(address(_registry), id));
        return (_wallet(studio.wallet), "");
    }

    /// @dev Mostly one that fits, if there is one; or one that was used; else any that was ever signed, or a forged one.
    function _wordFor(Kept storage kept, bytes32 to, uint256 word) private view returns (Approval memory, uint256) {
        return _pick(word, address(uint160(uint256(kept.payee))), kept.id, to, false);
    }

    function _orderFor(Kept storage kept, bytes32 to, uint256 word) private view returns (Approval memory, uint256) {
        return _pick(word, studio.wallet, kept.id, to, true);
    }

    function _pick(uint256 word, address by, bytes32 collection, bytes32 to, bool isOrder)
        private
        view
        returns (Approval memory, uint256)
    {
        uint256 count = _words.length;
        if (word % 8 == 0 || count == 0) {
            bytes32 forged = keccak256(abi.encode(by, collection, to, word));
            return (_signed(studio, forged, _now + 1 days), type(uint256).max);
        }
        for (uint256 i = count; i > 0 && count - i < 30 && word % 8 > 2; --i) {
            if (_isGood(i - 1, by, collection, to, isOrder)) return (_words[i - 1].approval, i - 1);
        }
        for (uint256 i = count; i > 0 && count - i < 60 && word % 8 < 3; --i) {
            Word storage given = _words[i - 1];
            bool fits = given.by == by && given.collection == collection && given.to == to && given.order == isOrder;
            if (fits && given.spent && given.approval.deadline >= block.timestamp) return (given.approval, i - 1);
        }
        return (_words[word / 8 % count].approval, word / 8 % count);
    }

    function _signer(uint256 n) private view returns (Actor memory) {
        return n == 0 ? artist : n == 1 ? creator : n == 2 ? developer : buyer;
    }

    function _one(uint256 which) private view returns (Kept storage) {
        return _kept[_at(which)];
    }

    /// @dev One of the last three, so that one collection sees much.
    function _at(uint256 which) private view returns (uint256) {
        return _kept.length - 1 - which % 3;
    }

    function _named(bytes32 payee, bytes memory opening)
        private
        view
        returns (IDataRegistry.CollectionSpec memory spec)
    {
        spec = _spec(trainingTerms);
        (spec.payee, spec.opening) = (payee, opening);
    }

    function _signed(Actor memory by, bytes32 structHash, uint256 until) private view returns (Approval memory) {
        return Approval(_nonce, until, _sign(by, _digest("Kiseki DataRegistry", address(data), structHash)));
    }

    function _break(string memory what) private {
        if (bytes(broken).length == 0) broken = what;
    }
}
