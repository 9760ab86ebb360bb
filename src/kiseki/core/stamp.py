"""Which registered model a file of weights says that it is.

Three keys of a safetensors file's metadata: the model's ID, the registry that it is registered in,
and the chain. A stamp is a claim and no evidence: anybody can write one into any file. Readers
compare it with the registry, where the commitment of these very tensors must stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kiseki.core.checksum import checksummed
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import InvalidInput

__all__ = ["KEYS", "Stamp"]

KEYS = ("kiseki.model", "kiseki.registry", "kiseki.chain")
"""Of the metadata. All of them make a stamp."""

_CHAIN = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file says of itself.

    Attributes:
        model: the model's ID, 32 bytes.
        registry: the address of the `ModelRegistry`, in lower case.
        chain_id: of the chain that it is on.
    """

    model: bytes
    registry: str
    chain_id: int

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Stamp | None:
        """The stamp in a file's metadata; none where there is none of its keys.

        Raises:
            InvalidInput: a key is missing, or a value cannot be what its key says.
        """
        given = [metadata.get(each) for each in KEYS]
        if not any(each is not None for each in given):
            return None
        model, registry, chain = (each or "" for each in given)
        try:
            if not _CHAIN.fullmatch(chain):
                raise InvalidInput(f"{KEYS[2]} must be the number of a chain, not {chain!r:.40}")
            return cls(
                from_hex(model, 32, KEYS[0]),
                address_text(address(registry, KEYS[1])),
                int(chain),
            )
        except InvalidInput as error:
            raise InvalidInput(f"its stamp is none: {error}") from None

    @property
    def metadata(self) -> dict[str, str]:
        """The pairs that a file gets."""
        return dict(zip(KEYS, (to_hex(self.model), self.registry, str(self.chain_id)), strict=True))

    @property
    def words(self) -> str:
        """For people."""
        registry = checksummed(self.registry)
        return f"model {to_hex(self.model)} of the registry {registry} on chain {self.chain_id}"
