"""A site as `docs/operate.md` says to run it for others: two processes over one PostgreSQL, behind
a real Caddy with TLS."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from tests.python.typed import ROOT
from tests.python.web.browser import launched
from tests.python.web.test_web_phone import PHONE, Taps, with_passkeys

from .conftest import FREE, Shell

NAME = "trace.example.org"
PATIENCE = 600.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def site_of_caddy(ports: dict[str, int]) -> str:
    """The last Caddyfile of the page, with the ports of this test."""
    page = (ROOT / "docs" / "operate.md").read_text("utf-8")
    boxes: list[str] = re.findall(r"```text\n(.*?)```", page, re.S)
    (text,) = (each for each in boxes if "@people" in each)
    for port, here in ports.items():
        assert port in text
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{here}")
    return text


@contextmanager
def serving(shell: Shell, port: int, *words: str) -> Iterator[None]:
    """A process of the site, until the block ends."""
    words = ("serve", "--port", str(port), "--name", NAME, "--proxy", "127.0.0.1", *words)
    process = shell.start(*words, "--every", "0.2")
    assert process.stderr
    told = ""
    while "The pages are at" not in told:
        told += (line := process.stderr.readline())
        assert line and process.poll() is None, told
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=600)


@pytest.fixture
def behind(shell: Shell, postgres: str, tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The port of Caddy, and who trusts its certificates. One of its three processes is down."""
    caddy = shutil.which("caddy", path=str(Path(sys.executable).parent)) or shutil.which("caddy")
    if caddy is None:
        missing = "there is no caddy: run `tools/setup.py test`, or install it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)  # it comes with the tests where there is a wheel of it: on Linux
    shell.environment["KISEKI_INDEX"] = postgres
    first, second, third, secure, plain = (free_port() for _ in range(5))
    place = tmp_path / "caddy"
    place.mkdir()
    # What a machine without a public name needs: a certificate of its own, and free ports.
    own = (
        f"{{\n  local_certs\n  skip_install_trust\n  admin off\n  http_port {plain}\n"
        f"  https_port {secure}\n  storage file_system {place}\n}}\n"
    )
    written = site_of_caddy({"8000": first, "8001": second, "8002": third})
    (place / "Caddyfile").write_text(own + written, "utf-8")
    people = (
        "--relay",
        "--yes",
        "--relay-hourly",
        "3",
        "--invitations",
        "desk",
        "--account",
        "test:2",
    )
    with serving(shell, first, *people), serving(shell, second):
        run = [caddy, "run", "--config", str(place / "Caddyfile"), "--adapter", "caddyfile"]
        with (place / "log").open("w") as log:
            process = subprocess.Popen(run, stdout=log, stderr=log, env={"HOME": str(place)})
        try:
            root = place / "pki" / "authorities" / "local" / "root.crt"
            certificate = place / "certificates" / "local" / NAME / f"{NAME}.json"  # written last
            end = time.monotonic() + PATIENCE
            while not certificate.exists():
                assert process.poll() is None, (place / "log").read_text()
                assert time.monotonic() < end
                time.sleep(0.1)
            yield secure, ssl.create_default_context(cafile=str(root))
        finally:
            process.terminate()
            process.wait()


class Client(HTTPSConnection):
    """A connection to the name that stands in the certificate, wherever it is."""

    def __init__(self, port: int, trusts: ssl.SSLContext) -> None:
        super().__init__(NAME, port, context=trusts, timeout=600)
        self._at, self._trusts = port, trusts

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self._at), 60)
        self.sock = self._trusts.wrap_socket(plain, server_hostname=NAME)


def asked(
    at: tuple[int, ssl.SSLContext], path: str, body: bytes | None = None, **headers: str
) -> tuple[int, str]:
    """What a visitor gets: status and text."""
    connection = Client(*at)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST" if body else "GET", path, body, {"Host": NAME, **named})
    answer = connection.getresponse()
    try:
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_people_reach_the_site_by_its_name_and_pretend_nothing(
    shell: Shell, behind: tuple[int, ssl.SSLContext]
) -> None:
    """Two processes answer as one; who asks is who the proxy saw; figures stay inside."""
    made = []
    for turn in range(4):
        shell.files(f"art-{turn}")
        words = ("data", "register", f"art-{turn}", *FREE, "--account", "test:1")
        made += shell.json(*words)["collections"]
    end = time.monotonic() + PATIENCE
    while asked(behind, f"/collection/{made[3]['collection']}")[0] != 200:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert asked(behind, "/metrics")[0] == 403
    assert "passkey" in asked(behind, "/own")[1], "from the process with invitations"
    own = {"Origin": f"https://{NAME}", "Sec_Fetch_Site": "same-origin"}
    codes = []
    for turn, each in enumerate(made):
        which, file = str(each["collection"]), f"{turn}.json"
        shell.run("data", "revoke", which, "--sign", file, "--account", "test:1")
        signed = (shell.folder / f"{turn}.json").read_bytes()
        forged = {"X_Forwarded_For": f"203.0.113.{turn}", "Content_Type": "application/json"}
        codes.append(asked(behind, "/relay/revocation", signed, **forged, **own))
    assert [code for code, _ in codes] == [202, 202, 202, 429], codes
    ticket = json.loads(codes[0][1])
    assert asked(behind, ticket["next"])[0] == 200
    while (
        "Its provider revoked consent on"
        not in asked(behind, f"/collection/{made[0]['collection']}")[1]
    ):
        assert time.monotonic() < end
        time.sleep(0.2)


def test_an_artist_signs_with_a_passkey_through_the_proxy(
    shell: Shell, behind: tuple[int, ssl.SSLContext]
) -> None:
    """From the link to a registered consent, which the other process tells."""
    shell.files("art")
    (shell.folder / "cuts.csv").write_text("file,artist\nart/0.svg,山田 花子\n")
    words = ("data", "invite", "cuts.csv", "desk", "--studio", "Studio Kaze", "--uses", "train")
    (made,) = shell.json(
        *words, "--royalty", "20%", "--at", f"https://{NAME}/", "--account", "test:2"
    )
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1:{behind[0]}"
    with launched(rules, "--ignore-certificate-errors", locale="en-GB", **PHONE) as page:
        with_passkeys(page)
        page.goto(made["link"])
        taps = Taps(page)
        taps.on("Make a passkey and begin", "**/terms")
        taps.on("I have read this; show the drawings", "**/drawings")
        taps.on("Sign with the passkey", made["link"])
        end = time.monotonic() + PATIENCE
        while "Your consent is registered" not in page.inner_text("main"):
            assert time.monotonic() < end, page.inner_text("main")
            time.sleep(0.5)
            page.reload()
        page.goto(f"https://{NAME}/own")
        taps.on("Sign in with the passkey", f"https://{NAME}/own")
        page.wait_for_selector("text=Sign out")
        cookies = page.context.cookies()
        assert cookies and all(each.get("secure") for each in cookies)
    (told,) = shell.json("data", "invited", "desk", "--account", "test:2")
    assert told["state"] == "registered"
    assert asked(behind, f"/collection/{told['collection']}")[0] == 200
