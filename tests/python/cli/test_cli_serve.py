"""`kiseki serve`: pages over the index, for as long as it runs (promise 7)."""

import json
import signal
import time
import urllib.request

from .conftest import FREE, Shell


def got(at: str) -> tuple[int, str]:
    with urllib.request.urlopen(at, timeout=60) as answer:
        return answer.status, answer.read().decode()


def test_pages_are_served_and_follow_the_chain_until_they_are_ended(shell: Shell) -> None:
    shell.files("art", 2)
    made = shell.json("data", "register", "art", *FREE, "--account", "test:1")["collections"]
    server = shell.start("serve", "--port", "0", "--every", "0.2")
    assert server.stderr
    said = server.stderr.readline()
    while "The pages are at" not in said:  # reading the chain may be told before
        assert said and server.poll() is None
        said = server.stderr.readline()
    at = said.split("The pages are at ")[1].split(". Press")[0]
    assert at.startswith("http://127.0.0.1:")
    until = time.monotonic() + 600
    page = f"{at}collection/{made[0]['collection']}"
    while json.loads(got(f"{at}health")[1])["block"] < 0 and time.monotonic() < until:
        time.sleep(0.1)
    assert "Consent holds." in got(page)[1]
    port = at.rstrip("/").rpartition(":")[2]
    taken = shell.run("serve", "--port", port, code=2)
    assert f"port {port} (Address already in use); name another port" in " ".join(taken.split())
    shell.run("data", "revoke", made[0]["collection"], "--account", "test:1")
    while "Consent holds." in got(page)[1] and time.monotonic() < until:
        time.sleep(0.1)
    assert "Consent was revoked on" in got(page)[1]
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=600) in (0, 130)


def test_a_port_or_a_time_that_is_none_is_said(shell: Shell) -> None:
    assert "--port must be from 0 to 65535" in shell.run("serve", "--port", "99999", code=2)
    assert "--every must be a number" in shell.run("serve", "--every", "0", code=2)
    unknown = " ".join(shell.run("serve", "--host", "no.such.host.invalid", code=2).split())
    assert "nothing can listen at no.such.host.invalid" in unknown and "rror -" not in unknown
