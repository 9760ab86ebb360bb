"""Who revokes sees which models rest on it; their developers are told, and answer."""

from __future__ import annotations

import email
import email.policy
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core.withdrawal import Answer

from .conftest import FREE, Shell

ARTIST, DEVELOPER, OTHER = (("--account", f"test:{i}") for i in (1, 2, 5))
ARTISTS, DEVELOPERS = (account_of(i).address for i in (1, 2))


class Scene:
    """A collection of three items, a model that used one of them, and a model made from that."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        shell.files("artwork")
        made = shell.json("data", "register", "artwork", *FREE, *ARTIST)
        self.collection: str = made["collections"][0]["collection"]
        shell.run("model", "manifest", "manifest.json", "artwork/0.svg", *DEVELOPER)
        self.base = self.model("base", "--manifest", "manifest.json", "--publish", "published")
        self.tuned = self.model("tuned", "--parent", self.base)
        shown = shell.json("data", "show", self.collection)["items"]
        self.items = {each["names"][0]: each["id"] for each in shown}

    def model(self, name: str, *more: str) -> str:
        (self.shell.folder / name).write_text(name)
        done = self.shell.json("model", "register", name, *FREE, *more, *DEVELOPER)
        found: str = done["model"]
        return found

    def listed(self, *more: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.shell.json("withdrawal", "list", *more, *DEVELOPER)
        return found


@pytest.fixture
def scene(shell: Shell) -> Scene:
    return Scene(shell)


def test_who_revokes_sees_the_models_before_and_after(scene: Scene, shell: Shell) -> None:
    """Promise 2: with their developers, through others too."""
    tried = " ".join(shell.run("data", "revoke", scene.collection, *ARTIST, "--dry-run").split())
    for each in (scene.base, scene.tuned, DEVELOPERS, "declares it", "through another model"):
        assert each in tried
    assert "They stay registered" in tried
    assert scene.listed() == shell.json("model", "show", scene.base)["withdrawals"] == []
    assert "No revocation touches a model" in shell.run("withdrawal", "list", *DEVELOPER)
    done = shell.json("data", "revoke", scene.collection, *ARTIST)
    assert [(e["model"], e["direct"]) for e in done["models"]] == [
        (scene.base, True), (scene.tuned, False),
    ]  # fmt: skip
    found = scene.listed()
    assert [(e["model"], e["direct"], e["kind"]) for e in found] == [
        (scene.base, True, "collection"), (scene.tuned, False, "collection"),
    ]  # fmt: skip
    assert all(e["withdrawn"] == scene.collection and e["provider"] == ARTISTS for e in found)
    assert found[0]["ends"] - found[0]["revoked"] == 30 * 86_400
    then = " ".join(shell.run("withdrawal", "list", *DEVELOPER).split())
    assert "Answer one: kiseki withdrawal answer MODEL ID ANSWER" in then
    words = ("withdrawal", "answer", scene.base, scene.collection, "acknowledged")
    shell.run(*words, "--dry-run", *DEVELOPER)
    for of in (("--provider", ARTISTS), ("--developer", DEVELOPERS)):
        assert shell.json("withdrawal", "list", *of) == found
    assert shell.json("withdrawal", "show", "collection", scene.collection) == found
    assert shell.json("withdrawal", "show", "model", scene.tuned) == found[1:]
    first, second = (
        shell.json("withdrawal", "list", *more, "--provider", ARTISTS, "--most", "1")
        for more in ((), ("--after", found[0]["cursor"]))
    )
    assert first + second == found
    assert "--developer and --provider" in shell.run(
        "withdrawal", "list", "--provider", ARTISTS, "--developer", ARTISTS, code=2
    )
    assert "not 'batch'" in shell.run("withdrawal", "show", "batch", scene.base, code=2)


def test_a_list_of_collections_says_how_developers_answered(scene: Scene, shell: Shell) -> None:
    """All of it is shown, to the artist too, in the list that an artist looks at."""
    (before,) = shell.json("data", "list", *ARTIST)
    assert before["answers"] == {} and "answers" not in shell.run("data", "list", *ARTIST)
    shell.run("data", "revoke", scene.collection, *ARTIST)
    (told,) = shell.json("data", "list", *ARTIST)
    assert told["answers"] == {"none": 2}
    shell.run("withdrawal", "answer", scene.base, scene.collection, "acknowledged", *DEVELOPER)
    promised = ("retrain", "--by", "2099-12-31", *DEVELOPER)
    shell.run("withdrawal", "answer", scene.tuned, scene.collection, *promised)
    (told,) = shell.json("data", "list", *ARTIST)
    assert told["answers"] == {"acknowledged": 1, "unread": 1}
    listed = " ".join(shell.run("data", "list", "--documents", "published", *ARTIST).split())
    assert "acknowledged: 1, retrain: 1" in listed
    (then,) = re.findall("answered: kiseki (withdrawal list --provider 0x[0-9a-fA-F]+)", listed)
    seen = " ".join(shell.run(*then.split(), "--documents", "published").split())
    assert "The developer promises a model without it by 2099-12-31." in seen


def test_whether_a_model_declares_an_item_its_published_manifest_says(
    scene: Scene, shell: Shell
) -> None:
    """It is unknown without; and a model made from one that declares it is told the same."""
    for name in ("0.svg", "1.svg"):
        told = shell.run("data", "revoke-item", f"artwork/{name}", *ARTIST)
        assert f"It is in the collection {scene.collection}" in " ".join(told.split())
        assert scene.base in told
    assert {each["declares"] for each in scene.listed()} == {"unknown"}
    found = scene.listed("--documents", "published")
    assert {(each["withdrawn"], each["model"]): each["declares"] for each in found} == {
        (scene.items["0.svg"], scene.base): "yes", (scene.items["0.svg"], scene.tuned): "yes",
        (scene.items["1.svg"], scene.base): "no", (scene.items["1.svg"], scene.tuned): "no",
    }  # fmt: skip
    manifest = shell.folder / "published" / f"{scene.base}.json"
    manifest.write_text(manifest.read_text().replace('"1"', '"2"'))
    assert {each["declares"] for each in scene.listed("--documents", "published")} == {"unknown"}
    one = shell.json("withdrawal", "show", "item", scene.items["1.svg"])
    assert {each["withdrawn"] for each in one} == {scene.items["1.svg"]}


def test_a_manifest_that_is_not_the_models_own_says_nothing(shell: Shell) -> None:
    """Whatever its developer states: the root on the chain is another."""
    scene = Scene(shell)
    shell.run("data", "revoke-item", "artwork/1.svg", *ARTIST)
    shell.run("model", "manifest", "published/other.json", "artwork/1.svg", *DEVELOPER)
    (shell.folder / "published" / f"{scene.base}.json").unlink()
    other = ("published/other.json", *DEVELOPER)
    shell.run("statements", "make", "model", scene.base, "manifest", *other)
    assert {each["declares"] for each in scene.listed("--documents", "published")} == {"unknown"}


def test_an_item_that_is_logged_nowhere_is_found_in_the_key_store(shell: Shell) -> None:
    shell.files("artwork")
    made = shell.json("data", "register", "artwork", *FREE, *ARTIST, "--no-publish")
    collection = made["collections"][0]["collection"]
    told = shell.run("data", "revoke-item", "artwork/0.svg", "--unpublished", *ARTIST)
    assert f"It is in the collection {collection}" in " ".join(told.split())


def test_an_ended_standing_consent_revokes_nothing(shell: Shell) -> None:
    shell.files("artwork")
    prepare = ("data", "standing", "prepare", ARTISTS, "a.json", "--per-month", "5", *FREE)
    shell.run(*prepare, *OTHER)
    shell.run("data", "standing", "sign", "a.json", *ARTIST)
    made = shell.json("data", "register", "artwork", "--under", "a.json", *OTHER)
    collection = made["collections"][0]["collection"]
    shell.run("model", "manifest", "m.json", "artwork", *OTHER)
    (shell.folder / "w").write_text("w")
    model = shell.json("model", "register", "w", "--manifest", "m.json", *FREE, *DEVELOPER)["model"]
    tried = " ".join(shell.run("data", "standing", "end", "a.json", *ARTIST, "--dry-run").split())
    assert f"The collection {collection} stays" in tried and model in tried
    done = shell.json("data", "standing", "end", "a.json", *ARTIST)
    assert [each["model"] for each in done["models"]] == [model]
    assert shell.json("withdrawal", "list", *DEVELOPER) == []


def test_a_developer_answers_and_everybody_sees_it(scene: Scene, shell: Shell) -> None:
    """The last answer counts, the others stay; what strangers state is no answer."""
    shell.run("data", "revoke", scene.collection, *ARTIST)
    answer = ("withdrawal", "answer", scene.base, scene.collection)
    told = shell.run("withdrawal", "list", *DEVELOPER)
    assert "has not answered" in " ".join(told.split())
    tried = shell.json(*answer, "acknowledged", *DEVELOPER, "--dry-run")
    assert tried["calls"]["Statements.state"]["times"] == 1
    assert len(list((shell.folder / "published").iterdir())) == 1, "the manifest alone"
    done = shell.json(*answer, "acknowledged", *DEVELOPER)
    written = Answer.from_json((shell.folder / done["file"]).read_bytes())
    assert f"0x{written.hash.hex()}" == done["document"]
    # Without day and reason there is one text, so the hash alone tells it.
    assert [e["answer"] for e in scene.listed()[0]["answers"]] == ["acknowledged"]
    assert scene.listed()[1]["answers"] == []
    by = "2200-01-31"
    shell.run(*answer, "retrain", "--by", by, "--reason", "次の版で除きます", *DEVELOPER)
    found = scene.listed("--documents", "published")[0]
    assert [(e["answer"], e["by"], e["reason"]) for e in found["answers"]] == [
        ("acknowledged", None, ""), ("retrain", by, "次の版で除きます"),
    ]  # fmt: skip
    assert (found["unread"], found["overdue"]) == (0, False)
    for kind, what in (("data", scene.collection), ("model", scene.base)):
        shown = shell.json(kind, "show", what, "--documents", "published")
        assert shown["withdrawals"][0] == found
        words = " ".join(shell.run(kind, "show", what, "--documents", "published").split())
        assert f"promises a model without it by {by}" in words
    unread = scene.listed()[0]
    assert (unread["unread"], len(unread["answers"])) == (1, 1)
    text = " ".join(shell.run("withdrawal", "list", "--documents", "published", *DEVELOPER).split())
    assert f"promises a model without it by {by}" in text and "次の版で除きます" in text
    # A stranger states the same document about the same model.
    (shell.folder / "forged.json").write_text(
        Answer(bytes.fromhex(scene.tuned[2:]), "collection", bytes.fromhex(scene.collection[2:]),
               found["revoked"], "kept").to_json()
    )  # fmt: skip
    shell.run("statements", "make", "model", scene.tuned, "withdrawal", "forged.json", *OTHER)
    assert scene.listed()[1]["answers"] == []
    (said,) = shell.json("statements", "show", "model", scene.tuned)
    assert said["sort"] == "withdrawal" and said["speaker"] == account_of(5).address.lower()


def test_an_answer_is_to_one_revocation_of_one_model(scene: Scene, shell: Shell) -> None:
    """A developer's word about another model, item or time is none to this."""
    shell.run("data", "revoke", scene.collection, *ARTIST)
    shell.run("data", "revoke-item", "artwork/1.svg", *ARTIST)
    whole, single = (each for each in scene.listed() if each["model"] == scene.base)
    shell.run("withdrawal", "answer", scene.base, single["withdrawn"], "kept", *DEVELOPER)
    right = {"model": scene.base, "withdrawn": whole["withdrawn"], "revoked": whole["revoked"]}
    for number, wrong in enumerate(({"model": scene.tuned}, {"revoked": whole["revoked"] + 1})):
        said = right | wrong
        made = Answer(bytes.fromhex(said["model"][2:]), "collection",
                      bytes.fromhex(said["withdrawn"][2:]), said["revoked"], "kept")  # fmt: skip
        (shell.folder / "published" / f"{number}.json").write_text(made.to_json())
        about = ("model", scene.base, "withdrawal", f"published/{number}.json")
        shell.run("statements", "make", *about, *DEVELOPER)
    found = {(e["model"], e["kind"]): e for e in scene.listed("--documents", "published")}
    assert [len(e["answers"]) for e in found.values()] == [0, 0, 1, 0]
    assert len(found[scene.base, "item"]["answers"]) == 1
    assert all(each["unread"] == 0 for each in found.values())


