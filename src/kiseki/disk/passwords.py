"""Passwords as people type them: one written form, and how weak is too weak."""

from __future__ import annotations

import unicodedata
from typing import Literal

__all__ = ["forms", "weakness", "written"]

_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
_LEAST = 8
_DIFFERENT = 4


def written(password: str) -> str:
    """The form of a password that Kiseki encrypts with: composed (NFC), as most systems type it."""
    return unicodedata.normalize("NFC", password)


def forms(password: str) -> tuple[str, ...]:
    """The password in every form in which somebody else's program may have encrypted with it.

    One letter with an accent is one character or two, as the keyboard and the system have it (macOS
    often writes two), and each program normalizes in its own way or not at all.
    """
    return tuple(
        dict.fromkeys([password, *(unicodedata.normalize(form, password) for form in _FORMS)])
    )


def weakness(password: str) -> str:
    """Why a new password is too weak; empty where it is not."""
    if len(written(password)) < _LEAST or len(set(password)) < _DIFFERENT:
        return (
            f"the password is weak: a strong one has at least {_LEAST} characters, {_DIFFERENT} of "
            "them different. It is all that protects the content from whoever gets the file"
        )
    return ""
