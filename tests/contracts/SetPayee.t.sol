// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataRegistry} from "../../contracts/interfaces/IDataRegistry.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Payees} from "../../contracts/libraries/Payees.sol";
import {Base} from "./utils/Base.sol";
import {ContractWallet} from "./utils/Mocks.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 4: nobody's say-so stands between a payee and its money. The studio is the provider of what the artist made.
contract SetPayeeTest is Base {
    uint256 private constant UNTIL = START + 1 days;

    Made private _made;

    function setUp() public override {
        super.setUp();
        _made = _collect(studio.wallet, 1, trainingTerms);
    }

    function _set(bytes32 payee, bytes memory opening, Approval memory waiver) private {
        vm.prank(studio.wallet);
        data.setPayee(_made.id, payee, opening, waiver);
    }

    function _set(bytes32 payee, bytes memory opening) private {
        _set(payee, opening, _unsigned());
    }

    function _toArtist() private {
        _set(_wallet(artist.wallet), "");
    }

    function _pays(bytes32 payee) private view {
        eq(data.payeeOf(_made.id, address(0)), payee, "payee");
    }

    function _token(bytes32 collection) private view returns (bytes32 payee, bytes memory opening) {
        bytes32 tokenId = _subject(address(data), collection);
        return (_subject(address(rights), tokenId), abi.encodePacked(address(rights), tokenId));
    }

    function _waived(Actor memory by, address payee, bytes32 collection, bytes32 to, uint256 nonce, uint256 until)
        private
        view
        returns (Approval memory)
    {
        bytes32 typeHash =
            keccak256("PayeeWaiver(address payee,bytes32 collection,bytes32 to,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, payee, collection, to, nonce, until));
        return Approval(nonce, until, _sign(by, _digest("Kiseki DataRegistry", address(data), structHash)));
    }

    function _waived(bytes32 to, uint256 nonce) private view returns (Approval memory) {
        return _waived(artist, artist.wallet, _made.id, to, nonce, UNTIL);
    }

    function _ordered(bytes32 to, uint256 nonce) private view returns (Approval memory) {
        bytes32 typeHash =
            keccak256("PayeeChange(address provider,bytes32 collection,bytes32 payee,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, studio.wallet, _made.id, to, nonce, UNTIL));
        return Approval(nonce, UNTIL, _sign(studio, _digest("Kiseki DataRegistry", address(data), structHash)));
    }

    function _wrongSignature() private {
        reverts(ISigned.Signed_WrongSignature.selector);
    }

    // From the provider's own wallet

    function test_changesWhoIsPaidInsteadOfTheProvider() public {
        vm.expectEmit(address(data));
        emit IDataRegistry.PayeeChanged(_made.id, _wallet(artist.wallet));
        _toArtist();
        _pays(_wallet(artist.wallet));
    }

    // Invariant 8
    function test_doesNothingWhenItIsThePayeeAlready() public {
        vm.recordLogs();
        _set(_wallet(studio.wallet), "");
        _toArtist();
        vm.recordLogs();
        _toArtist();
        eq(vm.getRecordedLogs().length, 0, "no event, and no signature is asked for");
    }

    // Money that waits follows the payee: it is looked up when it moves.
    function test_waitingMoneyGoesToThePayeeOfTheMoment() public {
        bytes32 subject = _subject(address(data), _made.id);
        vm.deal(buyer.wallet, 1 ether);
        vm.prank(buyer.wallet);
        // Nobody resolves it here: a split credits the subject.
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](1);
        leaves[0] = SumTrees.Leaf(subject, 1);
        splitter.deposit{value: 1 ether}(_key(leaves, ""), SumTrees.opening(leaves, ""), ETHER, 1 ether, "");
        splitter.claim(_share(leaves, "", 0), ETHER, "");
        _toArtist();
        splitter.resolve(address(data), _made.id, ETHER);
        eq(artist.wallet.balance, 1 ether, "the artist");
    }

    function test_RevertWhen_notTheProvider() public {
        reverts(
            abi.encodeWithSelector(
                IDataRegistry.DataRegistry_NotProvider.selector, _made.id, studio.wallet, stranger.wallet
            )
        );
        vm.prank(stranger.wallet);
        data.setPayee(_made.id, _wallet(stranger.wallet), "", _unsigned());
        _toArtist();
        // Whom a collection pays does not own it.
        reverts(IDataRegistry.DataRegistry_NotProvider.selector);
        vm.prank(artist.wallet);
        data.setPayee(_made.id, _wallet(artist.wallet), "", _unsigned());
    }

    function test_RevertWhen_nobodyCouldBePaid() public {
        reverts(abi.encodeWithSelector(Payees.Payees_Zero.selector));
        _set(0, "");
        reverts(abi.encodeWithSelector(Payees.Payees_Splitter.selector));
        _set(_wallet(address(splitter)), "");
        (bytes32 payee,) = _token(_made.id);
        reverts(Payees.Payees_WrongOpening.selector);
        _set(payee, "");
    }

    // From another wallet

    function test_RevertWhen_anothersWalletHasNotSigned() public {
        _toArtist();
        _wrongSignature();
        _set(_wallet(studio.wallet), "", Approval(0, UNTIL, ""));
        reverts(abi.encodeWithSelector(ISigned.Signed_Expired.selector, 0));
        _set(_wallet(studio.wallet), "");
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, studio.wallet, 99);
        _wrongSignature();
        _set(_key(leaves, ""), SumTrees.opening(leaves, ""), Approval(0, UNTIL, ""));
        _pays(_wallet(artist.wallet));
    }

    function test_anotherWalletIsReplacedOnItsOwnWord() public {
        _toArtist();
        bytes32 to = _wallet(creator.wallet);
        Approval memory waiver = _waived(to, 3);
        vm.expectEmit(address(data));
        emit IDataRegistry.PayeeChanged(_made.id, to);
        _set(to, "", waiver);
        _pays(to);
        yes(data.isNonceUsed(artist.wallet, 3), "used up");
    }

    function test_RevertWhen_theSignatureIsForSomethingElse() public {
        _toArtist();
        bytes32 to = _wallet(creator.wallet);
        Made memory other = _collect(studio.wallet, 2, trainingTerms);
        _wrongSignature(); // another payee
        _set(_wallet(studio.wallet), "", _waived(to, 0));
        _wrongSignature(); // another collection
        _set(to, "", _waived(artist, artist.wallet, other.id, to, 0, UNTIL));
        _wrongSignature(); // the provider's
        _set(to, "", _waived(studio, artist.wallet, _made.id, to, 0, UNTIL));
        _wrongSignature(); // in the provider's name
        _set(to, "", _waived(studio, studio.wallet, _made.id, to, 0, UNTIL));
        _wrongSignature(); // the provider's word about the payee
        _set(to, "", _ordered(to, 0));
        reverts(abi.encodeWithSelector(ISigned.Signed_Expired.selector, START - 1));
        _set(to, "", _waived(artist, artist.wallet, _made.id, to, 0, START - 1));
        vm.prank(artist.wallet);
        data.cancelNonce(0);
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 0));
        _set(to, "", _waived(to, 0));
        _pays(_wallet(artist.wallet));
    }

    // Back and forth, what the artist signed once does not count twice, and neither does what the provider signed before.
    function test_RevertWhen_anOldSignatureIsBroughtAgain() public {
        bytes32 own = _wallet(studio.wallet);
        Approval memory order = _ordered(own, 0);
        _toArtist();
        Approval memory waiver = _waived(own, 0);
        _set(own, "", waiver);
        _toArtist();
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 0));
        _set(own, "", waiver);
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, artist.wallet, 0));
        data.setPayeeFor(studio.wallet, _made.id, own, "", order, waiver);
        _pays(_wallet(artist.wallet));
    }

    // Its own call is its word, and the provider's signature is the provider's.
    function test_anotherWalletBringsWhatTheProviderSigned() public {
        _toArtist();
        bytes32 to = _wallet(creator.wallet);
        Approval memory order = _ordered(to, 7);
        reverts(abi.encodeWithSelector(ISigned.Signed_Expired.selector, 0));
        vm.prank(stranger.wallet);
        data.setPayeeFor(studio.wallet, _made.id, to, "", order, _unsigned());
        vm.prank(artist.wallet);
        data.setPayeeFor(studio.wallet, _made.id, to, "", order, _unsigned());
        _pays(to);
    }

    function test_bothWordsAreBroughtByAnybody() public {
        _toArtist();
        bytes32 to = _wallet(creator.wallet);
        vm.prank(stranger.wallet);
        data.setPayeeFor(studio.wallet, _made.id, to, "", _ordered(to, 0), _waived(to, 0));
        _pays(to);
    }

    function test_contractAndEip7702WalletsSignAsTheyDo() public {
        ContractWallet wallet = new ContractWallet(artist.wallet);
        _set(_wallet(address(wallet)), "");
        bytes32 to = _wallet(studio.wallet);
        _wrongSignature();
        _set(to, "", _waived(studio, address(wallet), _made.id, to, 0, UNTIL));
        _set(to, "", _waived(artist, address(wallet), _made.id, to, 0, UNTIL));
        _pays(to);
        // Delegated to code whose owner is the studio: the studio's signature is what that wallet accepts, so it is its word.
        vm.etch(creator.wallet, abi.encodePacked(hex"ef0100", address(wallet)));
        _set(_wallet(creator.wallet), "");
        _wrongSignature();
        _set(to, "", _waived(studio, creator.wallet, _made.id, to, 0, UNTIL));
        _set(to, "", _waived(creator, creator.wallet, _made.id, to, 0, UNTIL));
        _pays(to);
    }

    // A payment address, a waterfall: a wallet that cannot sign is never replaced.
    function test_RevertWhen_theWalletCannotSign() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, creator.wallet, 1);
        address place = splitter.paymentAddress(_key(leaves, ""));
        _set(_wallet(place), "");
        vm.deal(place, 1);
        splitter.sweep(_key(leaves, ""), SumTrees.opening(leaves, ""), ETHER); // it has code now
        _wrongSignature();
        _set(_wallet(studio.wallet), "", _waived(studio, place, _made.id, _wallet(studio.wallet), 0, UNTIL));
    }

    // What is no wallet stays

    function _fixed(bytes32 payee, bytes memory opening) private {
        uint256 before = vm.snapshotState();
        _set(payee, opening);
        bytes memory reason = abi.encodeWithSelector(IDataRegistry.DataRegistry_PayeeIsFixed.selector, _made.id, payee);
        (bytes32 rightsToken, bytes memory rightsOpening) = _token(_made.id);
        reverts(reason);
        _set(_wallet(studio.wallet), "");
        reverts(reason);
        _set(_wallet(artist.wallet), "", _waived(_wallet(artist.wallet), 0));
        if (payee != rightsToken) reverts(reason);
        _set(rightsToken, rightsOpening);
        reverts(reason);
        data.setPayeeFor(
            studio.wallet,
            _made.id,
            _wallet(studio.wallet),
            "",
            _ordered(_wallet(studio.wallet), 1),
            _waived(_wallet(studio.wallet), 1)
        );
        _pays(payee);
        vm.revertToState(before);
    }

    function test_RevertWhen_thePayeeIsNoWallet() public {
        SumTrees.Leaf[] memory leaves = _split(artist.wallet, 1, creator.wallet, 1);
        _fixed(_key(leaves, ""), SumTrees.opening(leaves, ""));
        (bytes32 payee, bytes memory opening) = _token(_made.id);
        _fixed(payee, opening);
        (payee, opening) = _token(_collect(studio.wallet, 2, trainingTerms).id);
        rights.reveal(address(data), _collect(studio.wallet, 2, trainingTerms).id);
        _fixed(payee, opening);
        // An artist without a wallet: an identity, or a subject of anybody's contract.
        payee = _subject(stranger.wallet, "identity");
        _fixed(payee, abi.encodePacked(stranger.wallet, bytes32("identity")));
    }

    // Through a token

    // Even with its signature: what a provider sells as its own was its own.
    function test_RevertWhen_theTokenWouldTakeAnothersPlace() public {
        _toArtist();
        (bytes32 payee, bytes memory opening) = _token(_made.id);
        bytes memory reason =
            abi.encodeWithSelector(IDataRegistry.DataRegistry_PayeeIsAnothers.selector, _made.id, artist.wallet);
        reverts(reason);
        _set(payee, opening, _waived(payee, 0));
        reverts(reason);
        vm.prank(artist.wallet);
        data.setPayeeFor(studio.wallet, _made.id, payee, opening, _ordered(payee, 0), _unsigned());
    }

    // Whoever buys the token that a studio mints buys none of what the artist is paid.
    function test_mintingTakesNothingFromTheArtist() public {
        _toArtist();
        IRightsToken.RightsSpec memory spec = _rightsSpec(address(data), _made.id, "document", 0);
        (spec.shares, spec.total) = (1, 1);
        uint256 tokenId = uint256(_subject(address(data), _made.id));
        reverts(
            abi.encodeWithSelector(IRightsToken.RightsToken_OtherIncome.selector, tokenId, _wallet(artist.wallet), 0, 0)
        );
        vm.prank(studio.wallet);
        rights.mint(spec, _noShare());
        (spec.shares, spec.total) = (0, 0);
        vm.startPrank(studio.wallet);
        rights.mint(spec, _noShare());
        rights.transferFrom(studio.wallet, buyer.wallet, tokenId);
        vm.stopPrank();
        _pay(_subject(address(data), _made.id), abi.encodePacked(address(data), _made.id), 100);
        eq(artist.wallet.balance, 100, "the artist");
        (uint96 shares, uint96 total) = rights.incomeOf(tokenId);
        eq(shares + total, 0, "and the token says so");
    }

    // Registering once more

    function test_registeringAgainChangesNoPayee() public {
        bytes32 root = keccak256(abi.encode("root", uint256(1)));
        IDataRegistry.CollectionSpec memory spec = _spec(trainingTerms);
        _toArtist();
        vm.startPrank(studio.wallet);
        data.commit(root, 3, spec);
        _pays(_wallet(artist.wallet));
        spec.payee = _wallet(studio.wallet);
        data.commit(root, 3, spec);
        _pays(_wallet(artist.wallet));
        spec.payee = _wallet(creator.wallet);
        reverts(abi.encodeWithSelector(IDataRegistry.DataRegistry_DifferentValues.selector, _made.id));
        data.commit(root, 3, spec);
    }
}
