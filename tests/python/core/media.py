"""Small files of every format, built part by part, and credentials put in by the real library."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import c2pa
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

__all__ = [
    "FTYP",
    "STORE",
    "box",
    "chunk",
    "embed",
    "full",
    "jpeg_store",
    "mp4",
    "picture",
    "png",
    "riff",
    "segment",
    "store_box",
    "table",
    "u32",
    "u64",
]

STORE = bytes.fromhex("6332706100110010800000aa00389b71")
"""The kind of a JUMBF box that is a C2PA store."""


def picture(kind: str, size: int = 9, **options: Any) -> bytes:
    """A picture of noise, as Pillow writes it."""
    noise = np.random.default_rng(size).integers(0, 256, (size, size + 3, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, kind, **options)
    return out.getvalue()


# Part by part


def chunk(kind: bytes, data: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def segment(mark: int, data: bytes) -> bytes:
    """Of a JPEG."""
    return bytes([0xFF, mark]) + struct.pack(">H", len(data) + 2) + data


def jpeg_store(content: bytes, instance: int, cut: int, kind: bytes = STORE) -> list[bytes]:
    """The APP11 segments of a JUMBF box, of so many bytes each."""
    description = b"\0\0\0\x1ejumd" + kind + b"\x03c2p\0"
    size = struct.pack(">I", 8 + len(description) + len(content))
    rest, found = description + content, []
    for number, at in enumerate(range(0, len(rest), cut), 1):
        head = b"JP" + struct.pack(">HI", instance, number) + size + b"jumb"
        found.append(segment(0xEB, head + rest[at : at + cut]))
    return found


def u32(*numbers: int) -> bytes:
    return b"".join(struct.pack(">I", each) for each in numbers)


def u64(*numbers: int) -> bytes:
    return b"".join(struct.pack(">Q", each) for each in numbers)


def box(kind: bytes, *parts: bytes, large: bool = False) -> bytes:
    """Of an MP4."""
    data = b"".join(parts)
    if large:
        return u32(1) + kind + u64(16 + len(data)) + data
    return u32(8 + len(data)) + kind + data


def full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """One with version and flags."""
    return box(kind, bytes([version]) + flags.to_bytes(3, "big"), *parts)


FTYP = box(b"ftyp", b"isom", u32(512), b"isomiso2mp41")


def store_box(content: bytes, purpose: bytes = b"manifest") -> bytes:
    uuid = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    return box(b"uuid", uuid, u32(0), purpose, b"\0", u64(0), content)


def table(kind: bytes, offsets: Iterable[int]) -> bytes:
    """Chunk offsets: ``stco`` or ``co64``."""
    given = tuple(offsets)
    return full(kind, 0, 0, u32(len(given)), (u64 if kind == b"co64" else u32)(*given))


def track(offsets: bytes, number: int = 1) -> bytes:
    stbl = box(
        b"stbl", full(b"stsd", 0, 0, u32(0)), full(b"stts", 0, 0, u32(0)),
        full(b"stsc", 0, 0, u32(0)), full(b"stsz", 0, 0, u32(0, 0)), offsets,
    )  # fmt: skip
    dinf = box(b"dinf", full(b"dref", 0, 0, u32(1), full(b"url ", 0, 1)))
    minf = box(b"minf", full(b"vmhd", 0, 1, bytes(8)), dinf, stbl)
    hdlr = full(b"hdlr", 0, 0, u32(0), b"vide", bytes(12), b"v\0")
    mdia = box(b"mdia", full(b"mdhd", 0, 0, bytes(20)), hdlr, minf)
    return box(b"trak", full(b"tkhd", 0, 3, bytes(12), u32(number), bytes(64)), mdia)


def mp4(*order: bytes | Callable[[int], bytes], where: Iterable[int] = (0, 5)) -> bytes:
    """A film of given boxes: what is a function is given where the content of ``mdat`` begins."""
    inside = tuple(where)

    def moov(at: int) -> bytes:
        offsets = [at + each for each in inside]
        tracks = track(table(b"stco", offsets)), track(table(b"co64", offsets), 2)
        return box(b"moov", full(b"mvhd", 0, 0, bytes(96)), *tracks)

    given = [moov if each == b"moov" else each for each in order]
    sizes = [len(each(1 << 20)) if callable(each) else len(each) for each in given]
    film = [k for k, each in enumerate(given) if not callable(each) and each[4:8] == b"mdat"]
    begins = sum(sizes[: film[0]]) + 8
    return b"".join(each(begins) if callable(each) else each for each in given)


# The real library


@cache
def _identity() -> tuple[bytes, bytes]:
    """A certificate, with the one that signed it, and its key: made here, and trusted nowhere."""
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)
    above, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def certificate(name: str, key: ec.EllipticCurvePrivateKey, is_root: bool) -> bytes:
        def named(text: str) -> x509.Name:
            kinds = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
            return x509.Name([x509.NameAttribute(kind, text) for kind in kinds])

        usage = x509.KeyUsage(
            digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root,
            content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        made = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(is_root, None), True)
            .add_extension(usage, True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), False
            )
            .sign(above, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)

    secret = own.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate("leaf", own, False) + certificate("root", above, True), secret


def embed(data: bytes, mime: str, *, thumbnail: bool = False, **more: Any) -> bytes:
    """A file with credentials, as the C2PA project's own library puts them in.

    Args:
        more: further settings of the library.
    """
    chain, key = _identity()
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    how = {"version": 1, "builder": {"thumbnail": {"enabled": thumbnail}}, **more}
    made = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": made}]}
    manifest = {
        "claim_generator_info": [{"name": "test", "version": "1"}],
        "format": mime,
        "assertions": [{"label": "c2pa.actions", "data": actions}],
    }
    builder = c2pa.Builder(manifest, context=c2pa.Context(c2pa.Settings.from_dict(how)))
    out = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), mime, io.BytesIO(data), out)
    return out.getvalue()
