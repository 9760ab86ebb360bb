"""The vault's own key, as a person names it: a file, a text, or a file for a key service."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

from kiseki.errors import SecretsError
from kiseki.vault.keys.services import InFile, InService, InText, Opens

__all__ = ["AWS", "is_identity", "key_of"]

AWS = "aws-kms:"
"""Stands before the path of an identity that AWS KMS encrypted."""


def is_identity(named: str) -> bool:
    """Whether it is the identity itself."""
    return named.strip().upper().startswith("AGE-SECRET-KEY-1")


def key_of(named: str) -> Opens:
    """The key. Nothing is read or asked before it is needed.

    Args:
        named: the path of an identity file; or the identity itself, as from the environment; or
            ``aws-kms:`` and the path of an identity that AWS KMS encrypted. KMS opens it with the
            credentials and the region that botocore finds on this machine.
    """
    if is_identity(named):
        return InText(named)
    if named.startswith(AWS):
        return InService(partial(_aws, Path(named.removeprefix(AWS)).expanduser()))
    return InFile(Path(named).expanduser())


def _aws(path: Path) -> bytes:
    """
    Source: AWS KMS API reference, Decrypt; the region and credentials are botocore's to find.
    """
    try:
        from botocore.session import get_session
    except ImportError as error:
        raise SecretsError(
            "a key that AWS KMS keeps needs botocore: pip install 'kiseki[vault,s3]'"
        ) from error
    try:
        sealed = path.read_bytes()
    except OSError as error:
        raise SecretsError(
            f"the vault's encrypted key {path} cannot be read ({error.strerror})"
        ) from error
    answer = get_session().create_client("kms").decrypt(CiphertextBlob=sealed)
    return cast("bytes", answer["Plaintext"])
