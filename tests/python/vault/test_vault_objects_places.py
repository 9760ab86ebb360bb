"""Places that are full, slow, or lose their answers; and what adding leaves when it is killed."""

from __future__ import annotations

import hashlib
import http.client
import http.server
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from s3fs import S3FileSystem

from kiseki.errors import InvalidInput, VaultError
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects import storing
from kiseki.vault.objects.checking import DAY, Wrong, check, sweep
from kiseki.vault.objects.draft import place_of
from kiseki.vault.objects.place import Place, place
from kiseki.vault.objects.sources import Held, Part

from .conftest import WHO, s3_options
from .objects import RECIPIENTS, Vault, made, unwrap


def task(content: bytes) -> storing.Task:
    digest = hashlib.sha256(content).digest()
    return storing.Task(Held(content, "here"), digest, digest)


def test_an_object_that_is_kept_is_there_and_one_that_is_not_is_not(objects_place: Place) -> None:
    for content in (b"", b"content", b"x" * 9_000_000):  # the last is put in several parts
        made = storing.keep(task(content), objects_place, RECIPIENTS)
        assert objects_place.size(made.name) == made.sealed
        file = objects_place.open(made.name)
        file.seek(made.sealed - 5)
        assert len(file.read(9)) == 5
        file.seek(0)
        assert hashlib.sha256(file.read()).digest() == made.name
        file.close()
        (lying,) = objects_place.walk()
        assert lying[:2] == (made.name, made.sealed)
        assert abs(lying.seconds - time.time()) < 60
        objects_place.delete(made.name)
        objects_place.delete(made.name)
        assert objects_place.size(made.name) is None
        with pytest.raises(VaultError, match="is not in"):
            objects_place.open(made.name)
    with objects_place.draft() as draft:
        draft.write(b"half of something")
    assert list(objects_place.walk()) == []


