"""A signature over a model's file in OpenSSF's form, which `model-signing` makes and verifies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kiseki.errors import FilesError, SigningError
from kiseki.training.extras import needed

__all__ = ["Key", "sign"]


@dataclass(frozen=True, slots=True)
class Key:
    """What signs. It is a key of the developer's own, and no wallet's.

    Attributes:
        private: the file of the private key (elliptic curve, PEM).
        certificate: the file of its certificate; without it whoever verifies needs the public key.
        chain: files of the certificates above it.
    """

    private: Path
    certificate: Path | None = None
    chain: Sequence[Path] = ()


def sign(weights: Path, signature: Path, key: Key) -> None:
    """Signs a file of weights, or a folder, into a new file.

    Raises:
        FilesError: a file is missing, or the signature is there already.
        SigningError: the library refuses the key.
        TrainingError: the library is not installed.
    """
    for each in (weights, key.private, *([key.certificate] if key.certificate else []), *key.chain):
        if not each.exists():
            raise FilesError(f"there is no file {each}")
    if signature.exists():
        raise FilesError(f"the file {signature} exists already; name another file")
    library = needed("model_signing.signing", "signing")
    config = library.Config()
    try:
        if key.certificate is None:
            config.use_elliptic_key_signer(private_key=key.private)
        else:
            config.use_certificate_signer(
                private_key=key.private, signing_certificate=key.certificate,
                certificate_chain=list(key.chain),
            )  # fmt: skip
        config.sign(weights, signature)
    except (OSError, TypeError, ValueError) as error:
        signature.unlink(missing_ok=True)
        raise SigningError(f"{weights} cannot be signed with {key.private}: {error}") from error
