"""A folder of drawings that a producer brings, as the script of the studio's page sends it."""

from __future__ import annotations

import re
from typing import Any

from starlette.testclient import TestClient

__all__ = ["FOLDER", "FORM", "POSTS", "Files", "announced", "bring", "press", "send"]

POSTS = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}

Files = dict[str, bytes]

FOLDER: Files = {
    "list.csv": "file,artist\na/0.svg,山田 花子\na/1.svg,Sato Ken\n".encode(),
    "a/0.svg": b"<svg>0</svg>", "a/1.svg": b"<svg>1</svg>",
}  # fmt: skip
FORM = {
    "studio": "Studio Kaze", "licence": "royalty", "governs": "ja", "royalty": "20%",
    "notice": "30", "days": "30",
}  # fmt: skip


def announced(files: Files, **more: Any) -> dict[str, Any]:
    named = [[f"cuts/{path}", len(data), 5] for path, data in files.items()]
    return FORM | {"files": named} | more


def bring(producer: TestClient, files: Files, **more: Any) -> str:
    """Sends a folder as the script does; the address of the page that shows it."""
    told = producer.post("/studio/invite", json=announced(files, **more), headers=POSTS)
    assert told.status_code == 200, told.text
    send(producer, told.json(), files)
    return str(told.json()["next"])


def send(producer: TestClient, told: dict[str, Any], files: Files) -> None:
    for path, begins in told["files"]:
        data, asked = files[path.removeprefix("files/")], {"path": path, "from": begins}
        sent = producer.post(
            f"{told['next']}/file", params=asked, content=data[begins:], headers=POSTS
        )
        assert sent.json() == {"received": len(data)}, sent.text


def press(producer: TestClient, page: str, revision: int | None = None) -> Any:
    """Makes the links to what the page shows."""
    if revision is None:
        found = re.search(r'"revision": (\d+)', producer.get(page).text)
        assert found, producer.get(page).text
        revision = int(found[1])
    return producer.post(f"{page}/links", json={"revision": revision}, headers=POSTS)
