"""Notes, checkpoints and cosignatures are those of C2SP, and nothing else passes for one."""

import subprocess
import sys
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.almost import unhurried

from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.cosigning import Cosigner, CosignerKey, key_of, time_of
from kiseki.vault.log.notes import Note, Signature, Signer, VerifierKey, sign, verified
from kiseki.vault.log.tree import EMPTY

from . import logs

# C2SP signed-note, "Verifier keys", "Example".
KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""  # noqa: E501

# C2SP signed-note, at its beginning: a text with an empty line in it.
QUASIMODO = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""  # noqa: E501

# C2SP tlog-cosignature: a checkpoint with a cosignature at the time 1679315147.
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501

WITNESS = Cosigner("witness.example.com/w1", bytes(range(1, 33)))


def test_the_example_of_a_note_verifies_with_the_example_of_a_key() -> None:
    note, key = Note.from_bytes(NOTE.encode()), VerifierKey.from_text(KEY)
    assert note.text == "This is an example message.\n"
    assert key.text == KEY
    assert verified(note, [key]) == note.signatures
    assert note.to_bytes() == NOTE.encode()
    with pytest.raises(ProofError, match="not of this text"):
        verified(Note("This is another message.\n", note.signatures), [key])


@pytest.mark.parametrize("text", [NOTE, QUASIMODO, SOFA])
def test_examples_are_read_and_written_again(text: str) -> None:
    assert Note.from_bytes(text.encode()).to_bytes() == text.encode()


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = Note.from_bytes(QUASIMODO.encode())
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    (one,) = note.signatures
    assert (one.name, one.id.hex()) == ("quasimodo.example/salvatore", "367ba04b")


def test_the_example_of_a_cosignature_is_read_as_its_text_says() -> None:
    """Its key is not in the document; the time, the IDs and the checkpoint are."""
    note = Note.from_bytes(SOFA.encode())
    found = Checkpoint.from_text(note.text)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert found.text == note.text
    log, witness = note.signatures
    assert (len(log.value), len(witness.value)) == (64, 72)
    assert time_of(witness) == 1_679_315_147
    with pytest.raises(InvalidInput, match="72 bytes, not 64"):
        time_of(log)


def test_a_cosignature_is_over_the_lines_that_the_specification_writes() -> None:
    text = Note.from_bytes(SOFA.encode()).text
    made = WITNESS.cosign(text, 1_679_315_147)
    plain = Signer(WITNESS.key.name, bytes(range(1, 33)))
    lines = f"cosignature/v1\ntime 1679315147\n{text}"
    assert made.value == (1_679_315_147).to_bytes(8, "big") + plain.sign(lines).value
    assert WITNESS.key.holds(text, made.value)
    for changed in (
        made.value[:-1],
        made.value + b"\0",
        bytes(8) + made.value[8:],
        b"\xff" + made.value[1:],
        plain.sign(text).value,
        b"",
    ):
        assert not WITNESS.key.holds(text, changed)
    head = f"{WITNESS.key.name}\n".encode() + b"\x04" + WITNESS.key.public
    assert WITNESS.key.id == sha256(head).digest()[:4]
    assert plain.key.id != WITNESS.key.id
    late = plain.sign(lines.replace("1679315147", str(2**63))).value
    assert not WITNESS.key.holds(text, (2**63).to_bytes(8, "big") + late)
    for time in (0, -1, 2**63):
        with pytest.raises(InvalidInput):
            WITNESS.cosign(text, time)
    with pytest.raises(InvalidInput):
        WITNESS.cosign("no checkpoint\n", 1)


def test_unknown_keys_are_passed_over_and_a_wrong_known_one_is_not() -> None:
    """Also a stranger with a known name, or with a known ID."""
    stranger = Signature(logs.ORIGIN, b"\0\0\0\0", b"x" * 64)
    namesake = Signature("example.com/other", logs.SIGNER.key.id, b"x" * 64)
    note = sign("hello\n", logs.SIGNER)
    mixed = Note(note.text, (stranger, *note.signatures, namesake))
    assert verified(mixed, [logs.SIGNER.key]) == note.signatures
    with pytest.raises(ProofError, match="no key that is known"):
        verified(Note(note.text, (stranger, namesake)), [logs.SIGNER.key])
    with pytest.raises(ProofError, match="no key that is known"):
        verified(mixed, [])
    wrong = Signature(logs.ORIGIN, logs.SIGNER.key.id, b"x" * 64)
    with pytest.raises(ProofError, match="not of this text"):
        verified(Note(note.text, (*note.signatures, wrong)), [logs.SIGNER.key])
    with pytest.raises(InvalidInput, match="two keys"):
        verified(note, [logs.SIGNER.key, Collides()])


def test_a_signature_that_is_there_is_not_added_again() -> None:
    note = sign("hello\n", logs.SIGNER)
    other = Signer("other", bytes(32)).sign("hello\n")
    more = note.adding([other, *note.signatures, other])
    assert more.signatures == (*note.signatures, other)