def test_who_has_no_ether_answers_in_a_letter(scene: Scene, shell: Shell) -> None:
    shell.run("data", "revoke", scene.collection, *ARTIST)
    answer = ("withdrawal", "answer", scene.base, scene.collection, "kept", "--sign", "kept.json")
    assert "about the subject" in " ".join(shell.run(*answer, *DEVELOPER).split())
    assert scene.listed()[0]["answers"] == []
    shell.run("statements", "send", "kept.json", *OTHER)
    assert [e["answer"] for e in scene.listed()[0]["answers"]] == ["kept"]


def test_a_promise_that_passed_is_told(scene: Scene, shell: Shell, k: LocalKiseki) -> None:
    """Until a model of this developer is registered that leaves the collection out."""
    shell.run("data", "revoke", scene.collection, *ARTIST)
    day = time.strftime("%Y-%m-%d", time.gmtime(k.session.now() + 5 * 86_400))
    answer = ("withdrawal", "answer", scene.base, scene.collection)
    shell.run(*answer, "retrain", "--by", day, *DEVELOPER)
    assert scene.listed("--documents", "published")[0]["overdue"] is False
    shell.run("local", "wait", "7d")
    shell.run("local", "ether", ARTISTS, "1")
    found = scene.listed("--documents", "published")[0]
    assert (found["overdue"], found["without"]) == (True, None)
    told = shell.run("withdrawal", "list", "--documents", "published", *DEVELOPER)
    assert "The day has passed" in " ".join(told.split())
    assert "has passed already" in shell.run(*answer, "retrain", "--by", day, *DEVELOPER, code=2)
    new = scene.model("new", "--external", "unknown")
    found = scene.listed("--documents", "published")[0]
    assert (found["overdue"], found["without"]) == (False, new)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("maybe",), "an answer is"), (("retrain",), "names a day"),
        (("kept", "--by", "2200-01-01"), "names a day"), (("kept", "--reason", "a\nb"), "one line"),
        (("retrain", "--by", "soon"), "--by is a day"),
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_refused(
    scene: Scene, shell: Shell, words: tuple[str, ...], why: str
) -> None:
    shell.run("data", "revoke", scene.collection, *ARTIST)
    answer = ("withdrawal", "answer", scene.base, scene.collection)
    assert why in shell.run(*answer, *words, *DEVELOPER, code=2)


