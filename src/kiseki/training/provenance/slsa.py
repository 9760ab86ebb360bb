"""An in-toto statement (version 1) with SLSA's provenance (version 1): sources as dependencies.

The statement is not signed here: its envelope is for whoever publishes it. Sources: the in-toto
attestation framework's specification, and slsa.dev/spec/v1.0/provenance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import kiseki
from kiseki.core.values import to_hex
from kiseki.training.provenance.known import Origin, moment

__all__ = ["BUILD_TYPE", "statement"]

BUILD_TYPE = "urn:kiseki:run:v1"
"""What `externalParameters` mean: members of a run's document (docs/formats.md)."""


def statement(origin: Origin) -> dict[str, Any]:
    """The statement: that this file was trained so, from these sources."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": origin.file, "digest": {"sha256": origin.digest.hex()}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": _external(origin),
                "internalParameters": _internal(origin),
                "resolvedDependencies": list(_dependencies(origin)),
            },
            "runDetails": {
                "builder": {"id": origin.developer, "version": {"kiseki": kiseki.__version__}},
                "metadata": {"invocationId": origin.name("model", origin.model.id)},
                "byproducts": [{
                    "name": "run", "digest": {"keccak256": origin.document.hex()},
                    "mediaType": "application/json",
                    "annotations": {"registered": moment(origin.model.registered_at)},
                }],
            },
        },
    }  # fmt: skip


def _external(origin: Origin) -> dict[str, Any]:
    run = origin.run
    members: dict[str, Any] = {
        "command": None if run.command is None else list(run.command.arguments),
        "settings": None if run.settings is None else dict(run.settings),
        "seed": run.seed,
        "tolerance": None if run.tolerance is None else str(float(run.tolerance)),
    }
    return {name: value for name, value in members.items() if value is not None}


def _internal(origin: Origin) -> dict[str, Any]:
    around = origin.run.environment
    if around is None:
        return {}
    members = {"python": around.python, "system": around.system, "hardware": around.hardware}
    return {name: value for name, value in members.items() if value}


def _dependencies(origin: Origin) -> Iterator[dict[str, Any]]:
    """Everything that went in. A digest of an ID is the ID: it is a hash itself."""
    run = origin.run
    for collection, weight in origin.collections:
        yield {
            "name": "collection", "uri": origin.name("collection", collection.id),
            "digest": {"keccak256": collection.id.hex()},
            "annotations": {
                "provider": collection.provider, "weight": str(weight),
                "items": str(collection.count), "root": to_hex(collection.root),
            },
        }  # fmt: skip
    for parent in origin.parents:
        yield {"name": "base model", "uri": origin.name("model", parent),
               "digest": {"keccak256": parent.hex()}}  # fmt: skip
    for external in origin.externals:
        known = {"weights": external.weights, "document": external.document}
        said = {name: to_hex(each) for name, each in known.items() if any(each)}
        yield {"name": "unregistered base model", "annotations": said or {"known": "nothing"}}
    for name, digest in run.base.items():
        yield {"name": f"base model: {name}", "digest": {"sha256": digest.hex()}}
    for name, digest in run.files.items():
        yield {"name": f"input: {name}", "digest": {"sha256": digest.hex()}}
    if run.code is not None:
        if run.code.revision:
            yield {"name": "code", "digest": {"gitCommit": run.code.revision},
                   "annotations": {"changed": bool(run.code.changed)}}  # fmt: skip
        for name, digest in run.code.files.items():
            yield {"name": f"code: {name}", "digest": {"sha256": digest.hex()}}
    for package in run.environment.packages if run.environment else ():
        yield {
            "name": package.name, "uri": f"pkg:pypi/{package.name}@{package.version}",
            **({"digest": {"sha256": package.wheel.hex()}} if package.wheel else {}),
        }  # fmt: skip
