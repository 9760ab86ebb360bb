"""A real browser: Chromium as `tools/setup.py test` unpacks it, or one on the PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

__all__ = ["launched"]

_ROOT = Path(__file__).resolve().parents[3]
_OURS = _ROOT / ".tools" / "chromium" / "chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The one from npm is built for machines without a display, a sandbox or several processes.
_ALONE = [
    "--single-process", "--no-zygote", "--no-sandbox", "--in-process-gpu", "--use-gl=angle",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
    "--font-render-hinting=none",
]  # fmt: skip

_PATIENCE = 300_000
"""Milliseconds for which a page may take to do what it is asked."""


@contextmanager
def launched(*arguments: str, **options: Any) -> Iterator[Page]:
    """A page in a browser of its own, until the block ends: the one from npm ends with the first
    context that is closed. Without a browser, tests are skipped; in CI they fail.

    Args:
        arguments: of Chromium.
        options: of Playwright's `new_context`.
    """
    program = str(_OURS) if _OURS.exists() else next(filter(None, map(shutil.which, _NAMES)), "")
    if not program:
        missing = f"there is no browser: run `tools/setup.py test`, or install {_NAMES[0]}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    alone = program == str(_OURS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[*(_ALONE if alone else ["--no-sandbox"]), *arguments],
            env={**os.environ, "FONTCONFIG_FILE": str(_OURS.with_name("fonts.conf"))}
            if alone
            else None,
        )
        context = browser.new_context(**options)
        context.set_default_timeout(_PATIENCE)  # a busy machine is slower, and never wrong
        yield context.new_page()
        browser.close()