def test_only_the_developer_answers_and_only_what_happened(scene: Scene, shell: Shell) -> None:
    answer = ("withdrawal", "answer", scene.base, scene.collection, "acknowledged")
    assert "nothing on the chain says" in shell.run(*answer, *DEVELOPER, code=2)
    shell.run("data", "revoke", scene.collection, *ARTIST)
    assert "only its developer" in shell.run(*answer, *OTHER, code=2)
    nothing = ("withdrawal", "answer", "0x" + "77" * 32, scene.collection, "acknowledged")
    assert "no model" in shell.run(*nothing, *DEVELOPER, code=1)


# Letters by e-mail


def test_letters_name_what_happened_and_are_written_once(scene: Scene, shell: Shell) -> None:
    shell.run("data", "revoke", scene.collection, *ARTIST)
    (shell.folder / "contacts.csv").write_text(f"wallet,email\n{DEVELOPERS},dev@models.example\n")
    mail = ("withdrawal", "mail", "letters", "contacts.csv", "--from", "rights@studio.example",
            "--provider", ARTISTS)  # fmt: skip
    done = shell.json(*mail)
    (path,) = (shell.folder / each for each in done["files"])
    raw = path.read_bytes()
    assert b"\n" not in raw.replace(b"\r\n", b""), "RFC 5322 ends lines with CRLF"
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    assert (letter["to"], letter["from"]) == ("dev@models.example", "rights@studio.example")
    assert letter["message-id"] and letter["date"]
    assert len(letter.get_all("Kiseki-Withdrawal") or ()) == 2
    text = " ".join(letter.get_content().split())
    for each in (scene.collection, scene.base, scene.tuned, ARTISTS, "through another model"):
        assert each in text
    assert path.stat().st_mode & 0o777 == 0o600
    path.rename(path.parent / "sent.eml")
    again = shell.json(*mail)
    assert (again["files"], again["told_before"]) == ([], 2)
    shell.run("data", "revoke-item", "artwork/0.svg", *ARTIST)
    (new,) = shell.json(*mail, "--language", "ja", "--documents", "published")["files"]
    said = email.message_from_bytes((shell.folder / new).read_bytes(), policy=email.policy.default)
    assert scene.items["0.svg"] in said.get_content()
    assert "目録" in said.get_content()


