"""The address book: private, whole or not at all, and a name means one person or nobody (13)."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kiseki.errors import InvalidInput, SecretsError
from kiseki.vault import people
from kiseki.vault.people import People, Person, is_name, rows

ALICE, BOB = "0x" + "a1" * 20, "0x" + "b0" * 20
NOBODY_YET = f"{BOB}:0x{'5e' * 32}"
HANAKO = Person("山田花子", ALICE, pen="はなこ", role="key animation")


@pytest.fixture
def book(tmp_path: Path) -> People:
    return People(tmp_path / "home" / "people.json")


def test_what_is_added_is_there_and_for_its_owner_only(book: People) -> None:
    assert book.all() == []
    assert book.add([HANAKO, Person("Bob", NOBODY_YET)]) == 2
    assert book.add([HANAKO]) == 0
    assert People(book.path).all() == [HANAKO, Person("Bob", NOBODY_YET)]
    assert (book.account("山田花子"), book.account("bob")) == (ALICE, NOBODY_YET)
    assert [each.stat().st_mode & 0o077 for each in book.path.parent.iterdir()] == [0, 0]
    book.path.chmod(0o640)
    with pytest.raises(SecretsError, match=r"others can read the address book .*mode 0640"):
        book.all()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (unicodedata.normalize("NFD", "がくと"), "がくと"),
        (unicodedata.normalize("NFD", "José"), "José"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("Ｙａｍａｄａ", "yamada"),
        ("YAMADA  Hanako ", "Yamada Hanako"),
        ("山田 花子", "山田花子"),
        ("山田\u3000花子", "山田花子"),
        ("山\u200b田花子", "山田花子"),
        ("Straße", "STRASSE"),
        ("はなこ", "はなこ"),
    ],
)
def test_a_name_is_the_same_in_every_form(book: People, written: str, meant: str) -> None:
    book.add([Person("somebody", BOB), Person("nobody", ALICE, pen=meant)])
    assert book.account(written) == ALICE
    assert [each.name for each in book.find(written)] == ["nobody"]


@pytest.mark.parametrize("other", ["髙橋", "Ann Alee", "高 橋子"])
def test_names_that_are_others_stay_others(book: People, other: str) -> None:
    book.add([Person("高橋", ALICE), Person("Anna Lee", ALICE)])
    with pytest.raises(LookupError):
        book.account(other)


def test_two_people_with_one_name_are_nobody_until_it_is_said_who(book: People) -> None:
    other = Person("山田\u3000花子", BOB, pen="hana")
    book.add([HANAKO, other])
    with pytest.raises(InvalidInput, match=r"can be 山田花子 \(はなこ\), 0x.* or 山田 花子 \("):
        book.account("山田花子")
    with pytest.raises(InvalidInput, match="write the pen name"):
        book.remove("山田花子")
    assert (book.account("hana"), book.account("はなこ")) == (BOB, ALICE)
    assert book.remove("hana") == other
    assert book.account("山田花子") == ALICE
    with pytest.raises(LookupError):
        book.remove("hana")


def test_nobody_is_changed_by_the_way(book: People) -> None:
    book.add([HANAKO])
    changed = Person("山田花子", BOB, pen="はなこ")
    with pytest.raises(InvalidInput, match="in the address book already; add --replace"):
        book.add([Person("New", ALICE), changed])
    assert book.all() == [HANAKO]
    book.add([changed], replace=True)
    assert book.all() == [changed]


@pytest.mark.parametrize("replace", [False, True])
def test_of_two_people_of_one_name_none_is_taken_for_the_other(book: People, replace: bool) -> None:
    """The last row of a table won, and was paid for both."""
    with pytest.raises(InvalidInput, match="are two people of one name; tell them apart"):
        book.add([Person("山田花子", ALICE), Person("山田 花子", BOB)], replace=replace)
    assert not book.all()
    book.add([HANAKO, HANAKO], replace=replace)
    assert book.all() == [HANAKO]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "a person has a name"),
        ("0x12", "cannot be told from an address"),
        ("team.json", "cannot be told"),
        ("a:b", "cannot be told"),
        ("A=5", "cannot be told"),
        ("12" * 32, "cannot be told"),
        ("7099" * 10, "cannot be told"),
        ("\x1b[31mred", "one short line"),
        ("\u3000", "a person has a name"),
    ],
)
def test_a_name_that_could_be_something_else_is_refused(name: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        Person(name, ALICE)


@pytest.mark.parametrize(
    "account", ["0x12", ALICE[:-1] + "A" + "0", f"{ALICE}:0x12", f"{ALICE}:0x{'00' * 32}", "Bob"]
)
def test_an_account_is_a_wallet_or_an_identity(account: str) -> None:
    with pytest.raises(InvalidInput):
        Person("Alice", account)


def test_what_is_no_name_stays_as_it_is(book: People) -> None:
    for text in (ALICE, NOBODY_YET, "team.json", "12" * 32, "0x1", ""):
        assert not is_name(text)
        assert book.resolve(text) == text
    with pytest.raises(InvalidInput, match="'Nobody' is no address, and nobody in the address"):
        book.resolve("Nobody")


def test_people_come_from_tables(tmp_path: Path, book: People) -> None:
    path = tmp_path / "staff.csv"
    path.write_text(
        f"Name;Pen Name;wallet;IDENTITY;Role\n山田花子;はなこ;{ALICE};;key animation\n"
        f"Bob;;;{NOBODY_YET};\n"
    )
    assert book.add(rows(path)) == 2
    assert book.all() == [HANAKO, Person("Bob", NOBODY_YET)]
    for line, why in (
        (f"Bob;;{ALICE};{NOBODY_YET};", "row 2: say one of wallet and identity"),
        ("Bob;;;;", "row 2: say one of wallet and identity"),
        ("Bob;;0x12;;", "row 2, column wallet: the wallet must be an address"),
        (f"0xBob;;{ALICE};;", "row 2, column name: '0xBob' cannot be told"),
    ):
        path.write_text(f"name;pen name;wallet;identity;role\n{line}\n")
        with pytest.raises(InvalidInput, match=why):
            book.add(rows(path), replace=True)
    assert len(book.all()) == 2


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", '{"format":"kiseki-people-v1","people":[{"name":"x"}]}', "{", "\0",
        '{"format":"kiseki-people-v1","people":{}}',
    ],
)  # fmt: skip
def test_a_damaged_book_is_never_an_empty_one(book: People, content: str) -> None:
    book.add([HANAKO])
    book.path.write_text(content)
    for act in (book.all, lambda: book.add([HANAKO]), lambda: book.remove("x")):
        with pytest.raises(SecretsError, match="cannot be read"):
            act()
    assert book.path.read_text() == content


def test_many_may_write_at_a_time(book: People) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = pool.map(lambda n: People(book.path).add([Person(f"artist {n}", ALICE)]), range(40))
        assert sum(done) == 40
    assert len(book.all()) == 40
    assert people.is_name("artist 1")