class Collides:
    """A key with the name and ID of another, as somebody can compute one."""

    name, id = logs.ORIGIN, logs.SIGNER.key.id

    def holds(self, text: str, value: bytes) -> bool:
        return True


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\n",
        b"hello\n\n",
        b"hello\n\n\n",
        b"\xff\n\n" + "— a AAAAAAA=\n".encode(),
        NOTE[:-1].encode(),
        NOTE[:-1].encode() + b"x",
        NOTE.replace("\n\n", "\n").encode(),
        NOTE.replace("message", "mess\tage").encode(),
        NOTE.replace("message", "mess\0age").encode(),
        NOTE.replace("\n", "\r\n").encode(),
        NOTE.replace("—", "-").encode(),
        NOTE.replace("— ", "—").encode(),
        NOTE.replace("/foo ", "/f+o ").encode(),
        NOTE.replace("/foo ", "/f\u3000o ").encode(),
        NOTE.replace("/foo ", "/foo  ").encode(),
        NOTE.replace("example.com/foo ", "").encode(),
        NOTE.replace("example.com/foo ", " ").encode(),
        NOTE.replace("aQM=", "aQM").encode(),
        NOTE.replace("aQM=", "aQN=").encode(),
        NOTE.replace("aQM=", "aQM=\n").encode(),
        "a\n\n— a AAAAAA==\n".encode(),
        b"x" * 1_000_000 + NOTE.encode(),
        b"hello\n\n" + "— a AAAAAAA=\n".encode() * 101,
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        Note.from_bytes(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        KEY.replace("530d903a", "530d903b"),
        KEY.replace("530d903a", "530D903A"),
        KEY.replace("530d903a", "530d903"),
        KEY.replace("example.com/foo", ""),
        KEY.replace("example.com/foo", "example .com"),
        KEY[:-4],
        KEY.replace("AekyeRrm", "AukyeRrm"),
        KEY.rpartition("+")[0] + "+",
        KEY + "+",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        key_of(text)


def test_keys_of_both_kinds_are_read() -> None:
    assert key_of(KEY) == VerifierKey.from_text(KEY)
    assert key_of(WITNESS.key.text) == WITNESS.key == CosignerKey.from_text(WITNESS.key.text)
    for kind, text in ((CosignerKey, KEY), (VerifierKey, WITNESS.key.text)):
        with pytest.raises(InvalidInput, match="cannot be used here"):
            kind.from_text(text)


def test_no_private_key_is_shown() -> None:
    for who in (logs.SIGNER, WITNESS):
        assert bytes(range(1, 9)).hex() not in repr(who)
        assert repr(bytes(range(1, 9)))[2:-1] not in repr(who)
    with pytest.raises(InvalidInput) as caught:
        Signer("a", b"secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n01\n" + SOFA.split("\n")[2] + "\n",
        "a\n+1\n" + SOFA.split("\n")[2] + "\n",
        "a\n１\n" + SOFA.split("\n")[2] + "\n",
        "a\n9223372036854775808\n" + SOFA.split("\n")[2] + "\n",
        "a\n1\nAAAA\n",
        "a\n1\n" + SOFA.split("\n")[2] + "\n\n",
        "a\n1\n" + SOFA.split("\n")[2] + "\nb",
        "a\n1\n" + SOFA.split("\n")[2] + "\n\nb\n",
        "\n1\n" + SOFA.split("\n")[2] + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Checkpoint.from_text(text)


@unhurried
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), max_size=3),
)
@example(" a ", 0, bytes(32), ["\u3000"])
def test_a_checkpoint_is_read_as_it_was_written(
    origin: str, size: int, root: bytes, more: list[str]
) -> None:
    made = Checkpoint(origin, size, root, tuple(more))
    assert Checkpoint.from_text(made.text) == made
    note = Note.from_bytes(sign(made.text, logs.SIGNER).to_bytes())
    assert opened(note, origin, [logs.SIGNER.key]) == made
    with pytest.raises(ProofError, match="not of"):
        opened(note, origin + "x", [logs.SIGNER.key])


def test_values_that_cannot_be_written_are_refused() -> None:
    for origin, more in (("", ()), ("a\nb", ()), ("a", ("",)), ("a\ud800", ()), ("a\t", ())):
        with pytest.raises(InvalidInput):
            Checkpoint(origin, 0, EMPTY, more)
    for text in ("no end", "a\ud800\n", "a\tb\n"):
        with pytest.raises(InvalidInput):
            sign(text, logs.SIGNER)
    with pytest.raises(InvalidInput):
        sign("nobody signs\n")
    with pytest.raises(InvalidInput):
        VerifierKey("a\ud800", bytes(32))


def test_cryptography_is_imported_when_a_signature_is_made_or_checked() -> None:
    program = (
        "import sys; from kiseki.vault.log import log, monitor, proofs, tiles, witness;"
        "assert 'cryptography' not in sys.modules;"
        "log.Signer('a', bytes(32)).sign('a\\n'); assert 'cryptography' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
