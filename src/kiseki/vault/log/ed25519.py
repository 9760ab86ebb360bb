"""Ed25519 keys and signatures (RFC 8032) over `cryptography`, which is imported when it is used."""

from typing import Any

from kiseki.core.values import bytes32
from kiseki.errors import InvalidInput, KisekiError

__all__ = ["is_signed", "public_key", "signed"]


def public_key(seed: bytes) -> bytes:
    """The public key, 32 bytes, of a private key.

    Args:
        seed: the private key, 32 random bytes.

    Raises:
        InvalidInput: ``seed`` is not 32 bytes.
        KisekiError: `cryptography` is not installed.
    """
    public: bytes = _private(seed).public_key().public_bytes_raw()
    return public


def signed(seed: bytes, message: bytes) -> bytes:
    """The signature, 64 bytes, of ``message``. Errors as those of `public_key`."""
    signature: bytes = _private(seed).sign(message)
    return signature


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is that of ``message`` by the holder of the key ``public``.

    Raises:
        InvalidInput: ``public`` is not 32 bytes.
        KisekiError: `cryptography` is not installed.
    """
    key = _primitives().Ed25519PublicKey.from_public_bytes(bytes32(public, "a public key"))
    try:
        key.verify(signature, message)
    except _invalid():
        return False
    return True


def _private(seed: bytes) -> Any:
    if not isinstance(seed, bytes) or len(seed) != 32:  # never with its value in the message
        raise InvalidInput("a private key of Ed25519 must be 32 bytes")
    return _primitives().Ed25519PrivateKey.from_private_bytes(seed)


def _primitives() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise KisekiError(
            "a log is signed with cryptography, which is not installed; run: "
            "pip install 'kiseki[vault]'"
        ) from error
    return ed25519


def _invalid() -> type[Exception]:
    from cryptography.exceptions import InvalidSignature

    return InvalidSignature
