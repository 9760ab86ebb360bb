// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @notice The seal of a subject: a small drawing by which people know it again.
/// @dev A Japanese seal (印鑑) crossed with a trace (軌跡): in a ring of vermilion a trace wanders over five by five points,
/// turning as the bits of the subject's hash say. Half of all seals are red on paper, half paper on red. The dot is where
/// the trace begins. `kiseki.core.seal` draws the same, byte for byte.
///
/// A seal helps the eye and proves nothing: whoever tries long enough finds a subject whose seal looks much the same.
/// Nothing but digits of the hash and constant text gets into it: no IDs, styles, scripts or references.
library Seal {
    uint256 private constant SIDE = 5;
    uint256 private constant POINTS = 25;
    /// From where one stroke began to where the next may; no divisor in common with the points.
    uint256 private constant STRIDE = 7;
    /// Points drawn, after which no further stroke begins: the empty rest is what tells seals apart.
    uint256 private constant ENOUGH = 16;
    /// The points lie in a field of eight by eight, one step from its edge: bit `8 * row + column` is set around them.
    uint256 private constant BORDER = 0xffffc1c1c1c1c1ff;

    string private constant VERMILION = "#d3381c";
    string private constant PAPER = "#f8f4e6";

    /// @notice An SVG 1.1 document, ASCII, below 600 bytes.
    function svg(bytes32 subject) internal pure returns (string memory) {
        uint256 bits = uint256(subject);
        (string memory ink, string memory ground) = bits & 1 == 1 ? (PAPER, VERMILION) : (VERMILION, PAPER);
        uint256 start = uint8(bits >> 1) % POINTS;
        return string.concat(
            '<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="512" height="512" viewBox="0 0 128 128">'
            "<title>Kiseki &#x8ecc;&#x8de1; ",
            short(subject),
            "</title>",
            _ring(ground),
            _drawing(ink, _trace(bits >> 9, start), start)
        );
    }

    function _ring(string memory ground) private pure returns (string memory) {
        return string.concat(
            '<rect width="128" height="128" rx="12" fill="',
            PAPER,
            '"/>',
            string.concat(
                '<circle cx="64" cy="64" r="54" stroke="', VERMILION, '" stroke-width="6" fill="', ground, '"/>'
            )
        );
    }

    function _drawing(string memory ink, string memory path, uint256 start) private pure returns (string memory) {
        return string.concat(
            '<g transform="translate(34 34)scale(15)" stroke-width=".5" stroke-linecap="round" stroke-linejoin="round" '
            'stroke="',
            ink,
            '" fill="none"><path d="',
            path,
            string.concat(
                '"/><circle cx="', _digit(start % SIDE), '" cy="', _digit(start / SIDE), '" r=".2"/></g></svg>'
            )
        );
    }

    /// @notice The first and last four hex digits, for people: `a1b2...c3d4`.
    function short(bytes32 subject) internal pure returns (string memory) {
        bytes memory all = bytes(Strings.toHexString(uint256(subject), 32));
        bytes memory some = "0000...0000";
        for (uint256 i; i < 4; ++i) {
            some[i] = all[2 + i];
            some[7 + i] = all[62 + i];
        }
        return string(some);
    }

    /// @dev The path, from point `start` on, three bits a step.
    function _trace(uint256 bits, uint256 start) private pure returns (string memory path) {
        uint256 taken = BORDER;
        uint256 drawn;
        for (uint256 stroke; stroke < POINTS; ++stroke) {
            uint256 spot = (start + STRIDE * stroke) % POINTS;
            uint256 here = 8 * (spot / SIDE + 1) + spot % SIDE + 1;
            if (taken >> here & 1 == 1) continue;
            if (drawn >= ENOUGH) break;
            path = string.concat(path, "M", _digit(spot % SIDE), " ", _digit(spot / SIDE));
            while (true) {
                taken |= 1 << here;
                ++drawn;
                string memory move;
                (move, here) = _free(here, bits & 7, taken);
                if (here == 0) break;
                path = string.concat(path, move);
                bits >>= 3;
            }
        }
    }

    /// @dev The first move from `turn` on, clockwise or with bit 2 the other way, to a point that is free, and that point;
    /// zero when stuck.
    function _free(uint256 here, uint256 turn, uint256 taken) private pure returns (string memory, uint256) {
        for (uint256 k; k < 4; ++k) {
            uint256 way = (turn + (turn & 4 == 0 ? k : 4 - k)) % 4;
            if (way == 0 && taken >> (here + 1) & 1 == 0) return ("h1", here + 1);
            if (way == 1 && taken >> (here + 8) & 1 == 0) return ("v1", here + 8);
            if (way == 2 && taken >> (here - 1) & 1 == 0) return ("h-1", here - 1);
            if (way == 3 && taken >> (here - 8) & 1 == 0) return ("v-1", here - 8);
        }
        return ("", 0);
    }

    function _digit(uint256 value) private pure returns (string memory) {
        return string(abi.encodePacked(bytes1(uint8(48 + value))));
    }
}
