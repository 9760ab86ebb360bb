"""Arguments and settings that look like secrets.

A run's document is meant to be published, so none is made while it would hold one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kiseki.errors import InvalidInput

__all__ = ["must_hold_no_secret"]

_NAMES = re.compile(
    r"(^|[-_.])(secret|password|passwd|passphrase|pwd|credentials?|api[-_]?key|access[-_]?key|"
    r"private[-_]?key|auth[-_]?key|token)$",
    re.IGNORECASE,
)
"""The end of a name whose value is secret. ``max_token_length`` is none."""
_SHORT_TOKEN = 16
"""A token that is a word for the model, as ``<pad>``, is shorter."""
_VALUES = re.compile(
    r"hf_[A-Za-z0-9]{20,}"  # Hugging Face
    r"|sk-[A-Za-z0-9_-]{20,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|(AKIA|ASIA)[0-9A-Z]{16}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."  # a JSON Web Token
    r"|AGE-SECRET-KEY-1[A-Z0-9]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@"  # a URL with a password
    r"|(?<![0-9A-Za-z])(0x)?[0-9a-f]{64}(?![0-9A-Za-z])"  # a key of a wallet, or a hash
    r"|(?<![0-9A-Za-z])[0-9a-f]{40}(?![0-9A-Za-z])",  # a key of Weights & Biases, or a commit
    re.IGNORECASE,
)
_OPTION = re.compile(r"-{1,2}([A-Za-z0-9_.-]+)(?:=(.*))?|([A-Za-z0-9_.-]+)=(.*)", re.DOTALL)


def must_hold_no_secret(arguments: Sequence[str], settings: Mapping[str, Any]) -> None:
    """
    Raises:
        InvalidInput: an argument or a setting looks like a secret. The value is not in the message.
    """
    for name in [*_of_arguments(arguments), *_of_settings(settings, "")]:
        raise InvalidInput(
            f"{name} looks like a secret, and a run's document is meant to be published. Train "
            "with an environment variable or a file in its place (neither is written down), and "
            "leave "
            "it out here; a hash or a key in hex goes into a file of the inputs"
        )


def _of_arguments(arguments: Sequence[str]) -> Iterator[str]:
    option = ""
    for place, each in enumerate(arguments, 1):
        match = _OPTION.fullmatch(each)
        named = match and (match[1] or match[3])
        value = match and (match[2] if match[1] else match[4])
        if named and value is not None and _is_secret(named, value):
            yield f"the argument {named}"
        elif option and not each.startswith("-") and _is_secret(option, each):
            yield f"the argument {option}"
        elif _VALUES.search(each):
            yield f"argument {place}"
        option = match[1] if match and match[1] and match[2] is None else ""


def _of_settings(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _of_settings(each, str(key))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _of_settings(each, name)
    elif isinstance(value, str) and (_is_secret(name, value) or _VALUES.search(value)):
        yield f"the setting {name}"


def _is_secret(name: str, value: str) -> bool:
    match = _NAMES.search(name)
    if match is None or not value:
        return False
    return match[2].lower() != "token" or len(value) >= _SHORT_TOKEN