def test_a_developer_without_an_address_is_named(scene: Scene, shell: Shell) -> None:
    shell.run("data", "revoke", scene.collection, *ARTIST)
    mail = ("withdrawal", "mail", "letters", "contacts.csv", "--from", "rights@studio.example")
    (shell.folder / "contacts.csv").write_text("wallet,email\n")
    assert DEVELOPERS in shell.run(*mail, *DEVELOPER, code=3)
    assert not (shell.folder / "letters").exists()
    for row, why in (
        ("0x12,a@b.example", "an address of a wallet"), (f"{ARTISTS},nobody", "for e-mail"),
        (f'{ARTISTS},"a@b.example\nBcc: c@d.example"', "for e-mail"),
        (f"{ARTISTS},a@b.example\n{ARTISTS.lower()},c@d.example", "no row above"),
    ):  # fmt: skip
        (shell.folder / "contacts.csv").write_text(f"wallet,email\n{row}\n")
        assert why in " ".join(shell.run(*mail, *DEVELOPER, code=2).split())
    (shell.folder / "contacts.csv").write_text("wallet,email\n")
    wrong = ("withdrawal", "mail", "l", "contacts.csv", "--from", "me\n@x", *DEVELOPER)
    assert "--from is no address" in shell.run(*wrong, code=2)


