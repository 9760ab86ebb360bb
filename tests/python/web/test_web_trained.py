"""A model's page tells how it was trained, by whose word, and what contradicts it (promise 3)."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kiseki import LocalKiseki, Terms
from kiseki.client.documents import Documents
from kiseki.client.models.lora import Finished
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.reproduction import Reproduction
from kiseki.core.run import Exposed, Run
from kiseki.core.said import Said
from kiseki.core.values import ZERO32, to_hex
from kiseki.vault.published import Published
from kiseki.web.app import application
from kiseki.web.site import Site

from .browser import launched
from .conftest import Places, served
from .looking import ROOT, looked_at, looks

SAMPLES = ROOT / "tests" / "samples" / "sd-scripts"
NOT_REGISTERED = [ids.External(ZERO32, ZERO32)]


class Trained:
    """A LoRA of two folders, registered with a manifest and a run, and the folder of documents."""

    def __init__(self, k: LocalKiseki, folder: Path) -> None:
        self.k, self.folder = k, folder
        folder.mkdir()
        pictures = SAMPLES / "datasets" / "two_folders" / "train"
        k.data.register(k.data.prepare(pictures, Terms.of("train", "5%")))
        file = SAMPLES / "two_folders" / "fruit_birds.safetensors"
        self.found: Finished = k.models.loras.read(file, pictures)
        self.true = k.models.loras.manifest(self.found).manifest

    def publish(self, text: str) -> bytes:
        key = keccak256(text.encode())
        (self.folder / f"{key.hex()}.json").write_text(text)
        return key

    def register(
        self, manifest: Manifest, run: Run, externals: list[ids.External] = NOT_REGISTERED
    ) -> bytes:
        return self.k.models.register(
            self.found.weights, Terms.of("train", "5%"), manifest=manifest, externals=externals,
            run=self.publish(run.to_json()), publish=self.folder,
        ).id  # fmt: skip

    def run(self, **more: object) -> Run:
        return replace(self.found.run(), **more)  # type: ignore[arg-type]


@pytest.fixture
def lora(k: LocalKiseki, tmp_path: Path) -> Trained:
    return Trained(k, tmp_path / "published")


def asking(site: Site, folder: Path | None) -> TestClient:
    documents = Documents(Published(folder))
    return TestClient(
        application(site, follows=False, documents=documents), base_url="http://localhost"
    )


def exposed(manifest: Manifest, root: bytes | None = None) -> Exposed:
    return Exposed(
        "0.1.0", bytes(32), bytes(32), 1, 66, 66, 66, 4, read=80,
        manifest=root or manifest.root, weight=manifest.weight,
    )  # fmt: skip


def codes(client: TestClient, model: bytes) -> list[tuple[str, str]]:
    answer = client.get(f"/model/{to_hex(model)}.json").json()
    return [(each["code"], each["severity"]) for each in answer["findings"]]


def test_what_the_hook_and_the_trainer_said_stands_on_the_page(
    places: Places, site: Site, lora: Trained
) -> None:
    run = lora.run(exposure=exposed(lora.true), tolerance=Fraction(1, 100))
    model = lora.register(lora.true, run)
    site.catch_up()
    client = asking(site, lora.folder)
    page = client.get(f"/model/{to_hex(model)}?language=en").text
    for words in (
        "recorded by Kiseki&#39;s hook while it was trained", "Handed out by a vault", "unknown",
        "3_fruit", "9 times", "6 times", "but for 1% of the way", "sd-scripts",
    ):  # fmt: skip
        assert words in page, words
    told = client.get(f"/model/{to_hex(model)}.json").json()["trained"]
    assert [each["level"] for each in told["backing"]] == ["declared", "recorded"]
    assert told["exposure"] == {
        "handed_out": None, "read": 80, "consumed": 66, "lost": 4, "steps": 66, "batches": 66,
        "declared": True,
    }  # fmt: skip
    assert not {"trainer_manifest", "hook_manifest"} & {code for code, _ in codes(client, model)}


def test_what_receipts_and_consumption_differ_by_are_facts_and_no_problems(
    places: Places, site: Site, lora: Trained
) -> None:
    """Known or not: none is not zero, and zero is nothing to tell."""
    one = replace(exposed(lora.true), handed_out=5, never_consumed=1, never_handed_out=2000)
    same = replace(exposed(lora.true), handed_out=4, never_consumed=0, never_handed_out=0)
    found = lora.register(lora.true, lora.run(exposure=one))
    bases = [[ids.External(bytes([each]) * 32, ZERO32)] for each in (1, 2)]
    none = lora.register(lora.true, lora.run(exposure=same), bases[0])
    unknown = lora.register(lora.true, lora.run(exposure=exposed(lora.true)), bases[1])
    site.catch_up()
    client = asking(site, lora.folder)
    both = {("never_consumed", "fact"), ("never_handed_out", "fact")}
    assert both <= set(codes(client, found))
    assert not both & {*codes(client, none), *codes(client, unknown)}
    page = client.get(f"/model/{to_hex(found)}?language=en").text
    assert "a vault handed out 1 item that training never consumed." in page
    assert "training consumed 2,000 items of which no vault" in page
    japanese = client.get(f"/model/{to_hex(found)}?language=ja").text.replace("<wbr>", "")
    assert "保管庫が提供した素材1件を" in japanese and "学習が使った素材2,000件には" in japanese
    told = client.get(f"/model/{to_hex(none)}.json").json()["trained"]["exposure"]
    assert told["handed_out"] == 4


def test_what_the_developer_told_beside_it_stands_apart_as_told(
    places: Places, site: Site, lora: Trained
) -> None:
    said = Said(Fraction(5, 2), 40, 4, {"3_fruit": Fraction(3), "b<i>rds": Fraction(1, 3)})
    model = lora.register(lora.true, lora.run(said=said))
    one, two = ([ids.External(bytes([each]) * 32, ZERO32)] for each in (1, 2))
    silent = lora.register(lora.true, lora.run(trained=None, said=Said(Fraction(2))), one)
    plain = lora.register(lora.true, lora.run(), two)
    site.catch_up()
    client = asking(site, lora.folder)
    page = client.get(f"/model/{to_hex(model)}?language=en").text
    _, told = page.split("What the developer told of the training</h2>")
    assert "the developer told it when the model was registered. Nobody checked it." in told
    for words in ("2.5", "40", "3 times", "1/3 times", "b&lt;i&gt;rds", "Pictures of one step"):
        assert words in told, words
    japanese = client.get(f"/model/{to_hex(model)}?language=ja").text
    assert "開発者が申告した学習の内容" in japanese and "1/3回" in japanese
    answer = client.get(f"/model/{to_hex(model)}.json").json()["trained"]["said"]
    assert answer == {
        "epochs": "5/2", "steps": 40, "batch": 4, "more": 0,
        "repeats": [{"name": "3_fruit", "repeats": "3"}, {"name": "b<i>rds", "repeats": "1/3"}],
    }  # fmt: skip
    page = client.get(f"/model/{to_hex(silent)}?language=en").text
    assert "Epochs</dt><dd>2</dd>" in page and "wrote into its file" not in page
    assert "What the developer told" not in client.get(f"/model/{to_hex(plain)}?language=en").text


def test_a_site_without_the_documents_knows_nothing_of_it(
    places: Places, site: Site, lora: Trained
) -> None:
    """Not that nothing was recorded, and no contradiction either."""
    model = lora.register(lora.true, lora.run(exposure=exposed(lora.true)))
    site.catch_up()
    client = asking(site, None)
    assert "is not here, so nothing is known" in client.get(f"/model/{to_hex(model)}").text
    told = client.get(f"/model/{to_hex(model)}.json").json()["trained"]
    assert (told["told"], told["exposure"], told["trainer"]) == (False, None, None)
    assert [each["level"] for each in told["backing"]] == ["declared"]


def test_a_manifest_that_leaves_pictures_out_contradicts_the_trainers_file(
    places: Places, site: Site, lora: Trained
) -> None:
    """On the page of the model, and of what is made with it."""
    k = lora.k
    less = Manifest({key: list(pairs)[2:] for key, pairs in lora.true.items.items()})
    model = lora.register(less, lora.run())
    (lora.folder / "out").mkdir()
    output = lora.folder / "out" / "1.png"
    output.write_bytes(b"an output of the model")
    batch = k.outputs.prepare(output, [model])
    k.outputs.register(batch)
    site.catch_up()
    client = asking(site, lora.folder)
    assert ("trainer_manifest", "problem") in codes(client, model)
    page = client.get(f"/batch/{to_hex(batch.id)}").text
    assert "cannot both be right" in page
    verified = k.outputs.verify(output, documents=lora.folder)
    assert "trainer_manifest" in {each.code for each in verified.problems}
    assert "trainer_manifest" not in {each.code for each in k.outputs.verify(output).findings}


def test_a_base_model_that_the_file_names_and_nobody_registered_is_a_problem(
    places: Places, site: Site, lora: Trained
) -> None:
    model = lora.register(lora.true, lora.run(), externals=[])
    site.catch_up()
    assert ("trainer_base", "problem") in codes(asking(site, lora.folder), model)


def test_a_hook_that_recorded_other_data_is_a_problem_and_backs_nothing(
    places: Places, site: Site, lora: Trained
) -> None:
    model = lora.register(lora.true, lora.run(exposure=exposed(lora.true, root=bytes(32))))
    site.catch_up()
    client = asking(site, lora.folder)
    assert ("hook_manifest", "problem") in codes(client, model)
    told = client.get(f"/model/{to_hex(model)}.json").json()["trained"]
    assert [each["level"] for each in told["backing"]] == ["declared"]
    assert told["exposure"]["declared"] is False


def test_a_document_that_is_none_tells_nothing(places: Places, site: Site, lora: Trained) -> None:
    model = lora.k.models.register(
        lora.found.weights, Terms.of("train", "5%"), manifest=lora.true, externals=NOT_REGISTERED,
        run=lora.publish(json.dumps({"format": "kiseki-run-v1", "weights": 3})),
    ).id  # fmt: skip
    site.catch_up()
    client = asking(site, lora.folder)
    told = client.get(f"/model/{to_hex(model)}.json").json()["trained"]
    assert (told["told"], told["trainer"]) == (False, None)


def test_what_others_say_is_theirs_and_what_is_not_here_is_not_told(
    places: Places, site: Site, lora: Trained
) -> None:
    k = lora.k
    model = lora.register(lora.true, lora.run())
    here = lora.publish("an audit of the training")
    places.scene.buyer.statements.state("model", to_hex(model), "audit", here)
    places.scene.buyer.statements.state("model", to_hex(model), "reproduction", keccak256(b"?"))
    k.statements.state("model", to_hex(model), "dispute", keccak256(b"no backing"))
    site.catch_up()
    told = asking(site, lora.folder).get(f"/model/{to_hex(model)}.json").json()["trained"]
    assert [(each["level"], each["own"], each["here"]) for each in told["backing"][1:]] == [
        ("attested", False, True), ("unknown", False, False),
    ]  # fmt: skip


def test_a_reproduction_counts_by_its_own_figures_and_about_this_run_alone(
    places: Places, site: Site, lora: Trained
) -> None:
    k, run = lora.k, lora.run(tolerance=Fraction(1, 100))
    model = lora.register(lora.true, run)
    registry = k.session["ModelRegistry"].address
    same = Reproduction(
        model, run.hash, registry, 31337, "within", stated=Fraction(1, 100),
        distance=Fraction(1, 200), against="base", published=b"a" * 32, reproduced=b"b" * 32,
    )  # fmt: skip
    other = replace(same, outcome="differs", distance=Fraction(1, 10))
    later = replace(same, stated=Fraction(1, 50))  # not what the run's document states
    foreign = replace(same, run=bytes(32))
    for each in (same, other, later, foreign):
        key = lora.publish(each.to_json())
        places.scene.buyer.statements.state("model", to_hex(model), "reproduction", key)
    site.catch_up()
    client = asking(site, lora.folder)
    told = client.get(f"/model/{to_hex(model)}.json").json()["trained"]["backing"]
    levels = [each["level"] for each in told[1:]]
    assert levels == ["reproduced", "not reproduced", "unknown", "unknown"]
    assert all(not each["own"] for each in told[1:])
    page = client.get(f"/model/{to_hex(model)}?language=en").text
    assert "differs by 0.5% of the way" in page and "by 10% of the way" in page


def test_an_artist_sees_how_often_models_took_a_work(
    places: Places, site: Site, lora: Trained
) -> None:
    """As counts where a hook recorded them, else as a share; not at all where the list of data is
    not here, or does not name the work."""
    ((collection, pairs),) = lora.true.items.items()
    item, weight = pairs[0]
    page = f"/data/{to_hex(item)}"
    assert weight in (6, 9)
    counted = lora.register(lora.true, lora.run(exposure=exposed(lora.true)))
    half = Manifest({collection: [(key, 1) for key, _ in pairs[1:]]})
    other = lora.k.models.register(
        b"x" * 32, Terms.of("train", "5%"), manifest=half, externals=NOT_REGISTERED,
        publish=lora.folder,
    ).id  # fmt: skip
    third = lora.k.models.register(
        b"y" * 32, Terms.of("train", "5%"), manifest=lora.true, externals=NOT_REGISTERED
    ).id
    site.catch_up()
    client = asking(site, lora.folder)
    told = {each["model"]: each for each in client.get(f"{page}.json").json()["taken"]}
    assert told[to_hex(counted)]["weight"] == str(weight) and told[to_hex(counted)]["counted"]
    assert told[to_hex(other)]["weight"] == "0" and told[to_hex(third)]["weight"] is None
    text = client.get(f"{page}?language=en").text
    for words in (
        f"{weight} times, about {weight / 66:.2%} of all", "does not name this", "not here"
    ):  # fmt: skip
        assert words in text, words
    assert "taken" in asking(site, None).get(f"{page}.json").json()
    with served(site, documents=Documents(Published(lora.folder))) as address:
        for look, options in looks():
            with launched(**options) as browser:
                answer = browser.goto(f"{address}{page}")
                assert answer is not None and answer.ok, look
                assert looked_at(browser, ROOT / "build" / "pages" / f"taken-{look}.png") == []


def test_a_page_is_made_anew_when_a_document_comes(
    places: Places, site: Site, lora: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though no block came: what is known of a model follows from the documents too."""
    monkeypatch.setattr("kiseki.vault.published._EVERY", -1.0)
    run = lora.run()
    model = lora.register(lora.true, run)
    file = lora.folder / f"{run.hash.hex()}.json"
    text = file.read_text()
    file.unlink()
    site.catch_up()
    client, page = asking(site, lora.folder), f"/model/{to_hex(model)}"
    before = client.get(page)
    assert "3_fruit" not in before.text
    file.write_text(text)
    after = client.get(page, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200 and "3_fruit" in after.text


def test_it_can_be_read_on_a_phone_and_a_desk(places: Places, site: Site, lora: Trained) -> None:
    said = Said(Fraction(5, 2), 40, 4, {"3_fruit": Fraction(3), "2_" + "birds" * 30: Fraction(2)})
    run = lora.run(exposure=exposed(lora.true), tolerance=Fraction(0), said=said)
    model = lora.register(lora.true, run)
    places.scene.buyer.statements.state("model", to_hex(model), "audit", lora.publish("seen"))
    site.catch_up()
    wrong: list[str] = []
    pictures = ROOT / "build" / "pages"
    pictures.mkdir(parents=True, exist_ok=True)
    with served(site, documents=Documents(Published(lora.folder))) as address:
        for look, options in looks():
            with launched(**options) as page:
                answer = page.goto(f"{address}/model/{to_hex(model)}")
                assert answer is not None and answer.ok, look
                wrong += looked_at(page, pictures / f"trained-{look}.png")
    assert wrong == []
