"""keccak-256, Ethereum's hash.

The backend is ``tiny-keccak`` (Rust, abi3 wheels): 2.2 million hashes of 64 bytes a second
where ``safe-pysha3`` does 1.0 million and ``eth-hash`` over pycryptodome 0.2 million.
"""

from tiny_keccak import keccak256

__all__ = ["keccak256"]