# Posting


class Server:
    """A server that says what a test tells it to, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.paths: list[str] = []
        self.answers: list[int | str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.paths.append(self.path)
                answer = outer.answers.pop(0) if outer.answers else 200
                if answer == "hang":
                    time.sleep(3)
                    return
                if answer == "drip":
                    for each in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60:
                        self.wfile.write(bytes([each]))
                        time.sleep(0.05)
                    return
                if answer == "nonsense":
                    self.wfile.write(b"hello\r\n\r\n")
                    return
                outer.got.append((self.headers["Idempotency-Key"], json.loads(body)))
                self.send_response(int(answer))
                if answer in (301, 307, 308):
                    self.send_header("Location", f"http://127.0.0.1:{outer.port}/elsewhere")
                if answer == 429:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook?token=secret"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_each_withdrawal_is_posted_once_that_the_server_took(
    scene: Scene, shell: Shell, server: Server
) -> None:
    shell.run("data", "revoke", scene.collection, *ARTIST)
    post = ("withdrawal", "post", server.url, *DEVELOPER)
    tried = shell.json(*post, "--dry-run")
    assert (tried["posted"], len(tried["withdrawals"]), server.paths) == (False, 2, [])
    shown = shell.run(*post, "--dry-run")
    assert scene.base in shown and "secret" not in shown
    assert "add --yes" in shell.run(*post, "--no-yes", code=2)
    done = shell.json(*post)
    assert (len(done["delivered"]), done["failed"], done["waiting"]) == (2, {}, [])
    assert server.paths == ["/hook?token=secret"] * 2
    for key, body in server.got:
        assert key == f'"{body["name"]}"' and body["format"] == "kiseki-withdrawal-word-v1"
    assert [body for _, body in server.got] == tried["withdrawals"]
    assert shell.json(*post)["delivered"] == [] and len(server.got) == 2
    record = (shell.folder / "home" / ".kiseki" / "posted.sqlite").read_bytes()
    assert b"secret" not in record


@pytest.mark.parametrize(
    ("answers", "code", "delivered"),
    [
        ([500, 503, 200, 200], 0, 2), ([429, 200, 200], 0, 2), ([404, 200], 3, 1),
        (["hang", 200, 200], 0, 2), (["drip", 200, 200], 0, 2), (["nonsense", 200, 200], 0, 2),
        ([307, 301], 1, 0), ([500] * 9, 1, 0), ([500, 500, 500, 200], 3, 1),
    ],
)  # fmt: skip
def test_a_server_that_misbehaves_loses_nothing(
    scene: Scene, shell: Shell, server: Server, answers: list[int | str], code: int, delivered: int
) -> None:
    """Tried again where that may help; a redirect is not followed; the next run delivers the
    rest."""
    shell.run("data", "revoke", scene.collection, *ARTIST)
    server.answers = list(answers)
    post = ("withdrawal", "post", server.url, "--seconds", "1", "--tries", "3", *DEVELOPER)
    done = shell.json(*post, code=code)
    assert len(done["delivered"]) == delivered
    assert len(done["failed"]) == 2 - delivered
    assert "/elsewhere" not in server.paths
    server.answers = []
    assert len(shell.json(*post)["delivered"]) == 2 - delivered
    assert {body["model"] for _, body in server.got} == {scene.base, scene.tuned}


def test_a_run_that_is_killed_goes_on_with_what_is_missing(
    scene: Scene, shell: Shell, server: Server
) -> None:
    """At least once: what the server took, and nobody wrote down, comes again by the same name."""
    real = Shell(shell.folder, shell.url)
    for name in ("0.svg", "1.svg", "2.svg"):
        shell.run("data", "revoke-item", f"artwork/{name}", *ARTIST)
    server.answers = [200, 200, "hang"]
    process = real.start("withdrawal", "post", server.url, *DEVELOPER)
    waited = time.monotonic()
    while len(server.paths) < 3 and time.monotonic() - waited < 60:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert len(server.paths) == 3
    done = shell.json("withdrawal", "post", server.url, *DEVELOPER)
    assert len(done["delivered"]) == 4
    assert len({body["name"] for _, body in server.got}) == 6
    assert not any(shell.json("withdrawal", "post", server.url, *DEVELOPER)["delivered"])


def test_a_server_that_is_away_is_not_asked_for_ever(
    scene: Scene, shell: Shell, server: Server
) -> None:
    for name in ("0.svg", "1.svg", "2.svg"):
        shell.run("data", "revoke-item", f"artwork/{name}", *ARTIST)
    server.close()
    done = shell.json("withdrawal", "post", server.url, "--tries", "1", *DEVELOPER, code=1)
    assert (len(done["failed"]), len(done["waiting"])) == (3, 3)
    assert all("cannot be reached" in why and "secret" not in why
               for why in done["failed"].values())  # fmt: skip


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "a.example", "https://", "https://me:pw@a.example/", "https://a b/",
            "https://a.example/\r\nX: y", "http://[::1"]
)  # fmt: skip
def test_only_a_web_address_is_posted_to(shell: Shell, url: str) -> None:
    assert "URL" in shell.run("withdrawal", "post", url, *DEVELOPER, code=2)