def test_a_place_that_is_none_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no filesystem is known"):
        place("nosuch://vault")
    assert "hunter2" not in str(place("memory://me:hunter2@vault"))
    (tmp_path / "file").touch()
    with pytest.raises(VaultError, match=r"cannot be kept in .*file \(File exists"):
        storing.keep(task(b"x"), place(tmp_path / "file"), RECIPIENTS)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """On a real filesystem of 300 KB."""
    if shutil.which("bwrap") is None and not os.environ.get("CI"):
        pytest.skip("bubblewrap is not installed")
    small = tmp_path / "small"
    small.mkdir()
    script = f"""
import hashlib
from pathlib import Path
from kiseki.errors import VaultError
from kiseki.vault.objects import storing
from kiseki.vault.objects.place import place
from kiseki.vault.objects.sources import Held
where, kept = place(Path({str(small)!r}) / "vault"), []
try:
    for number in range(9):
        content = bytes([number]) * 60_000
        digest = hashlib.sha256(content).digest()
        task = storing.Task(Held(content, "here"), digest, digest)
        kept.append(storing.keep(task, where, {RECIPIENTS!r}).name)
except VaultError as error:
    print(error)
assert sorted(kept) == sorted(each.name for each in where.walk())
print(len(kept))
"""
    box = ["bwrap", "--dev-bind", "/", "/", "--size", "300000", "--tmpfs", str(small)]
    done = subprocess.run([*box, sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, count = done.stdout.splitlines()
    assert "there is no room left; make some and run this again" in said
    assert 2 <= int(count) <= 4


class Between(http.server.BaseHTTPRequestHandler):
    """Between s3fs and the server: it is late, or loses answers."""

    protocol_version = "HTTP/1.1"
    to = ""
    late = 0.0
    lost = 0
    busy = 0
    puts = 0

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if type(self).busy > 0:
            type(self).busy -= 1
            self.send_response_only(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        upstream = http.client.HTTPConnection(self.to.removeprefix("http://"))
        upstream.request(self.command, self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        kind = type(self)
        kind.puts += self.command == "PUT"
        time.sleep(self.late)
        if self.command == "PUT" and kind.lost > 0:
            kind.lost -= 1
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _pass  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def between(s3: str, **how: Any) -> Iterator[tuple[type[Between], str]]:
    kind = type("Between", (Between,), {"to": s3, **how})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield kind, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_s3_that_loses_an_answer_is_asked_again_and_has_one_object(s3: str) -> None:
    with between(s3, lost=1) as (proxy, url):
        where = place("s3://vault/lost", s3_options(url))
        made = storing.keep(task(b"content" * 100), where, RECIPIENTS)
        assert proxy.puts == 2
    ((name, size, *_),) = place("s3://vault/lost", s3_options(s3)).walk()
    assert (name, size) == (made.name, made.sealed)


def test_s3_that_is_busy_is_asked_again(s3: str) -> None:
    with between(s3, busy=3) as (proxy, url):
        where = place("s3://vault/busy", s3_options(url))
        made = storing.keep(task(b"content" * 100), where, RECIPIENTS)
        assert (proxy.busy, proxy.puts) == (0, 1)
        proxy.busy = 2
        file = where.open(made.name)
        assert hashlib.sha256(file.read()).digest() == made.name
        file.close()


def test_an_upload_that_was_not_ended_is_found_and_swept(s3: str, tmp_path: Path) -> None:
    """And uploads of others are left alone. For moto's server all of them began in 2010."""
    where = place("s3://vault/uploads", s3_options(s3))
    fs = S3FileSystem(**s3_options(s3))
    mine = [f"vault/uploads/{place_of(bytes([each]) * 32)}" for each in range(5)]
    others = ["vault/uploads/other/film.mov", f"vault/{place_of(bytes(32))}"]
    for key in (*mine, *others):
        fs.call_s3("create_multipart_upload", Bucket="vault", Key=key.partition("/")[2])
    store = KeyStore(tmp_path / "store")
    objects = Vault(store, where).objects
    assert [each.wrong for each in check(objects, where)] == [Wrong.HALF] * 5
    assert list(sweep(objects, where, older=40 * 365 * DAY)) == []  # younger than that
    assert len(list(sweep(objects, where))) == 5
    assert list(where.walk()) == []
    left = fs.call_s3("list_multipart_uploads", Bucket="vault")["Uploads"]
    assert sorted(f"vault/{each['Key']}" for each in left) == sorted(others)
    store.close()


REAL = os.environ.get("KISEKI_TEST_BUCKET", "")


@pytest.mark.skipif(not REAL, reason="KISEKI_TEST_BUCKET names no bucket")
def test_a_real_s3_keeps_what_it_says(tmp_path: Path) -> None:
    """What the environment says of keys and endpoint (AWS_…) holds; nothing is left there."""
    where = place(f"{REAL.rstrip('/')}/{uuid.uuid4().hex}")
    store = KeyStore(tmp_path / "store")
    vault = Vault(store, where)
    contents = list(made(tmp_path / "works", 5))
    (tmp_path / "works" / "film.mov").write_bytes(b"film" * 5_000_000)
    assert vault.add(tmp_path / "works").stored == 6
    assert all(vault.read(content) == content for content in contents)
    assert list(check(vault.objects, where, unwrap=unwrap)) == []
    for lying in list(where.walk()):
        where.delete(lying.where)
    assert list(where.walk()) == []
    store.close()


def test_s3_that_does_not_answer_in_time_is_told(s3: str) -> None:
    hurried = {"config_kwargs": {"read_timeout": 0.2, "retries": {"max_attempts": 0}}}
    with between(s3, late=0.5) as (_, url):
        where = place("s3://vault/late", {**s3_options(url), **hurried})
        with pytest.raises(VaultError, match="does not answer in time"):
            storing.keep(task(b"content"), where, RECIPIENTS)
    with pytest.raises(VaultError, match=r"kept in s3://vault/x \("):  # nobody is there
        storing.keep(
            task(b"content"), place("s3://vault/x", {**s3_options(url), **hurried}), RECIPIENTS
        )
    with pytest.raises(VaultError, match=r"kept in s3://none \(.*bucket"):
        storing.keep(task(b"content"), place("s3://none", s3_options(s3)), RECIPIENTS)


ADDING = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from kiseki.vault.objects import adding
from kiseki.vault.objects.adding import Added, add
from kiseki.vault.objects.incoming import contents
from kiseki.vault.objects.place import place
from kiseki.vault.objects.rows import Objects
from kiseki.vault.keystore import KeyStore

if __name__ == "__main__":
    store, where, options, works, enough, more, who, *recipients = sys.argv[1:]
    opened = KeyStore(store if "://" in store else Path(store))
    added, done, left = Added(), [0], [int(more)]
    adding._READ = adding._ROWS = adding._TASK = 10  # so that few contents are many parts

    def told(items, size):
        done[0] = items

    def die(*_):
        if done[0] >= int(enough) >= 0:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(opened.database._engine, "before_cursor_execute", die)
    event.listen(opened.database._engine, "commit", die)
    add(Objects(opened), place(where, eval(options)), who, recipients,
        contents(works, added), added, told, cores=2)
    print(added.stored, flush=True)
"""
"""Adds, and kills itself so many (`more`) statements after so many contents (`enough`) are done:
counted and not timed, so that it is never done before that."""


def test_adding_that_is_killed_at_any_moment_loses_nothing(
    store_url: Path | str, objects_place: Place, tmp_path: Path
) -> None:
    """kill -9 of the process; those that encrypt for it end by themselves."""
    chance = random.Random(17)
    works = tmp_path / "works"
    count = 150
    contents = list(made(works, count, 5_000))
    script = tmp_path / "adding.py"
    script.write_text(ADDING)
    options = getattr(objects_place, "options", {})
    before = [sys.executable, str(script), str(store_url), str(objects_place), repr(options)]
    vault = Vault(KeyStore(store_url), objects_place)
    counts = list[int]()
    for enough in (0, 1, 50, 100):  # that are done when it is killed
        process = subprocess.Popen(
            [*before, str(works), str(enough), str(chance.randrange(6)), WHO, *RECIPIENTS],
            start_new_session=True,
        )
        assert process.wait(600) == -signal.SIGKILL
        deadline = time.monotonic() + 60
        while group_is_there(process.pid):
            assert time.monotonic() < deadline, "a process that encrypts is left"
            time.sleep(0.05)
        wrong = {each.wrong for each in check(vault.objects, vault.place, unwrap=unwrap)}
        assert wrong <= {Wrong.NO_ROW, Wrong.HALF}
        counts.append(len(list(vault.objects.each())))
    assert counts == sorted(counts)  # what is there stays
    assert any(0 < each < count for each in counts), counts
    done = subprocess.run(
        [*before, str(works), "-1", "0", WHO, *RECIPIENTS],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split()[-1] == str(count - counts[-1])
    for _ in sweep(vault.objects, vault.place, older=-60):  # the other clock may be ahead
        pass
    assert list(check(vault.objects, vault.place, unwrap=unwrap)) == []
    assert all(vault.read(content) == content for content in contents[::30])
    assert len(list(vault.place.walk())) == count
    vault.store.close()


def group_is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_encrypts_and_is_killed_is_told(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "store")
    vault = Vault(store, place(tmp_path / "vault"))
    list(made(tmp_path / "works", 3))
    big = tmp_path / "works" / "9.mov"
    with big.open("wb") as file:
        file.write(b"film")
        file.truncate(1 << 30)

    def end() -> None:
        deadline = time.monotonic() + 60
        begun = tmp_path / "vault" / "begun"
        while time.monotonic() < deadline:
            for fd in Path("/proc").glob("[0-9]*/fd/*"):
                try:
                    if fd.readlink().parent == begun and int(fd.parts[2]) != os.getpid():
                        os.kill(int(fd.parts[2]), signal.SIGKILL)
                        return
                except OSError:
                    pass

    killer = threading.Thread(target=end)
    killer.start()
    with pytest.raises(VaultError, match="was ended from outside; run this again"):
        vault.add(tmp_path / "works")
    killer.join()
    big.unlink()
    vault.add(tmp_path / "works")
    assert {each.wrong for each in check(vault.objects, vault.place)} <= {Wrong.HALF, Wrong.NO_ROW}
    assert len(list(vault.objects.each())) == 3
    store.close()


def test_a_part_of_a_file_is_kept_alone(tmp_path: Path) -> None:
    (tmp_path / "tar").write_bytes(b"before" + b"inside" + b"after")
    digest = hashlib.sha256(b"inside").digest()
    part = storing.Task(Part(str(tmp_path / "tar"), 6, 6, True), digest, digest)
    assert storing.keep(part, place(tmp_path / "vault"), RECIPIENTS).size == 6
