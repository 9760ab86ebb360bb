"""The tutorials are true: each is typed as it stands, from an empty folder and an empty home.

Nothing is set but HOME and the PATH on which the programs are. What a page shows is what is printed
(`walk`); what it says beside that is asked here.
"""

import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest
from tests.python.typed import ROOT, Programs
from tests.python.typed import network as networks
from tests.python.typed.network import network
from tests.python.walk import TUTORIALS, Walk, boxes, shown, walking

from kiseki.chain.anvil import find_anvil
from kiseki.chain.signing.accounts import local_account
from kiseki.core.manifest import Manifest
from kiseki.core.values import ZERO_ADDRESS

STUDIO, ARTIST, BUYER = (local_account(number).address for number in range(3))
PAGES = sorted(path.stem for path in TUTORIALS.glob("*.md"))


@pytest.fixture
def walk(tmp_path: Path, programs: Programs) -> Iterator[Walk]:
    system = [
        Path(shutil.which(name) or "/usr/bin").parent for name in ("bash", "ls", "age", "node")
    ]
    place = programs.command(tmp_path / "programs")
    foundry = Path(find_anvil()).parent
    scripts = ROOT / "node_modules" / ".bin"
    own = [place, Path(sys.executable).parent, foundry, *system, scripts]
    path = os.pathsep.join(map(str, own))
    with walking(tmp_path, path) as walk:
        yield walk


def test_deploy_to_a_testnet(walk: Walk) -> None:
    walk.page("deploy")
    assert "21 of 21, the same to the byte" in walk.printed
    assert (walk.folder / "deployments" / "11155111.json").exists()
    assert (walk.folder / "verification" / "DataRegistry.json").exists()


def test_look_around_in_a_sandbox(walk: Walk) -> None:
    walk.page("sandbox")
    earned = walk.json("kiseki revenue earned --account test:40")
    ether = [int(each["amount"]) for each in earned if each["token"] == ZERO_ADDRESS]
    assert sum(ether) > 14 * 10**17, "before this page and by it"


def test_ask_by_program(walk: Walk) -> None:
    walk.page("api")
    (wei,) = re.findall(r"(\d+) wei of ether", walk.printed)
    walk.terminal("").type("cd ~/.kiseki/sandbox", {})
    owed = walk.json("kiseki revenue owed --account test:40")["owed"]
    ether = [int(each["amount"]) for each in owed if each["token"] == ZERO_ADDRESS]
    assert int(wei) == sum(ether)


def test_register_your_data(walk: Walk) -> None:
    walk.page("register")
    assert "Registered: 1 file. Not registered: 1 file." in walk.printed
    listed = walk.json("kiseki data list")
    assert len(listed) == 6, "two of artists, one hired, one joint, one rough, one clean"
    (step,) = walk.json("kiseki data lineage clean/1.svg documents")["above"]
    assert step["step"] == "clean" and step["made_from"]["kind"] == "collection"
    assert len(walk.json("kiseki data list", ARTIST)) == 2, "one signed, one standing"


def test_ask_artists_who_have_no_wallet(walk: Walk) -> None:
    walk.page("invite")
    states = {each["state"] for each in walk.json("kiseki data invited invitations")}
    assert states == {"not opened"}
    studio = (walk.folder / "invitations" / "studio.url").read_text("utf-8")
    assert studio.startswith("http://localhost:8000/studio?key=")


def test_when_a_key_is_lost(walk: Walk) -> None:
    walk.page("guardians")
    assert "Call Account.setGuardians" not in walk.printed
    assert "takes the place of all keys of the account" in " ".join(walk.printed.split())


def test_claim_your_royalties(walk: Walk) -> None:
    walk.page("claim")
    for wallet, owed in ((ARTIST, []), (BUYER, ["100000000000000000"])):
        answer = walk.json("kiseki revenue owed", wallet)
        assert [each["amount"] for each in answer["owed"]] == owed


def test_license_your_data(walk: Walk) -> None:
    walk.page("license")
    gained = int(walk.json("kiseki status --account test:1")["balance"]) - 10_000 * 10**18
    assert 2.39 * 10**18 < gained < 24 * 10**17, "four licences and the price, less some gas"
    assert len(walk.json("kiseki market licences", BUYER)) == 1


def test_pay_a_production_committee(walk: Walk) -> None:
    walk.page("committee")
    assert "not paid" not in walk.printed
    paid = re.findall(r"amount +([\d,]+) of 0x", walk.printed.rpartition("Claim for")[2])
    assert sorted(paid) == ["120,000", "54,000", "90,000", "900,000"]


def test_train_on_somebody_elses_data(walk: Walk) -> None:
    """Promises 1 to 3, between two homes that share nothing but what one sent the other."""
    walk.page("train")
    assert walk.json("kiseki data list", BUYER) == [], "who trains registers no data"
    manifest = (walk.folder / "developer" / "weighted.json").read_text("utf-8")
    assert '"weight":"4"' in manifest
    for home in ("provider", "developer"):
        assert (walk.folder / home / ".kiseki" / "secrets").exists()


