"""Events of OpenLineage: a run that read collections and wrote a model.

Both events have the time at which the model was registered: when training ran is not recorded, and
the facet says so.
"""

from __future__ import annotations

import uuid
from typing import Any

import kiseki
from kiseki.core.values import to_hex
from kiseki.training.provenance.known import Origin, moment

__all__ = ["events"]

_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets"
_OURS = "urn:kiseki:facet"


def events(origin: Origin) -> list[dict[str, Any]]:
    """The beginning and the end of the run, as JSON objects."""
    name = origin.name("model", origin.model.id)
    shared = {
        "eventTime": moment(origin.model.registered_at),
        # The same for everybody who tells of this run.
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, name)), "facets": _run(origin)},
        "job": {"namespace": origin.developer, "name": "training",
                "facets": {"jobType": _facet(
                    "2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
                    processingType="BATCH", integration="KISEKI", jobType="TRAINING",
                )}},
        "inputs": _inputs(origin),
        "outputs": [{
            "namespace": origin.namespace, "name": to_hex(origin.model.id),
            "facets": {
                "version": _version(to_hex(origin.model.weights)),
                "kiseki_weights": _own("weights", sha256=origin.digest.hex(), file=origin.file),
            },
        }],
        "producer": _producer(),
        "schemaURL": _SCHEMA,
    }  # fmt: skip
    return [{"eventType": kind, **shared} for kind in ("START", "COMPLETE")]


def _inputs(origin: Origin) -> list[dict[str, Any]]:
    data = f"eip155:{origin.chain_id}:{origin.registries[0]}"
    collections = [
        {
            "namespace": data, "name": to_hex(each.id),
            "facets": {
                "version": _version(to_hex(each.root)),
                "ownership": _facet(
                    "1-0-1/OwnershipDatasetFacet.json#/$defs/OwnershipDatasetFacet",
                    owners=[{"name": each.provider, "type": "provider"}],
                ),
                "kiseki_use": _own("use", weight=str(weight), items=str(each.count)),
            },
        }
        for each, weight in origin.collections
    ]  # fmt: skip
    parents = [{"namespace": origin.namespace, "name": to_hex(each)} for each in origin.parents]
    files = [
        {"namespace": "urn:kiseki:file:sha256", "name": digest.hex(),
         "facets": {"kiseki_file": _own("file", path=name)}}
        for name, digest in [*origin.run.base.items(), *origin.run.files.items()]
    ]  # fmt: skip
    return [*collections, *parents, *files]


def _run(origin: Origin) -> dict[str, Any]:
    run = origin.run
    facets = {"kiseki_run": _own(
        "run", document=to_hex(origin.document), developer=origin.model.developer,
        times="of the registration; when training ran is not recorded",
    )}  # fmt: skip
    if run.command is not None:
        facets["kiseki_run"]["command"] = list(run.command.arguments)
    if run.environment is not None and run.environment.python:
        facets["processing_engine"] = _facet(
            "1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet",
            version=run.environment.python, name="Python",
        )  # fmt: skip
    return facets


def _version(text: str) -> dict[str, Any]:
    return _facet(
        "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
        datasetVersion=text,
    )


def _facet(schema: str, **members: Any) -> dict[str, Any]:
    return {"_producer": _producer(), "_schemaURL": f"{_FACETS}/{schema}", **members}


def _own(name: str, **members: Any) -> dict[str, Any]:
    return {"_producer": _producer(), "_schemaURL": f"{_OURS}:{name}:1", **members}


def _producer() -> str:
    return f"urn:kiseki:{kiseki.__version__}"
