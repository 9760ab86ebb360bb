"""One reader of settings for the command line, scripts and `settings()`."""

import re
from pathlib import Path

import pytest

from kiseki import LocalKiseki, settings
from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.signer import LocalSigner
from kiseki.client.settings import SETTINGS
from kiseki.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[3]
KEY = "0x" + "4d" * 32
GIVEN = {"KISEKI_PRIVATE_KEY": KEY}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with nothing set."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_names_exactly_what_there_is() -> None:
    said = (ROOT / ".env.example").read_text("utf-8")
    assert sorted(re.findall("^#?([A-Za-z_]+)=", said, re.MULTILINE)) == sorted(SETTINGS)


def test_the_dotenv_of_the_folder_is_read_and_the_environment_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text(
        f"\ufeffKISEKI_PRIVATE_KEY={KEY}\r\nexport KISEKI_TIP='2.5 '\nKISEKI_MAX_FEE=30 # gwei\n"
        "KISEKI_CONFIRMATIONS=finalized\nKISEKI_SECRETS=mine\nOTHER=1\n", "utf-8"
    )  # fmt: skip
    monkeypatch.setenv("KISEKI_SECRETS", "theirs")
    monkeypatch.setenv("KISEKI_TIP", "")
    found = settings()
    assert (found["key"], found["secrets"]) == (KEY, Path("theirs"))
    assert (found["url"], found["chain_id"]) == ("http://127.0.0.1:8545", None)
    kept = found["policy"]
    assert (kept.tip, kept.max_fee, kept.finality) == (2_500_000_000, 30 * 10**9, "finalized")


def test_networks_are_those_of_the_command_line(folder: Path) -> None:
    own = folder / "networks.toml"
    own.write_text('[mine]\nchain = 5\nnodes = ["http://mine.example"]\nfinality = "safe"\n')
    found = settings(GIVEN | {"KISEKI_NETWORK": "mine", "KISEKI_NETWORKS": str(own)})
    assert (found["url"], found["chain_id"]) == ("http://mine.example", 5)
    assert found["policy"].finality == "safe"
    amoy = settings(GIVEN | {"KISEKI_NETWORK": "polygon-amoy", "KISEKI_RPC_URL": "http://x"})
    assert (amoy["url"], amoy["chain_id"]) == ("http://x", 80_002)
    assert amoy["policy"].least_tip == 25 * 10**9
    with pytest.raises(InvalidInput, match="there is no network 'nowhere'"):
        settings(GIVEN | {"KISEKI_NETWORK": "nowhere"})
    with pytest.raises(InvalidInput, match="KISEKI_CHAIN_ID is 1; leave one of them out"):
        settings(GIVEN | {"KISEKI_NETWORK": "sepolia", "KISEKI_CHAIN_ID": "1"})


def test_without_a_wallet_or_a_chain_the_node_is_asked(k: LocalKiseki) -> None:
    """`KISEKI_ACCOUNT=test:0` says all that is needed on chain 31337."""
    for named, number in (({}, 0), ({"KISEKI_ACCOUNT": "test:3"}, 3)):
        signer = settings({"KISEKI_RPC_URL": k.url} | named)["key"]
        assert isinstance(signer, LocalSigner)
        assert signer.address == local_account(number).address


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("CHAIN_ID", "0", "a number, as 31337"),
        ("CHAIN_ID", "mainnet", "a number, as 31337"),
        ("MAX_FEE", "0", "a number of gwei"),
        ("MAX_FEE", "30 gwei", "a number of gwei"),
        ("TIP", "2,5", "a number of gwei"),
        ("CONFIRMATIONS", "final", "a number of blocks from 1"),
        ("CONFIRMATIONS", "0", "a number of blocks from 1"),
        ("CONFIRMATIONS", "1.5", "a number of blocks from 1"),
        ("JOURNAL", "~nobody-of-this-name/x", "the path of a file"),
        # A key store was made in a folder of that name, with new salts, and nobody was told.
        ("SECRETS", '"~/.kiseki/secrets"', "the path of a file"),
        ("SECRETS", "“secrets”", "the path of a file"),
        ("SECRETS", "$HOME/.kiseki/secrets", "the path of a file"),
        ("SECRETS", "${HOME}/secrets", "the path of a file"),
        ("SECRETS", "%USERPROFILE%/secrets", "the path of a file"),
        ("SECRETS", "secrets\u200b", "the path of a file"),
        ("KEYSTORES", "a\nb", "the path of a folder"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused(name: str, value: str, takes: str) -> None:
    with pytest.raises(InvalidInput, match=f"KISEKI_{name} must be {takes}"):
        settings(GIVEN | {f"KISEKI_{name}": value})


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("KISEKI_MAXFEE", "MAX_FEE"),
        ("kiseki_tip", "TIP"),
        ("KISEKI_PRIVATEKEY", "PRIVATE_KEY"),
        ("KISEKI-TIP", "TIP"),
        ("KISEKITIP", "TIP"),
        ("\u200bKISEKI_TIP", "TIP"),
        ("ＫＩＳＥＫＩ_TIP", ""),
    ],
)
def test_a_misspelt_variable_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, near: str
) -> None:
    (folder / ".env").write_text(f"{wrong}={KEY}\n")
    with pytest.raises(InvalidInput, match=f"{wrong} means nothing.*{near}") as told:
        settings()
    assert KEY not in str(told.value)
    with pytest.raises(InvalidInput, match=f"{wrong} means nothing"):
        settings(GIVEN | {wrong: "1"})
    (folder / ".env").unlink()
    monkeypatch.setenv(wrong, "1")
    with pytest.raises(InvalidInput, match=f"{wrong} means nothing"):
        settings()


def test_a_line_that_sets_nothing_is_refused(folder: Path) -> None:
    (folder / ".env").write_text(f"# mine\n\nKISEKI_TIP=1\nKISEKI_PRIVATE_KEY {KEY}\n")
    with pytest.raises(InvalidInput, match="line 4: this is not NAME=value") as told:
        settings()
    assert KEY not in str(told.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("KISEKI_NETWORK\n", "line 1: this is not NAME=value"),
        ("KISEKI_TIP=1\n\nKISEKI_TIP=2\n", "line 3: KISEKI_TIP is in line 1 too; leave one out"),
        (
            "KISEKI_SECRETS=${NOWHERE}/secrets\n",
            "line 1: KISEKI_SECRETS needs NOWHERE, which is not",
        ),
        ("KISEKI_RPC_URL=http://x/${LATER}\nLATER=1\n", "line 1: KISEKI_RPC_URL needs LATER"),
    ],
)
def test_a_line_that_would_count_otherwise_than_it_reads_is_refused(
    folder: Path, content: str, said: str
) -> None:
    (folder / ".env").write_text(content)
    with pytest.raises(InvalidInput, match=said):
        settings()


def test_a_line_may_hold_what_another_line_or_the_environment_sets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACE", "mine")
    (folder / ".env").write_text(
        f"KEY=abc\nKISEKI_RPC_URL=http://x/${{KEY}}/${{NONE:-y}}\nKISEKI_SECRETS=${{PLACE}}/s\n"
        f"KISEKI_PRIVATE_KEY={KEY}\nKISEKI_CHAIN_ID=5\n"
    )
    found = settings()
    assert (found["url"], found["secrets"]) == ("http://x/abc/y", Path("mine/s"))
