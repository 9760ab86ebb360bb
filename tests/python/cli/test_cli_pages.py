"""Lists page by page: the pages are the list, and each names how to go on."""

from __future__ import annotations

from typing import Any

from .conftest import ARTIST, BUYER, FREE, Shell

Row = dict[str, Any]


def walked(shell: Shell, command: tuple[str, ...], cursor: str) -> list[Row]:
    """A list, one row at a time."""
    rows: list[Row] = []
    after: tuple[str, ...] = ()
    while page := shell.json(*command, "--most", "1", *after):
        assert len(page) == 1 and len(rows) < 10
        rows += page
        after = ("--after", str(page[0][cursor]))
        assert f"For the next rows: {' '.join(after)}" in shell.run(
            *command, "--most", "1", *(("--after", str(rows[-2][cursor])) if len(rows) > 1 else ())
        )
    assert "There are no more rows." in shell.run(*command, *after)
    return rows


def test_pages_of_a_list_are_the_list(shell: Shell) -> None:
    """Collections, models, batches, licences and statements."""
    artist, developer, creator = (("--account", f"test:{i}") for i in (1, 2, 3))
    made: dict[str, list[str]] = {"model": [], "batch": []}
    for i in range(2):
        (shell.folder / f"art{i}").mkdir()
        (shell.folder / f"art{i}" / "a.png").write_bytes(b"picture %d" % i)
        (shell.folder / f"{i}.safetensors").write_text(f"weights {i}")
        shell.files(f"frames{i}", i + 1)
        gate = ("--gate", "market", "--notice", "30d")
        art = shell.json(
            "data", "register", f"art{i}", "--uses", "train", "--royalty", "1%", *gate, *artist
        )["collections"][0]["collection"]
        base = ("--external", "0x" + "77" * 32)
        declared = ("model", "register", *FREE, f"{i}.safetensors", *base, *developer)
        model = shell.json(*declared)["model"]
        register = ("output", "register", f"frames{i}", "--model", model, *creator)
        made["model"].append(model)
        made["batch"].append(shell.json(*register)["batch"])
        offer = shell.json("market", "offer", "collection", art, "0", "--uses",
                           "ai_generative_training", "--lasts", "1d", *artist)["offer"]  # fmt: skip
        shell.run("market", "buy", offer, "--account", "test:4")
        (shell.folder / f"{i}.md").write_text(f"what is said {i}")
        shell.run("statements", "make", "model", made["model"][0], "audit", f"{i}.md", *artist)
    lists = {
        ("data", "list", ARTIST): "collection",
        ("model", "list", *developer): "model",
        ("output", "list", *creator): "batch",
        ("market", "licences", BUYER): "place",
        ("statements", "show", "model", made["model"][0]): "place",
    }
    for command, cursor in lists.items():
        whole = shell.json(*command)
        assert len(whole) == 2
        assert walked(shell, command, cursor) == whole
        assert "For the next rows" not in shell.run(*command)
        assert "--after" in shell.run(*command, "--after", "yesterday", code=2)
    strange = ("--after", "0x" + "11" * 32)
    assert "begin with the first page" in shell.run("data", "list", ARTIST, *strange, code=1)