@pytest.mark.skipif(
    shutil.which("bwrap") is None and not os.environ.get("CI"),
    reason="there is no bubblewrap (apt install bubblewrap)",
)
def test_register_a_lora(walk: Walk) -> None:
    """Promise 3: by the file's own counts; then as the hook recorded it, and made again."""
    walk.page("lora")
    weights = []
    for model, levels in (("$lora", []), ("$model", ["recorded", "reproduced"])):
        told = walk.json(f"kiseki model show {model} --documents published")
        assert [each["level"] for each in told["backing"]] == ["declared", *levels]
        name = f"{told['id']}.json"
        made = Manifest.from_json((walk.folder / "published" / name).read_text("utf-8"))
        weights.append([weight for rows in made.items.values() for _, weight in rows])
    by_file, by_hook = weights
    assert sorted(by_file) == [6] * 5 + [9] * 4, "repeats times epochs, for each picture"
    assert sum(by_hook) == 40 and len(by_hook) == 9 and max(by_hook) <= 5


def test_pay_by_influence(walk: Walk) -> None:
    """Promise 4: by weights that somebody chose, and one picture by a split of its own."""
    walk.page("influence")
    owed = {who: walk.json("kiseki revenue owed", who)["owed"] for who in (ARTIST, BUYER)}
    ether = [sum(int(each["amount"]) for each in rows) for rows in owed.values()]
    assert ether == [25 * 10**17, 39 * 10**17]


def test_keep_key_frames_in_a_vault(walk: Walk) -> None:
    """Promise 6: who is licensed gets the frames, nobody else does, and the artist sees it."""
    walk.page("vault")
    studio, licensee = walk.folder / "studio", walk.folder / "licensee"
    for n in (1, 2, 4, 5):
        frame = (studio / "frames" / f"cut-{n}.svg").read_bytes()
        assert (licensee / "again" / f"cut-{n}.svg").read_bytes() == frame
    objects = [each for each in studio.glob(".kiseki/objects/**/*") if each.is_file()]
    assert len(objects) == 4
    assert all(b"svg" not in each.read_bytes() for each in objects)
    had = walk.json("kiseki vault receipts http://localhost:8000", terminal="artist")["receipts"]
    assert [(each["who"], each["because"]) for each in had] == [(BUYER, "licence")] * 9
    (done,) = walk.json("kiseki vault erasures", terminal="studio")
    assert done["gone_from_backups"] >= done["gone_here"] and done["keys_left"] == []
    assert walk.json("kiseki vault audit", terminal="studio")["findings"] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_sets_nothing_that_only_the_tests_know(page: str) -> None:
    """Every variable that a box uses is set in one before it, and every page has its test."""
    known = {"HOME", "PWD"}
    for box in boxes((TUTORIALS / f"{page}.md").read_text("utf-8")):
        if box.language != "sh":
            continue
        known |= set(re.findall(r"(?:^|[\s;])(?:\$ )?(\w+)=", box.content))
        known |= set(re.findall(r"\bfor (\w+) in", box.content))
        used = set(re.findall(r"\$\{?([A-Za-z_]\w*)", box.content))
        assert used <= known, f"nothing says what {used - known} is"
    assert f'walk.page("{page}")' in Path(__file__).read_text("utf-8")


def test_what_a_page_shows_is_looked_for_word_by_word() -> None:
    """`…` stands for what differs from run to run, and for nothing else."""
    printed = "name     value\nA        1 of 0xab  \nB        2\n"
    for right in ("name value\nA 1 of …", "…\nB 2", "A 1 of 0xab\nB …", "name value\n…\nB 2"):
        assert shown(right).search(printed), right
    for wrong in ("A 1", "A 2 of …", "name value\nB 2", "B 2\nA 1 of 0xab", "ame value"):
        assert not shown(wrong).search(printed), wrong


def test_a_box_that_nothing_names_a_file_for_is_refused() -> None:
    with pytest.raises(AssertionError, match="nothing says"):
        list(boxes("Write:\n\n```csv\na,b\n```\n"))
    (box,) = boxes("Save this as `a.csv`:\n\n```csv\na,b\n```\n")
    assert box.place == "a.csv"


LISTEN = "import socket; s = socket.create_server(('127.0.0.1', 8545)); print('mine')"


def test_a_page_has_its_port_to_itself(programs: Programs, tmp_path: Path) -> None:
    """Pages are typed side by side, and a program that starts warm is in the page's network."""
    script = tmp_path / "listen.py"
    script.write_text(f"{LISTEN}; input()")
    with network() as first, network() as second:
        if first.holder is None:
            pytest.skip("this system gives no network of one's own")
        words = first.within(programs.script(script))
        with subprocess.Popen(words, stdin=PIPE, stdout=PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "mine\n"
            for at, code in ((first, 1), (second, 0)):
                again = at.within([sys.executable, "-c", LISTEN])
                assert subprocess.run(again, capture_output=True).returncode == code
            holder.communicate("\n")


def test_where_there_are_no_networks_pages_wait_for_one_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(networks, "WAYS", ())
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr(networks, "PORT", other.getsockname()[1])
        with pytest.raises(AssertionError, match="end it, and run the test again"), network():
            pass
    with network() as at, networks.lock_file().open("w") as lock:
        assert at.within(["kiseki"]) == ["kiseki"]
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
