"""The seal of a subject: a small drawing by which people know it again.

A Japanese seal (印鑑) crossed with a trace (軌跡): in a ring of vermilion a trace wanders over five
by five points, turning as the bits of the subject's hash say, as the strokes of seal script do.
Half of all seals are red on paper (朱文), half paper on red (白文). The dot is where the trace
begins.

`RightsToken` draws the same, byte for byte (`contracts/libraries/Seal.sol`). A seal helps the eye
and proves nothing: whoever tries long enough finds a subject whose seal looks much the same.
"""

from kiseki.core.values import bytes32

__all__ = ["short", "svg"]

_SIDE = 5
_POINTS = _SIDE * _SIDE
_STRIDE = 7
"""From where one stroke began to where the next may; no divisor in common with the points."""
_ENOUGH = 16
"""Points drawn, after which no further stroke begins: the empty rest is what tells seals apart."""
_MOVES = (("h1", 1, 0), ("v1", 0, 1), ("h-1", -1, 0), ("v-1", 0, -1))
_VERMILION, _PAPER = "#d3381c", "#f8f4e6"


def svg(subject: bytes) -> str:
    """The seal as an SVG 1.1 document: ASCII, below 600 bytes, no IDs, styles or references, so
    that many can stand in one page.

    Args:
        subject: 32 bytes that look random, such as a rights token's number.
    """
    bits = int.from_bytes(bytes32(subject, "the subject of a seal"))
    ink, ground = (_PAPER, _VERMILION) if bits & 1 else (_VERMILION, _PAPER)
    start = (bits >> 1 & 0xFF) % _POINTS
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="512" height="512" '
        f'viewBox="0 0 128 128"><title>Kiseki &#x8ecc;&#x8de1; {short(subject)}</title>'
        f'<rect width="128" height="128" rx="12" fill="{_PAPER}"/>'
        f'<circle cx="64" cy="64" r="54" stroke="{_VERMILION}" stroke-width="6" fill="{ground}"/>'
        '<g transform="translate(34 34)scale(15)" stroke-width=".5" stroke-linecap="round" '
        f'stroke-linejoin="round" stroke="{ink}" fill="none"><path d="{_trace(bits >> 9, start)}"/>'
        f'<circle cx="{start % _SIDE}" cy="{start // _SIDE}" r=".2"/></g></svg>'
    )


def short(subject: bytes) -> str:
    """The first and last four hex digits, for people: ``a1b2...c3d4``."""
    text = bytes32(subject, "the subject").hex()
    return f"{text[:4]}...{text[-4:]}"


def _trace(bits: int, start: int) -> str:
    """The path, from point ``start`` on, three bits a step."""
    seen: set[tuple[int, int]] = set()
    path = ""
    for stroke in range(_POINTS):
        spot = (start + _STRIDE * stroke) % _POINTS
        x, y = spot % _SIDE, spot // _SIDE
        if (x, y) in seen:
            continue
        if len(seen) >= _ENOUGH:
            break
        path += f"M{x} {y}"
        seen.add((x, y))
        while move := _free(x, y, bits & 7, seen):
            letters, right, down = move
            x, y = x + right, y + down
            seen.add((x, y))
            path += letters
            bits >>= 3
    return path


def _free(x: int, y: int, turn: int, seen: set[tuple[int, int]]) -> tuple[str, int, int] | None:
    """The first move from ``turn`` on, clockwise or with bit 2 the other way, to a point that is
    free; ``None`` when stuck."""
    for k in range(4):
        move = _MOVES[(turn - k if turn & 4 else turn + k) % 4]
        there = x + move[1], y + move[2]
        if there not in seen and 0 <= there[0] < _SIDE and 0 <= there[1] < _SIDE:
            return move
    return None
