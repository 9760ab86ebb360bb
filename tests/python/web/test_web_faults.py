"""What a visitor sees where the site itself is wrong, and who else hears of a visit."""

from __future__ import annotations

import re

import pytest
from opentelemetry import trace
from starlette.testclient import TestClient

from kiseki.web.app import application
from kiseki.web.shown import collections
from kiseki.web.site import Site

from .conftest import Places


def test_a_fault_of_the_site_is_said_by_a_page_of_its_own(
    site: Site, places: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With a mark that the log has too, and with nothing of what went wrong."""

    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(collections, "collection", broken)
    app = application(site, follows=False)
    with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
        page = client.get(f"/collection/{places.art}")
        twin = client.get(f"/api/v1/collections/{places.art}")
        assert client.get("/").status_code == 200
    marks = re.findall(r"fault (\w+) at /(?:api/v1/)?collection", caplog.text)
    for answer, mark in zip((page, twin), marks, strict=True):
        assert answer.status_code == 500 and mark in answer.text
        assert "secret" not in answer.text and "Traceback" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "This site made a mistake" in page.text and "不具合" in page.text


def test_whatever_collects_traces_in_the_process_hears_of_no_visit(
    site: Site, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of an invitation is a secret."""
    heard: list[str] = []

    class Hearing(trace.TracerProvider):
        def get_tracer(self, *named: object, **_: object) -> trace.Tracer:
            heard.append(str(named))
            return trace.NoOpTracer()

    monkeypatch.setattr(trace, "_TRACER_PROVIDER", Hearing())
    with TestClient(application(site, follows=False), "http://localhost") as client:
        assert client.get("/sign/a-secret").status_code == 404
        assert client.get(f"/collection/{places.art}").status_code == 200
    assert heard == []
