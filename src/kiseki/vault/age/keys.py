"""Identities, which are secret, and recipients, which are not: X25519 keys, written in Bech32."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiseki.errors import InvalidInput

__all__ = ["Identity", "Recipient"]

_SECRET, _PUBLIC = "AGE-SECRET-KEY-", "age"
_CHECKSUM = 6
"""Letters of it."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a file is encrypted to.

    Attributes:
        public: the key, 32 bytes.
    """

    public: bytes

    @classmethod
    def of(cls, text: str) -> Recipient:
        """What ``age1…`` says.

        Raises:
            InvalidInput: it is no recipient with an X25519 key.
        """
        key = _read(_PUBLIC, text.strip(), lower=True)
        if key is None:
            raise InvalidInput(
                f"{text!r:.80} is no age recipient, which begins with age1; make one with "
                "`kiseki keys identity` or age-keygen"
            )
        return cls(key)

    @classmethod
    def written(cls, text: str) -> Recipient:
        """What ``age1…`` says that a library wrote just now. The checksum, which is for people who
        type, is left out: it takes longer than encrypting to the key."""
        import bech32

        words = [bech32.CHARSET.index(each) for each in text[len(_PUBLIC) + 1 : -_CHECKSUM]]
        key = bech32.convertbits(words, 5, 8, pad=False)
        assert key is not None and len(key) == 32  # noqa: S101 - it is one of these
        return cls(bytes(key))

    def __str__(self) -> str:
        return _written(_PUBLIC, self.public)


@dataclass(frozen=True, slots=True)
class Identity:
    """What opens a file. It is shown by `text` only, never by ``repr`` or ``str``.

    Attributes:
        secret: the key, 32 bytes.
    """

    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Identity:
        """One that nobody else has."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def of(cls, text: str) -> Identity:
        """What ``AGE-SECRET-KEY-1…`` says.

        Raises:
            InvalidInput: it is no identity; what was given is not told, since it may be nearly one.
        """
        key = _read(_SECRET, text.strip(), lower=False)
        if key is None:
            raise InvalidInput(
                "that is no age identity, which begins with AGE-SECRET-KEY-1; give the one that "
                "belongs to the recipient"
            )
        return cls(key)

    @property
    def recipient(self) -> Recipient:
        """To whom a file must be encrypted that this opens."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        secret = X25519PrivateKey.from_private_bytes(self.secret)
        return Recipient(secret.public_key().public_bytes_raw())

    @property
    def text(self) -> str:
        """``AGE-SECRET-KEY-1…``."""
        return _written(_SECRET, self.secret).upper()


def _read(kind: str, text: str, *, lower: bool) -> bytes | None:
    import bech32

    if text != (text.lower() if lower else text.upper()):
        return None
    prefix, words = bech32.bech32_decode(text)
    if prefix != kind.lower() or words is None:
        return None
    key = bech32.convertbits(words, 5, 8, pad=False)
    return bytes(key) if key is not None and len(key) == 32 else None


def _written(kind: str, key: bytes) -> str:
    import bech32

    words = bech32.convertbits(key, 8, 5)
    assert words is not None  # noqa: S101 - bytes always convert
    return bech32.bech32_encode(kind.lower(), words)
