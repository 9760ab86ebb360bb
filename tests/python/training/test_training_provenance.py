"""What a model came from, as other programs read it: each form against its own implementation."""

import json
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped,unused-ignore]

from kiseki import Kiseki
from kiseki.core.values import to_hex
from kiseki.errors import FilesError, InvalidInput, SigningError
from kiseki.training.provenance import openlineage, signing, slsa
from kiseki.training.provenance.known import Origin, origin_of

from .world import Trained, World


@pytest.fixture
def world(tmp_path: Path, artist: Kiseki, developer: Kiseki) -> World:
    return World(tmp_path, artist, developer)


@pytest.fixture
def made(world: World) -> Trained:
    return world.trained("--base", str(world.base), base=world.base, seed=7, settings={"rate": 1})


def origin(world: World, made: Trained) -> Origin:
    return origin_of(world.knows, made.id, made.weights, made.run.encode())


def sha256(path: Path) -> str:
    """By a program that is not ours."""
    done = subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True)
    return done.stdout.split()[0]


def test_the_statement_is_one_of_in_toto_with_provenance_of_slsa(
    world: World, made: Trained
) -> None:
    """Read by in-toto's own messages, which refuse unknown members."""
    statement = json.loads(json.dumps(slsa.statement(origin(world, made))))
    messages = import_module("in_toto_attestation.v1.statement_pb2")
    checks = import_module("in_toto_attestation.v1.statement").Statement
    provenance = import_module("in_toto_attestation.predicates.provenance.v1.provenance_pb2")
    descriptor = import_module("in_toto_attestation.v1.resource_descriptor").ResourceDescriptor
    read = json_format.ParseDict(statement, messages.Statement())
    checks.copy_from_pb(read).validate()
    predicate = json_format.ParseDict(statement["predicate"], provenance.Provenance())
    for each in predicate.build_definition.resolved_dependencies:
        descriptor.copy_from_pb(each).validate()
    (subject,) = read.subject
    assert (subject.name, subject.digest["sha256"]) == ("model.safetensors", sha256(made.weights))
    given = {each.name: each for each in predicate.build_definition.resolved_dependencies}
    (collection,) = world.manifest.items
    assert given["collection"].uri.endswith(to_hex(collection))
    assert given["collection"].digest["keccak256"] == collection.hex()
    assert given["collection"].annotations["weight"] == "3"
    assert given["base model: base.safetensors"].digest["sha256"] == sha256(world.base)
    assert given["code: train.py"].digest["sha256"] == sha256(world.code / "train.py")
    assert given["input: config.toml"].digest["sha256"] == sha256(world.inputs / "config.toml")
    assert given["numpy"].uri.startswith("pkg:pypi/numpy@")
    assert predicate.run_details.builder.id.lower().endswith(world.developer.address.lower())
    external = statement["predicate"]["buildDefinition"]["externalParameters"]
    assert (external["seed"], external["settings"]) == (7, {"rate": 1})
    assert "0.svg" not in json.dumps(statement), "items are named by their collection alone"


