"""A stranger's command reaches nothing: each attack is run for real, as administrator and as user.

DESIGN, invariant 12: nothing that a file says is executed, unless the user names it and it runs in
isolation.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiseki.errors import InvalidInput, NotIsolated
from kiseki.training.isolation import calls, checked, rooms
from kiseki.training.isolation.checked import must_hold
from kiseki.training.isolation.rooms import Room

SOURCE = Path(__file__).resolve().parents[3] / "src" / "kiseki"
ATTACKED = Path(__file__).with_name("attacked.py")
WHO = ["administrator", "user"] if os.geteuid() == 0 else ["user"]
USER = 61_234
"""A user of nobody's, whom the administrator's tests become."""
PROGRAMS = (Path(sys.prefix), Path(sys.base_prefix))

Attack = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session", autouse=True)
def bubblewrap() -> None:
    """Without it tests are skipped; in CI they fail."""
    if shutil.which("bwrap") is None:
        missing = "there is no bubblewrap (apt install bubblewrap)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


@pytest.fixture(scope="session")
def readable() -> Iterator[Path]:
    """The package and the attacked program, where every user may read them."""
    with tempfile.TemporaryDirectory(prefix="kiseki-readable-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        copied = shutil.ignore_patterns("static", "locale", "releases", "__pycache__")
        shutil.copytree(SOURCE, folder / "kiseki", ignore=copied)
        shutil.copy(ATTACKED, folder)
        for base, _, files in os.walk(folder):
            Path(base).chmod(0o755)
            for each in files:
                Path(base, each).chmod(0o644)
        yield folder


@pytest.fixture(scope="session")
def interpreter() -> str:
    """One that the user may run: that of the tests can lie in the administrator's home."""
    known = (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")
    script = "import sys; sys.exit(sys.version_info < (3, 11))"
    for each in known:
        with contextlib.suppress(OSError):
            words = [each, "-c", script]
            done = subprocess.run(words, check=False, capture_output=True, **other("user"))
            if done.returncode == 0:
                return each
    pytest.fail(f"none of {known} can be run by a user who is not the administrator")


def other(who: str) -> dict[str, Any]:
    """How a process becomes that user."""
    if who == "user" and os.geteuid() == 0:
        return {"user": USER, "group": USER, "extra_groups": [], "cwd": "/"}
    return {}


@pytest.fixture(params=WHO)
def attack(request: pytest.FixtureRequest, readable: Path, interpreter: str) -> Attack:
    """Runs a hostile program in isolation, as that user."""
    python = interpreter if request.param == "user" else sys.executable

    def tell(program: str, **bounds: Any) -> dict[str, Any]:
        done = subprocess.run(
            [python, str(readable / ATTACKED.name),
             json.dumps({"program": program, "bounds": bounds})],
            capture_output=True, text=True, check=False, timeout=120,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(readable),
                 "PYTHONDONTWRITEBYTECODE": "1"},
            **other(request.param),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert found["input"] == "as it was"
        assert not found["called"], "it reached a listener outside"
        assert "SECRET" not in found["log"]
        assert not found["there"], "what it wrote is gone"
        return found

    return tell


def running(marker: str) -> list[str]:
    """The processes on this machine that have a word in their command line."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in each.read_bytes():
                found.append(each.parent.name)
        except OSError:
            continue
    return found


def test_a_good_command_writes_its_weights(attack: Attack) -> None:
    """What is held below is held because it is refused, and not because nothing runs."""
    found = attack(
        "import os\n"
        "open('/output/model', 'w').write(open('/inputs/picture').read())\n"
        "print(sorted(os.environ), os.getcwd())\n"
    )
    assert (found["code"], found["reason"]) == (0, "")
    assert found["taken"] == "as it was"
    assert "/code" in found["log"]


def test_it_finds_no_home_no_keys_and_no_environment(attack: Attack) -> None:
    found = attack(
        "import glob, os\n"
        "for path in [FOLDER, f'{FOLDER}/home/.ssh/id_ed25519', f'{FOLDER}/home/.kiseki/secrets',\n"
        "             '/inputs/link', os.path.expanduser('~/.ssh/id_ed25519'), '/etc/shadow',\n"
        "             *glob.glob('/proc/[0-9]*/environ')]:\n"
        "    try:\n"
        "        print(path, open(path, errors='replace').read())\n"
        "    except OSError as error:\n"
        "        print(path, 'held', error.errno)\n"
        "print('API_KEY' in os.environ, os.listdir('/tmp'), glob.glob('/home/*/*'))\n"
    )
    assert found["code"] == 0
    assert "False [] []" in found["log"]
    assert found["log"].count("held") >= 6


def test_it_reaches_no_listener_on_the_host(attack: Attack) -> None:
    found = attack(
        "import socket\n"
        "def reach(family, address):\n"
        "    with socket.socket(family) as one:\n"
        "        one.settimeout(2)\n"
        "        one.connect(address)\n"
        "        print('REACHED', address)\n"
        "for family, address in [(socket.AF_INET, ('127.0.0.1', PORT)), \n"
        "                        (socket.AF_INET, ('1.1.1.1', 53)),\n"
        "                        (socket.AF_UNIX, '\\0' + NAME), (40, (2, PORT))]:\n"
        "    try:\n"
        "        reach(family, address)\n"
        "    except OSError as error:\n"
        "        print('held', error)\n"
    )
    assert found["log"].count("held") == 4
    assert "REACHED" not in found["log"]


def test_it_writes_to_nothing_but_its_folder(attack: Attack) -> None:
    found = attack(
        "import os, sys\n"
        "places = ['/inputs/picture', '/inputs/new', '/code/attack.py', '/new', '/usr/new',\n"
        "          '/etc/new', '/dev/new', sys.prefix + '/new', '/proc/sys/kernel/core_pattern',\n"
        "          '/proc/sysrq-trigger', '/inputs/../inputs/picture']\n"
        "for place in places:\n"
        "    try:\n"
        "        open(place, 'a').write('x')\n"
        "        print('WRITTEN', place)\n"
        "    except OSError as error:\n"
        "        print('held')\n"
        "for what in (lambda: os.remove('/inputs/picture'), lambda: os.chmod('/inputs', 0o777),\n"
        "             lambda: os.rename('/inputs', '/output/in'),\n"
        "             lambda: os.link('/inputs/picture', '/output/picture')):\n"
        "    try:\n"
        "        what()\n"
        "        print('WRITTEN')\n"
        "    except OSError:\n"
        "        print('held')\n"
    )
    assert found["log"].count("held") == 15
    assert "WRITTEN" not in found["log"]


def test_it_does_not_get_out_by_way_of_processes_or_powers(attack: Attack) -> None:
    found = attack(
        "import ctypes, glob, os\n"
        "for root in glob.glob('/proc/[0-9]*/root') + glob.glob('/proc/[0-9]*/cwd'):\n"
        "    if os.path.lexists(root + FOLDER + '/home'):\n"
        "        print('OUT', root)\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for name, flags in (('user', 0x10000000), ('mount', 0x20000), ('net', 0x40000000)):\n"
        "    if libc.unshare(flags) == 0:\n"
        "        print('OUT', name)\n"
        "if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0:\n"
        "    print('OUT', 'mount')\n"
        "if libc.ptrace(16, 1, None, None) == 0:\n"
        "    print('OUT', 'ptrace')\n"
        "for what in (lambda: os.setuid(0), lambda: os.chroot('/tmp'),\n"
        "             lambda: os.mknod('/output/disk', 0o060600, os.makedev(8, 0)),\n"
        "             lambda: open('/dev/kmsg'), lambda: open('/dev/tty'),\n"
        "             lambda: open('/dev/mem'),\n"
        "             lambda: open('/proc/1/mem', 'rb').read(1)):\n"
        "    try:\n"
        "        what()\n"
        "        print('OUT')\n"
        "    except OSError:\n"
        "        print('held')\n"
        "print(len(glob.glob('/proc/[0-9]*')), sorted(os.listdir('/dev')))\n"
    )
    assert "OUT" not in found["log"]
    assert found["log"].count("held") == 7
    devices = "['fd', 'null', 'shm', 'stderr', 'stdin', 'stdout', 'urandom', 'zero']"
    assert found["log"].rstrip().endswith(devices)


def test_processes_that_it_leaves_behind_end_with_it(attack: Attack) -> None:
    marker = f"left-behind-{time.monotonic_ns()}"
    found = attack(
        "import subprocess, sys\n"
        f"words = [sys.executable, '-c', 'import time; time.sleep(1000)', {marker!r}]\n"
        "for _ in range(5):\n"
        "    subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL)\n"
        "print('left')\n"
    )
    assert (found["code"], found["log"]) == (0, "left\n")
    assert found["seconds"] < 10
    assert running(marker) == []


def test_nothing_runs_on_when_kiseki_is_killed(readable: Path, tmp_path: Path) -> None:
    marker = f"orphan-{time.monotonic_ns()}"
    program = (
        "import subprocess, sys\n"
        f"words = [sys.executable, '-c', 'import time; time.sleep(1000)', {marker!r}]\n"
        "subprocess.Popen(words, start_new_session=True).wait()\n"
    )
    kiseki = subprocess.Popen(
        [sys.executable, str(readable / ATTACKED.name),
         json.dumps({"program": program, "bounds": {}})],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(readable), "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    seen = until(lambda: any(int(each) != kiseki.pid for each in running(marker)))
    kiseki.kill()
    kiseki.wait()
    assert seen
    assert until(lambda: not running(marker))


def until(holds: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether something comes to hold."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_a_fork_bomb_is_bounded_and_ended(attack: Attack) -> None:
    marker = f"bomb-{time.monotonic_ns()}"
    found = attack(
        "import os, sys, time\n"
        "for _ in range(3_000):\n"
        "    try:\n"
        f"        if os.fork() == 0:\n"
        f"            os.execv(sys.executable, [sys.executable, '-c', 'import time; \\\n"
        f"time.sleep(1000)', {marker!r}])\n"
        "    except OSError:\n"
        "        there = [each for each in os.listdir('/proc') if each.isdigit()]\n"
        "        print('bounded at', len(there))\n"
        "        break\n"
        "time.sleep(1000)\n",
        seconds=4.0, processes=40,
    )  # fmt: skip
    assert "more than 4 seconds" in found["reason"]
    assert int(found["log"].split("bounded at ")[1].split()[0]) <= 42
    assert running(marker) == []


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("k = 0\nwhile True:\n    k += 1\n    open(f'/output/{k}', 'wb').write(bytes(2**22))",
         "wrote more than 0.06 GiB"),
        ("k = 0\nwhile True:\n    k += 1\n    open(f'/output/{k}', 'wb')", "more than 200 files"),
        ("import os\nos.mkdir('/output/a')\nos.chmod('/output/a', 0)\nimport time\ntime.sleep(99)",
         ("cannot be counted", "")),
        ("import time\ntime.sleep(1000)", "more than 5 seconds"),
        ("import os\nos.close(1)\nos.close(2)\nimport time\ntime.sleep(1000)",
         "more than 5 seconds"),
        ("import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        break\n"
         "x = bytearray(300 * 2**20)\ntime.sleep(1000)", "GiB of memory"),
    ],
)  # fmt: skip
def test_what_takes_too_much_is_ended(attack: Attack, program: str, reason: Any) -> None:
    found = attack(program, seconds=5.0, memory=2**30)
    wanted = reason if isinstance(reason, tuple) else (reason,)
    if wanted != ("cannot be counted", ""):
        assert wanted[0] in found["reason"]
    assert found["code"] == -1
    assert found["size"] < 2**31, "within what a disk writes between two looks"


def test_one_file_temporary_files_memory_and_words_are_bounded(attack: Attack) -> None:
    found = attack(
        "import errno, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "for place in ('/tmp/a', '/dev/shm/a', '/output/a'):\n"
        "    try:\n"
        "        with open(place, 'wb', buffering=0) as file:\n"
        "            for _ in range(100):\n"
        "                if file.write(bytes(2**20)) < 2**20:\n"
        "                    break\n"
        "            else:\n"
        "                print('UNBOUNDED', place)\n"
        "        print('held', file.closed)\n"
        "    except OSError as error:\n"
        "        print('held', errno.errorcode[error.errno])\n"
        "try:\n"
        "    bytearray(8 * 2**30)\n"
        "except MemoryError:\n"
        "    print('held memory')\n"
        "print('x' * 1_000_000)\n",
        output=2**25, memory=2**31,
    )  # fmt: skip
    assert "UNBOUNDED" not in found["log"]
    assert found["log"].count("held") == 4
    assert len(found["log"]) < 4_100
    assert "is not kept" in found["log"]


@pytest.mark.parametrize(
    "left",
    [
        "os.symlink(f'{FOLDER}/home/.ssh/id_ed25519', '/output/model')",
        "os.symlink('/etc/passwd', '/output/model')",
        "os.symlink('.', '/output/model')",
        "os.mkfifo('/output/model')",
        "os.mkdir('/output/model')",
        "open('/output/model', 'wb').truncate(2_000)",
        "import socket; socket.socket(socket.AF_UNIX).bind('/output/model')",
        "print('nothing')",
        "exec(\"for _ in range(3000):\\n    os.mkdir('d')\\n    os.chdir('d')\") "
        "if not os.chdir('/output') else 0",
    ],
)
def test_what_is_no_ordinary_file_is_not_taken(attack: Attack, left: str) -> None:
    found = attack(f"import os\n{left}\n", files=10_000)
    assert found["taken"].startswith("refused: ")


# The probe finds what does not hold


@pytest.fixture
def room(tmp_path: Path) -> Room:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "picture").write_text("1")
    return Room(rooms.made(tmp_path / "out"), {rooms.INPUTS: tmp_path / "in"}, PROGRAMS)


def test_a_room_is_tried_before_anything_runs_in_it(room: Room) -> None:
    must_hold(room, sys.executable)


def without(*names: str) -> Callable[[list[str]], list[str]]:
    return lambda words: [each for each in words if each not in names]


def before_the_command(*more: str) -> Callable[[list[str]], list[str]]:
    def changed(words: list[str]) -> list[str]:
        place = words.index("--remount-ro")
        return [*words[:place], *more, *words[place:]]

    return changed


def named_as_outside(words: list[str]) -> list[str]:
    place = words.index("--hostname")
    return without("--unshare-uts")(words[:place] + words[place + 2 :])


def unheld(words: list[str]) -> list[str]:
    """Without the bounds that are set from inside."""
    first = words.index(rooms._tool("prlimit"))
    return words[:first] + words[words.index("--", first) + 1 :]


def unfiltered(words: list[str]) -> list[str]:
    place = words.index("--seccomp")
    return words[:place] + words[place + 2 :]


def writable(words: list[str]) -> list[str]:
    place = words.index(rooms.INPUTS) - 2
    return [*words[:place], "--bind", *words[place + 1 :]]


def administrator(words: list[str]) -> list[str]:
    first = words.index(rooms._tool("setpriv"))
    return words[:first] + words[words.index("--", first) + 1 :]


HOLES = [
    (without("--unshare-net"), "network"),
    (without("--unshare-pid"), "pid namespace|processes"),
    (without("--unshare-ipc"), "ipc namespace"),
    (named_as_outside, "uts namespace"),
    (unheld, "bound RLIMIT_NPROC is not set"),
    (unfiltered, "every system call"),
    (writable, "could write into /inputs"),
    (before_the_command("--bind", "/tmp", "/tmp"), "sees /tmp|can read /tmp"),
    (before_the_command("--dev-bind", "/dev", "/dev"), "has the device"),
    (before_the_command("--setenv", "TOKEN", "1"), "variable TOKEN"),
    *([(administrator, "powers|administrator")] if os.geteuid() == 0 else []),
]  # fmt: skip


@pytest.mark.parametrize(("weakened", "hole"), HOLES)
def test_a_room_with_a_way_out_is_refused(
    room: Room, weakened: Callable[[list[str]], list[str]], hole: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The probe is no formality: each part of the isolation is taken away, and it says so."""
    real = Room.words
    monkeypatch.setattr(Room, "words", lambda *given: weakened(real(*given)))
    with pytest.raises(NotIsolated, match=f"does not hold here.*({hole})"):
        must_hold(room, sys.executable)


def test_a_room_that_shows_the_home_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "me"
    (home / ".ssh").mkdir(parents=True)
    home.chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    must_hold(room, sys.executable)
    ways = [word for above in reversed(home.parents) if above != Path("/")
            for word in ("--perms", "0755", "--dir", str(above))]  # fmt: skip
    shown = before_the_command(*ways, "--ro-bind", str(home), str(home))
    real = Room.words
    monkeypatch.setattr(Room, "words", lambda *given: shown(real(*given)))
    with pytest.raises(NotIsolated, match=r"does not hold here.*it sees .*\.ssh"):
        must_hold(room, sys.executable)


def test_without_bubblewrap_nothing_runs(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms._bubblewrap.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NotIsolated, match=r"apt install bubblewrap.*Nothing was run"):
        must_hold(room, sys.executable)
    rooms._bubblewrap.cache_clear()


def test_a_machine_that_gives_no_isolation_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bubblewrap that runs the command without keeping it apart, and one that fails."""
    for script, said in (
        ("#!/bin/sh\n[ $1 = --help ] && exec /usr/bin/bwrap --help\necho no namespaces >&2; exit 1",
         "cannot be had here.*no namespaces"),
        ("#!/bin/sh\n[ $1 = --help ] && exec /usr/bin/bwrap --help\n"
         "echo '{\"holes\": []}' > /dev/null; exit 0", "cannot be had here"),
    ):  # fmt: skip
        fake = tmp_path / "bwrap"
        fake.write_text(script)
        fake.chmod(0o755)
        monkeypatch.setattr(rooms, "_bubblewrap", lambda: str(tmp_path / "bwrap"))
        with pytest.raises(NotIsolated, match=said):
            must_hold(room, sys.executable)


def test_an_interpreter_whose_folder_shows_the_home_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "me").mkdir()
    shows = Room(room.output, room.reads, (tmp_path,))
    with pytest.raises(NotIsolated, match="a stranger's command would see it"):
        shows.words(["true"], 0)


def test_another_machine_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not known for the machine"):
        calls.program("vax")
    assert len(calls.program("aarch64")) % 8 == 0
    assert checked._PROBE not in rooms._LINKED
