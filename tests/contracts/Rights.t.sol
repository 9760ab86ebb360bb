// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IRightsToken} from "../../contracts/interfaces/IRightsToken.sol";
import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {Base} from "./utils/Base.sol";
import {AnyRegistry, ContractWallet} from "./utils/Mocks.sol";
import {vm} from "./utils/Vm.sol";

// Promises 3 and 5
contract RightsTest is Base {
    Made private _made;

    function setUp() public override {
        super.setUp();
        _made = _collect(artist.wallet, 1, trainingTerms);
    }

    function _mint() private returns (uint256 tokenId) {
        vm.prank(artist.wallet);
        tokenId = rights.mint(_rightsSpec(address(data), _made.id, "document", 250), _noShare());
    }

    function _payToken(uint256 tokenId, uint256 amount) private {
        _pay(_subject(address(rights), bytes32(tokenId)), abi.encodePacked(address(rights), bytes32(tokenId)), amount);
    }

    function test_isMintedToTheRegistrantUnderTheNumberOfItsSubject() public {
        uint256 expected = uint256(_subject(address(data), _made.id));
        vm.expectEmit(address(rights));
        emit IRightsToken.RightsMinted(expected, address(data), _made.id, "document", 250);
        eq(_mint(), expected, "number");
        eq(rights.ownerOf(expected), artist.wallet, "owner");
        eq(rights.holderOf(expected), artist.wallet, "holder");
        eq(rights.rightsOf(expected).document, "document", "document");
    }

    function test_RevertWhen_notTheRegistrantOrTwice() public {
        reverts(
            abi.encodeWithSelector(
                IRightsToken.RightsToken_NotRegistrant.selector, address(data), _made.id, artist.wallet, stranger.wallet
            )
        );
        vm.prank(stranger.wallet);
        rights.mint(_rightsSpec(address(data), _made.id, "document", 0), _noShare());
        _mint();
        reverts(bytes4(keccak256("ERC721InvalidSender(address)")));
        vm.prank(artist.wallet);
        rights.mint(_rightsSpec(address(data), _made.id, "document", 0), _noShare());
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_RoyaltyTooLarge.selector, 10_001));
        rights.mint(_rightsSpec(address(data), _made.id, "document", 10_001), _noShare());
    }

    function test_mayAskAllOfAResale() public {
        vm.prank(artist.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(data), _made.id, "document", 10_000), _noShare());
        (, uint256 royalty) = rights.royaltyInfo(tokenId, 12_345);
        eq(royalty, 12_345, "all");
    }

    function test_aTokenThatNobodyKnowsPaysNobody() public view {
        eq(rights.payeeOf(_subject(address(data), _made.id), stranger.wallet), bytes32(0), "nobody");
    }

    // Whoever holds it is paid.
    function test_pays_theHolderOfTheMoment() public {
        uint256 tokenId = _mint();
        _payToken(tokenId, 10);
        eq(artist.wallet.balance, 10, "artist");
        vm.prank(artist.wallet);
        rights.transferFrom(artist.wallet, studio.wallet, tokenId);
        _payToken(tokenId, 7);
        eq(studio.wallet.balance, 7, "studio");
    }

    // Before it is minted it pays the registrant, once anyone has told it the opening.
    function test_pays_theRegistrantBeforeItIsMinted() public {
        uint256 tokenId = uint256(_subject(address(data), _made.id));
        _payToken(tokenId, 10);
        eq(artist.wallet.balance, 0, "waits");
        vm.prank(stranger.wallet);
        eq(rights.reveal(address(data), _made.id), tokenId, "known");
        splitter.resolve(address(rights), bytes32(tokenId), ETHER);
        eq(artist.wallet.balance, 10, "artist");
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_Unregistered.selector, address(data), bytes32("none")));
        rights.reveal(address(data), "none");
    }

    // Income of an owner with code goes out only at the owner's own call.
    function test_pays_aContractOnlyAtItsOwnCall() public {
        ContractWallet wallet = new ContractWallet(studio.wallet);
        uint256 tokenId = _mint();
        vm.prank(artist.wallet);
        rights.transferFrom(artist.wallet, address(wallet), tokenId);
        _payToken(tokenId, 10);
        eq(address(wallet).balance, 0, "waits");
        reverts(IRevenueSplitter.RevenueSplitter_NotResolvable.selector);
        splitter.resolve(address(rights), bytes32(tokenId), ETHER);
        wallet.run(address(splitter), abi.encodeCall(splitter.resolve, (address(rights), bytes32(tokenId), ETHER)));
        eq(address(wallet).balance, 10, "paid");
    }

    function test_pays_anEip7702WalletLikeAWallet() public {
        uint256 tokenId = _mint();
        ContractWallet code = new ContractWallet(artist.wallet);
        vm.etch(artist.wallet, abi.encodePacked(hex"ef0100", address(code)));
        _payToken(tokenId, 10);
        eq(artist.wallet.balance, 10, "paid");
    }

    function test_RevertWhen_sentToItselfOrTheSplitter() public {
        uint256 tokenId = _mint();
        vm.startPrank(artist.wallet);
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotThere.selector, address(rights)));
        rights.transferFrom(artist.wallet, address(rights), tokenId);
        reverts(abi.encodeWithSelector(IRightsToken.RightsToken_NotThere.selector, address(splitter)));
        rights.transferFrom(artist.wallet, address(splitter), tokenId);
    }

    // ERC-2981 pays what the subject pays: for a batch everybody in its trace.
    function test_theResaleRoyaltyGoesToTheSubject() public {
        uint256 tokenId = _mint();
        (address to, uint256 amount) = rights.royaltyInfo(tokenId, 1 ether);
        eq(amount, 0.025 ether, "2.5%");
        vm.deal(to, amount);
        splitter.sweep(bytes32(tokenId), abi.encodePacked(address(data), _made.id), ETHER);
        eq(artist.wallet.balance, 0.025 ether, "the collection's payee");
        yes(rights.supportsInterface(0x2a55205a), "ERC-2981");
        yes(rights.supportsInterface(0x80ac58cd), "ERC-721");
        (, amount) = rights.royaltyInfo(tokenId, type(uint256).max);
        eq(amount, type(uint256).max / 40, "no overflow");
    }

    // Anyone can mint under a registry of their own, and harms nobody else.
    // A number that is no subject's would name an address that nobody can sweep.
    function test_RevertWhen_theRoyaltyOfNoTokenIsAsked() public {
        reverts(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 7));
        rights.royaltyInfo(7, 1 ether);
    }

    function test_anothersRegistryIsAnotherToken() public {
        AnyRegistry registry = new AnyRegistry();
        registry.setRegistrant(_made.id, stranger.wallet);
        vm.prank(stranger.wallet);
        uint256 tokenId = rights.mint(_rightsSpec(address(registry), _made.id, "document", 0), _noShare());
        yes(tokenId != _mint(), "another");
    }
}