def test_events_are_those_of_openlineage(world: World, made: Trained) -> None:
    """Built again by OpenLineage's own client, whose types check each value, and written by it."""
    client = import_module("openlineage.client.event_v2")
    known = {
        "ownership": lambda owners, producer: import_module(
            "openlineage.client.generated.ownership_dataset"
        ).OwnershipDatasetFacet(
            owners=[import_module("openlineage.client.generated.ownership_dataset").Owner(**each)
                    for each in owners], producer=producer,
        ),
        "version": import_module("openlineage.client.generated.dataset_version_dataset"
                                 ).DatasetVersionDatasetFacet,
        "jobType": import_module("openlineage.client.generated.job_type_job").JobTypeJobFacet,
        "processing_engine": import_module("openlineage.client.generated.processing_engine_run"
                                           ).ProcessingEngineRunFacet,
    }  # fmt: skip
    first, last = openlineage.events(origin(world, made))
    assert (first["eventType"], last["eventType"]) == ("START", "COMPLETE")
    assert first["run"]["runId"] == last["run"]["runId"]

    def schema(url: str) -> str:
        """Without its version."""
        return url.rpartition("/spec/facets/")[2].partition("/")[2]

    def facet(name: str, members: dict[str, Any]) -> Any:
        assert {"_producer", "_schemaURL"} <= members.keys()
        if name not in known:
            return members
        own = {key: value for key, value in members.items() if not key.startswith("_")}
        built = known[name](**own, producer=members["_producer"])
        assert schema(built._schemaURL) == schema(members["_schemaURL"])
        return built

    def faceted(of: dict[str, Any]) -> dict[str, Any]:
        return {name: facet(name, each) for name, each in of.get("facets", {}).items()}

    for each in (first, last):
        built = client.RunEvent(
            eventTime=each["eventTime"], producer=each["producer"],
            eventType=client.RunState[each["eventType"]],
            run=client.Run(each["run"]["runId"], faceted(each["run"])),
            job=client.Job(each["job"]["namespace"], each["job"]["name"], faceted(each["job"])),
            inputs=[client.InputDataset(one["namespace"], one["name"], facets=faceted(one))
                    for one in each["inputs"]],
            outputs=[client.OutputDataset(one["namespace"], one["name"], facets=faceted(one))
                     for one in each["outputs"]],
        )  # fmt: skip
        assert built.schemaURL == each["schemaURL"]
        written = json.loads(import_module("openlineage.client.serde").Serde.to_json(built))
        assert written["eventTime"] == each["eventTime"]
        assert [one["name"] for one in written["inputs"]] == [one["name"] for one in each["inputs"]]
    (collection,) = world.manifest.items
    assert first["inputs"][0]["name"] == to_hex(collection)
    assert first["outputs"][0]["name"] == to_hex(made.id)
    assert "not recorded" in first["run"]["facets"]["kiseki_run"]["times"]


def key(folder: Path, name: str = "key") -> tuple[Path, Path]:
    """A private key and its public one, by OpenSSL's program."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    for words in (["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(private)],
                  ["ec", "-in", str(private), "-pubout", "-out", str(public)]):  # fmt: skip
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    return private, public


def test_a_signature_is_verified_by_the_library_for_it(world: World, made: Trained) -> None:
    private, public = key(world.folder)
    signature = world.folder / "model.sig"
    signing.sign(made.weights, signature, signing.Key(private))
    verifying = import_module("model_signing.verifying")

    def verify(by: Path) -> None:
        config = verifying.Config().use_elliptic_key_verifier(public_key=by)
        config.verify(made.weights, signature)

    verify(public)
    with pytest.raises(ValueError, match=r".*"):
        verify(key(world.folder, "other")[1])
    with pytest.raises(FilesError, match="exists already"):
        signing.sign(made.weights, signature, signing.Key(private))
    made.weights.write_bytes(made.weights.read_bytes() + b"x")
    with pytest.raises(ValueError, match=r".*"):
        verify(public)
    with pytest.raises(SigningError, match="cannot be signed"):
        signing.sign(made.weights, world.folder / "b.sig", signing.Key(world.code / "train.py"))
    assert not (world.folder / "b.sig").exists()
    with pytest.raises(FilesError, match="there is no file"):
        signing.sign(made.weights, world.folder / "b.sig", signing.Key(world.folder / "nowhere"))


def test_only_the_models_own_document_and_weights_are_described(
    world: World, made: Trained
) -> None:
    with pytest.raises(InvalidInput, match="not that of the model"):
        origin_of(world.knows, made.id, made.weights, made.run.encode() + b" ")
    with pytest.raises(InvalidInput, match="does not have the weights"):
        origin_of(world.knows, made.id, world.base, made.run.encode())
