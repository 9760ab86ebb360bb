// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Identities} from "../../contracts/Identities.sol";
import {IIdentities} from "../../contracts/interfaces/IIdentities.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Approval, ISigned} from "../../contracts/interfaces/ISigned.sol";
import {Base} from "./utils/Base.sol";
import {SumTrees} from "./utils/Trees.sol";
import {vm} from "./utils/Vm.sol";

// Promise 4: what an artist without a wallet earns waits for them, and for nobody else
contract IdentitiesTest is Base {
    Identities private identities;

    bytes32 private constant PERSON = "person";
    bytes32 private constant OTHER = "other";

    function setUp() public override {
        super.setUp();
        identities = new Identities(address(splitter));
    }

    function _one(bytes32 person) private pure returns (bytes32[] memory persons) {
        persons = new bytes32[](1);
        persons[0] = person;
    }

    function _one(address wallet) private pure returns (address[] memory wallets) {
        wallets = new address[](1);
        wallets[0] = wallet;
    }

    function _bind(bytes32 person, address wallet) private {
        vm.prank(studio.wallet);
        identities.bind(_one(person), _one(wallet));
    }

    function _id() private view returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(8), studio.wallet, PERSON));
    }

    function _payee() private view returns (bytes32) {
        return identities.payeeOf(_id(), stranger.wallet);
    }

    function _signed(Actor memory by, bytes32 person, address wallet, uint256 nonce, uint256 deadline)
        private
        view
        returns (Approval memory)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Binding(address issuer,bytes32[] persons,address[] wallets,uint256 nonce,uint256 deadline)"),
                studio.wallet,
                keccak256(abi.encode(person)),
                keccak256(abi.encode(wallet)),
                nonce,
                deadline
            )
        );
        return _approve(by, _digest("Kiseki Identities", address(identities), structHash), nonce, deadline);
    }

    function test_standsForNobodyUntilTheDelayIsOver() public {
        eq(identities.idOf(studio.wallet, PERSON), _id(), "id");
        eq(_payee(), 0, "unknown");
        vm.expectEmit(address(identities));
        emit IIdentities.IdentityBound(studio.wallet, PERSON, artist.wallet, START + 7 days);
        _bind(PERSON, artist.wallet);
        eq(_payee(), 0, "bound, and not yet");
        vm.warp(START + 7 days - 1);
        eq(_payee(), 0, "the last second");
        vm.warp(START + 7 days);
        eq(_payee(), _wallet(artist.wallet), "the artist");
        (address wallet, uint256 from) = identities.bindingOf(studio.wallet, PERSON);
        eq(wallet, artist.wallet, "wallet");
        eq(from, START + 7 days, "from");
        eq(identities.DELAY(), 7 days, "delay");
    }

    // What was earned before anybody was bound is paid to the artist afterwards, once, by anybody.
    function test_whatWaitedIsTheirs() public {
        bytes32 subject = _subject(address(identities), _id());
        SumTrees.Leaf[] memory leaves = new SumTrees.Leaf[](2);
        leaves[0] = SumTrees.Leaf(subject, 3);
        leaves[1] = SumTrees.Leaf(_wallet(studio.wallet), 1);
        _pay(_key(leaves, ""), SumTrees.opening(leaves, ""), 400);
        splitter.claim(_share(leaves, "", 0), ETHER, abi.encodePacked(address(identities), _id()));
        eq(splitter.held(subject, ETHER), 300, "waits");
        _bind(PERSON, artist.wallet);
        reverts(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NotResolvable.selector, subject));
        splitter.resolve(address(identities), _id(), ETHER);
        vm.warp(START + 7 days);
        vm.prank(stranger.wallet);
        eq(splitter.resolve(address(identities), _id(), ETHER), 300, "resolved");
        eq(artist.wallet.balance, 300, "paid");
        eq(splitter.resolve(address(identities), _id(), ETHER), 0, "once");
    }

    function test_isCorrectedWhileItCanBe() public {
        _bind(PERSON, stranger.wallet);
        vm.warp(START + 6 days);
        _bind(PERSON, artist.wallet);
        vm.warp(START + 7 days);
        eq(_payee(), 0, "the time begins anew");
        vm.warp(START + 13 days);
        eq(_payee(), _wallet(artist.wallet), "the artist");
    }

    function test_isWithdrawnWhileItCanBe() public {
        _bind(PERSON, stranger.wallet);
        vm.warp(START + 7 days - 1);
        vm.expectEmit(address(identities));
        emit IIdentities.IdentityWithdrawn(studio.wallet, PERSON);
        _bind(PERSON, address(0));
        vm.warp(START + 70 days);
        eq(_payee(), 0, "nobody");
        (address wallet, uint256 from) = identities.bindingOf(studio.wallet, PERSON);
        eq(wallet, address(0), "none");
        eq(from, 0, "no time");
        _bind(PERSON, artist.wallet);
        vm.warp(START + 77 days);
        eq(_payee(), _wallet(artist.wallet), "and bound later");
    }

    function test_RevertWhen_itIsFinal() public {
        _bind(PERSON, artist.wallet);
        vm.warp(START + 7 days);
        bytes memory refusal =
            abi.encodeWithSelector(IIdentities.Identities_Final.selector, studio.wallet, PERSON, artist.wallet);
        reverts(refusal);
        _bind(PERSON, studio.wallet);
        reverts(refusal);
        _bind(PERSON, address(0));
        _bind(PERSON, artist.wallet);
        eq(_payee(), _wallet(artist.wallet), "the same again changes nothing");
    }

    // The same again does not put off what was bound.
    function test_theSameAgainKeepsItsTime() public {
        _bind(PERSON, artist.wallet);
        vm.warp(START + 6 days);
        _bind(PERSON, artist.wallet);
        vm.warp(START + 7 days);
        eq(_payee(), _wallet(artist.wallet), "in its own time");
        _bind(OTHER, address(0));
    }

    // Somebody else's word about the same person is about another identity.
    function test_everyIssuerSpeaksForItselfOnly() public {
        vm.prank(stranger.wallet);
        identities.bind(_one(PERSON), _one(stranger.wallet));
        vm.warp(START + 7 days);
        eq(_payee(), 0, "not the studio's");
        eq(identities.payeeOf(identities.idOf(stranger.wallet, PERSON), address(0)), _wallet(stranger.wallet), "theirs");
    }

    // What is final cannot be put right, so nobody is bound to a place where no money can be taken from.
    function test_RevertWhen_theWalletCouldNeverBePaid() public {
        reverts(abi.encodeWithSelector(IIdentities.Identities_NotAWallet.selector, address(splitter)));
        _bind(PERSON, address(splitter));
        reverts(abi.encodeWithSelector(IIdentities.Identities_NotAWallet.selector, address(identities)));
        _bind(PERSON, address(identities));
        Approval memory approval = _signed(studio, PERSON, address(splitter), 0, START);
        reverts(abi.encodeWithSelector(IIdentities.Identities_NotAWallet.selector, address(splitter)));
        identities.bindFor(studio.wallet, _one(PERSON), _one(address(splitter)), approval);
        no(identities.isNonceUsed(studio.wallet, 0), "nor is the signature used up");
    }

    // Nobody could ever bind it, and money for it would wait for ever.
    function test_RevertWhen_theIdentityIsNobodys() public {
        reverts(IIdentities.Identities_NoIssuer.selector);
        identities.idOf(address(0), "person");
    }

    function test_manyAtOnce() public {
        (bytes32[] memory persons, address[] memory wallets) = (new bytes32[](3), new address[](3));
        (persons[0], persons[1], persons[2]) = (PERSON, OTHER, "third");
        (wallets[0], wallets[1], wallets[2]) = (artist.wallet, developer.wallet, creator.wallet);
        vm.prank(studio.wallet);
        identities.bind(persons, wallets);
        vm.warp(START + 7 days);
        for (uint256 i; i < 3; ++i) {
            bytes32 id = identities.idOf(studio.wallet, persons[i]);
            eq(identities.payeeOf(id, address(0)), _wallet(wallets[i]), "each");
        }
    }

    function test_RevertWhen_oneIsMissing() public {
        reverts(abi.encodeWithSelector(IIdentities.Identities_DifferentLengths.selector, 1, 0));
        identities.bind(_one(PERSON), new address[](0));
        reverts(abi.encodeWithSelector(IIdentities.Identities_DifferentLengths.selector, 0, 1));
        identities.bindFor(studio.wallet, new bytes32[](0), _one(artist.wallet), Approval(0, 0, ""));
    }

    // By signature

    function test_anybodySubmitsWhatTheIssuerSigned() public {
        Approval memory approval = _signed(studio, PERSON, artist.wallet, 5, START);
        vm.prank(stranger.wallet);
        identities.bindFor(studio.wallet, _one(PERSON), _one(artist.wallet), approval);
        yes(identities.isNonceUsed(studio.wallet, 5), "spent");
        vm.warp(START + 7 days);
        eq(_payee(), _wallet(artist.wallet), "bound");
        // A relay that was overtaken does not fail, however late.
        identities.bindFor(studio.wallet, _one(PERSON), _one(artist.wallet), approval);
        identities.bindFor(studio.wallet, new bytes32[](0), new address[](0), approval);
    }

    function test_RevertWhen_anotherSignedOrAnotherThing() public {
        Approval memory approval = _signed(stranger, PERSON, artist.wallet, 0, START);
        reverts(ISigned.Signed_WrongSignature.selector);
        identities.bindFor(studio.wallet, _one(PERSON), _one(artist.wallet), approval);
        approval = _signed(studio, PERSON, artist.wallet, 0, START);
        reverts(ISigned.Signed_WrongSignature.selector);
        identities.bindFor(studio.wallet, _one(PERSON), _one(stranger.wallet), approval);
        reverts(ISigned.Signed_WrongSignature.selector);
        identities.bindFor(studio.wallet, _one(OTHER), _one(artist.wallet), approval);
        vm.warp(START + 1);
        reverts(abi.encodeWithSelector(ISigned.Signed_Expired.selector, START));
        identities.bindFor(studio.wallet, _one(PERSON), _one(artist.wallet), approval);
    }

    // A correction takes a new signature: the old one is used up.
    function test_RevertWhen_anOldSignatureIsUsedAgain() public {
        Approval memory first = _signed(studio, PERSON, artist.wallet, 0, START + 9 days);
        identities.bindFor(studio.wallet, _one(PERSON), _one(artist.wallet), first);
        _bind(PERSON, developer.wallet);
        reverts(abi.encodeWithSelector(ISigned.Signed_NonceUsed.selector, studio.wallet, 0));
        identities.bindFor(studio.wallet, _one(PERSON), _one(artist.wallet), first);
    }

    // Whatever is said in whatever order: a binding that stood once stands for ever.
    function testFuzz_whatIsFinalStays(uint256 seed) public {
        address[3] memory wallets = [artist.wallet, developer.wallet, address(0)];
        bytes32 stood;
        for (uint256 i; i < 12; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            vm.warp(block.timestamp + dice % 5 days);
            vm.prank(studio.wallet);
            try identities.bind(_one(PERSON), _one(wallets[(dice >> 64) % 3])) {} catch {}
            if (stood != 0) eq(_payee(), stood, "it stands");
            stood = _payee();
        }
    }
}
