"""A signing service in a process of its own, which holds the key: the documented part of the APIs
of Web3Signer and Clef. `python stand_in_signer.py KEY MODE`; prints its URL.

MODE is `honest`, or how it misbehaves.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.address import to_checksum_address

KEY, MODE = sys.argv[1:]
WALLET = Account.from_key(KEY)
OTHER = Account.from_key("0x" + "35" * 32)


def answer(method: str, params: list[Any]) -> Any:
    if method in ("eth_accounts", "account_list"):
        return [WALLET.address.lower()]
    wallet = OTHER if MODE == "another's" else WALLET
    if method in ("eth_signTransaction", "account_signTransaction"):
        asked = dict(params[0])
        sender = asked.pop("from")
        if sender.lower() != WALLET.address.lower():
            raise ValueError("no such wallet")
        fields = {
            name: value if name in ("to", "data") else int(value, 16)
            for name, value in asked.items()
        }
        fields["to"] = to_checksum_address(fields["to"])
        if MODE == "another recipient":
            fields["to"] = OTHER.address
        elif MODE == "more gas":
            fields["gas"] += 1
        elif MODE == "another chain":
            fields["chainId"] += 1
        elif MODE == "an access list" and "gasPrice" not in fields:
            fields["accessList"] = [{"address": OTHER.address, "storageKeys": []}]
        raw = "0x" + bytes(wallet.sign_transaction(fields).raw_transaction).hex()
        return {"raw": raw, "tx": {}} if method.startswith("account") else raw
    if method in ("eth_signTypedData", "account_signTypedData"):
        address, data = params
        if address.lower() != WALLET.address.lower():
            raise ValueError("no such wallet")
        if (method == "eth_signTypedData") != isinstance(data, str):
            raise ValueError("Web3Signer takes the data as a string, Clef as an object")
        data = json.loads(data) if isinstance(data, str) else data
        return "0x" + bytes(wallet.sign_typed_data(full_message=data).signature).hex()
    if method in ("eth_sign", "account_signData"):
        *kind, address, data = params
        if kind != (["text/plain"] if method == "account_signData" else []):
            raise ValueError("Clef is told the kind first, and Web3Signer none")
        if address.lower() != WALLET.address.lower():
            raise ValueError("no such wallet")
        signed = wallet.sign_message(encode_defunct(hexstr=data))
        return "0x" + bytes(signed.signature).hex()
    raise ValueError("Method not found")


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        told: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
        signs = "sign" in asked["method"]
        if MODE == "slow" and signs:
            time.sleep(1.5)
        if MODE == "refuses" and signs:
            told["error"] = {"code": -32000, "message": "Request denied\x1b[2J"}
        elif MODE == "nonsense" and signs:
            told["result"] = "0x1234"
        elif MODE == "a page" and signs:
            self.reply(b"<html>log in</html>")
            return
        else:
            try:
                told["result"] = answer(asked["method"], asked["params"])
            except ValueError as error:
                told["error"] = {"code": -32601, "message": str(error)}
        self.reply(json.dumps(told).encode())

    def reply(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
