"""What real nodes and providers say when they refuse.

Each row has the words that the node uses, and where they are written: a file of its source code, a
page, or the report of somebody who met them.
"""

from typing import Any

from kiseki.chain.refusals import Kind

__all__ = ["ROWS", "WITHOUT"]

GETH = "go-ethereum, "
POOL = GETH + "core/txpool/validation.go and errors.go"
NETHERMIND = "Nethermind, src/Nethermind/Nethermind.TxPool/AcceptTxResult.cs before 2026"
BESU = "Besu, jsonrpc/internal/response/RpcErrorType.java"
RETH = "Reth, crates/rpc/rpc-eth-types/src/error/mod.rs"
ANVIL = "Anvil, crates/anvil/src/eth/error.rs"
ERIGON = "Erigon, txnprovider/txpool/txpoolcfg/txpoolcfg.go"
GITHUB = "github.com/"
PONDER = ", " + GITHUB + "ponder-sh/ponder, packages/utils/src/getLogsRetryHelper.ts"
WITHOUT = object()
"""No code."""

ROWS: list[tuple[Kind, Any, str, str]] = [
    # Too much in one question or request.
    (Kind.LIMIT, -32005, "query returned more than 10000 results", GITHUB + "INFURA/infura/237"),
    (Kind.LIMIT, -32602, "range 1000000 exceeds limit of 10000", GITHUB + "INFURA/infura/237"),
    (
        Kind.LIMIT, -32600,
        "You can make eth_getLogs requests with up to a 500 block range. Based on your parameters, "
        "this block range should work: [0x123c9b2, 0x123cba5]",
        "Alchemy, " + GITHUB + "BobTheBuidler/dank_mids/772",
    ),
    (
        Kind.LIMIT, WITHOUT, "Log response size exceeded. Please reduce query block range.",
        "Alchemy, " + GITHUB + "bancorprotocol/webapp/523",
    ),
    (
        Kind.LIMIT, -32614, "eth_getLogs is limited to a 10,000 range",
        "QuickNode, with HTTP 413, " + GITHUB + "eternalsafe/wallet/57",
    ),
    (
        Kind.LIMIT, -32602,
        "query exceeds max results 20000, retry with the range 25766988-25775072",
        "Reth, " + GITHUB + "paradigmxyz/reth/23810",
    ),
    (Kind.LIMIT, -32602, "query exceeds max block range 2000", "Reth at sepolia.base.org"),
    (Kind.LIMIT, -32005, "Requested range exceeds maximum RPC range limit", BESU),
    (Kind.LIMIT, -32005, "Number of requests exceeds max batch size", BESU),
    (Kind.LIMIT, -32603, "Timeout expired", BESU),
    (
        Kind.LIMIT, -32000,
        "batch limit 100 exceeded (can increase by --rpc.batch.limit). Requested batch of size: "
        "401",
        "Erigon, " + GITHUB + "erigontech/erigon/17245",
    ),
    (
        Kind.LIMIT, -32000, "query block range exceeds server limit, narrow your filter: 1000",
        "Erigon, " + GITHUB + "erigontech/erigon/19721",
    ),
    (Kind.LIMIT, -32600, "batch too large", GETH + "rpc/errors.go"),
    (Kind.LIMIT, -32003, "response too large", GETH + "rpc/errors.go"),
    (
        Kind.LIMIT, -32000, "block range is bigger than maxBlockRange",
        "Scroll's go-ethereum, " + GITHUB + "scroll-tech/go-ethereum/529",
    ),
    (
        Kind.LIMIT, -32000,
        "block range is larger than max block range, block range = 5120, max block range = 5000",
        "Morph, " + GITHUB + "enviodev/hyperindex/605",
    ),
    (Kind.LIMIT, -32600, "block range too high", GITHUB + "AlphaWallet/alpha-wallet-ios/5277"),
    (
        Kind.LIMIT, WITHOUT, "eth_getLogs is limited to a 1000 blocks range",
        "1rpc.io, " + GITHUB + "rotki/rotki/8875",
    ),
    (Kind.LIMIT, -32005, "limit exceeded", "EIP-1474, and BSC's public nodes of eth_getLogs"),
    (
        Kind.LIMIT, -32005,
        "query returned more than 10000 results. Try with this block range [0xCB3D, 0x7B737].",
        "INFURA, " + GITHUB + "INFURA/infura/237; agglayer/aggkit, multidownloader tests",
    ),
    (
        Kind.LIMIT, -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range "
        "and no limit on the response size, or you can request any block range with a cap of 10K "
        "logs in the response. Based on your parameters and the response size limit, this block "
        "range should work: [0x0, 0x133e71]",
        "Alchemy" + PONDER,
    ),
    (
        Kind.LIMIT, -32000,
        "requested too many blocks from 0 to 20000, maximum is set to 2048", "Avalanche" + PONDER,
    ),
    (Kind.LIMIT, -32600, "Block range is too large. Max range: 800", "Cloudflare" + PONDER),
    (
        Kind.LIMIT, -32005,
        "Log response size exceeded. Maximum allowed number of requested blocks is 1000",
        "thirdweb" + PONDER,
    ),
    (Kind.LIMIT, -32600, "block range is too wide", "Ankr" + PONDER),
    (
        Kind.LIMIT, -32602, "maximum [from, to] blocks distance: 10000",
        "Ankr, " + GITHUB + "ponder-sh/ponder/1940",
    ),
    (Kind.LIMIT, -32602, "eth_getLogs is limited to 1024 block range", "BlockPI" + PONDER),
    (
        Kind.LIMIT, -32602, "eth_getLogs is limited to 0 - 50 blocks range",
        "1rpc.io" + PONDER,
    ),
    (
        Kind.LIMIT, WITHOUT, "response size should not greater than 10000000 bytes",
        "1rpc.io" + PONDER,
    ),
    (Kind.LIMIT, -32020, "backend response too large", "Optimism's public nodes" + PONDER),
    (Kind.LIMIT, -32000, "logs matched by query exceeds limit of 10000", "Arbitrum" + PONDER),
    (
        Kind.LIMIT, -32600,
        "block range exceeds the range allowed for your plan (20000 > 5000)", "Blast" + PONDER,
    ),
    (Kind.LIMIT, WITHOUT, "Block range limit exceeded.", "Chainstack" + PONDER),
    (
        Kind.LIMIT, -32000, "please limit the query to at most 1,000 blocks",
        "Coinbase" + PONDER,
    ),
    (
        Kind.LIMIT, -32000, "exceed maximum block range: 5000",
        "PublicNode and BSC, " + GITHUB + "AlphaWallet/alpha-wallet-android/2736",
    ),
    (Kind.LIMIT, -32000, "block range greater than 10000 max", "Swell" + PONDER),
    (Kind.LIMIT, -32000, "block range exceeds 1000", "Somnia" + PONDER),
    (Kind.LIMIT, -32000, "eth_getLogs range is too large, max is 10k blocks", "Merkle" + PONDER),
    (Kind.LIMIT, -32000, "query must be smaller than size 1024", "Harmony" + PONDER),
    (
        Kind.LIMIT, WITHOUT, "block range is too wide (maximum 1024)",
        "Moonbeam, " + GITHUB + "moonbeam-foundation/moonbeam/3250",
    ),
    (
        Kind.LIMIT, -32602, "logs are limited to a 10000 block range",
        "Polygon zkEVM, " + GITHUB + "0xPolygon/zkevm-node/3136",
    ),
    (
        Kind.LIMIT, -32005, "block range too large, max range: 1000",
        "Polygon's Erigon, " + GITHUB + "0xPolygon/cdk-erigon/1706",
    ),
    (
        Kind.LIMIT, 35, "ranges over 10000 blocks are not supported on freetier",
        "dRPC, with HTTP 400; Lasso, Lasso.RPC.Providers.Adapters.DRPC",
    ),
    (
        Kind.LIMIT, -32603, "query timeout of 10 seconds exceeded",
        "Moonbase, " + GITHUB + "YameenMalik/query-chain",
    ),
    # Blocks that the node has dropped.
    (
        Kind.PRUNED, 4444, "pruned history unavailable",
        GETH + "EIP-4444, " + GITHUB + "ethereum/go-ethereum/31939; Reth, paradigmxyz/reth/21304",
    ),
    (
        Kind.PRUNED, -32000, "Receipt not available for From block 14319330.",
        "Nethermind, " + GITHUB + "NethermindEth/nethermind/12089",
    ),
    (
        Kind.PRUNED, -32000,
        "state transitaion failed: seek with txNum=1962853355 but data before txNum=2662500000 is "
        "not available",
        "Erigon, " + GITHUB + "erigontech/erigon/13198",
    ),
    (
        Kind.PRUNED, -32000, "missing trie node 1a2b (path ) state 0x1a is not available",
        GETH + "trie",
    ),
    # Too much in a time.
    (
        Kind.RATE, 429,
        "Your app has exceeded its compute units per second capacity. If you have retries enabled, "
        "you can safely ignore this message. If not, check out "
        "https://docs.alchemy.com/reference/throughput",
        "Alchemy, " + GITHUB + "conduitxyz/node/36",
    ),
    (
        Kind.RATE, -32000,
        "Monthly capacity limit exceeded. Visit https://dashboard.alchemyapi.io/settings/billing "
        "to upgrade your scaling policy for continued service.",
        "Alchemy, " + GITHUB + "xmtp/xmtpd/672",
    ),
    (
        Kind.RATE, -32005, "daily request count exceeded, request rate limited",
        "Infura, " + GITHUB + "CirclesUBI/circles-myxogastria/54",
    ),
    (Kind.RATE, -32005, "project ID request rate exceeded", "Infura, docs.infura.io, rate limits"),
    (Kind.RATE, -32005, "Too Many Requests", "Infura, docs.infura.io, rate limits"),
    (
        Kind.RATE, -32007,
        "50/second request limit reached - reduce calls per second or upgrade your account at "
        "quicknode.com",
        "QuickNode, quicknode.com/docs/ethereum/error-references",
    ),
    (
        Kind.RATE, -32012, "credits limited to 6000/sec",
        "QuickNode, " + GITHUB + "latticexyz/mud/1522",
    ),
    # A block that the node does not have.
    (Kind.LAG, -32000, "header not found", GETH + "eth/api_backend.go"),
    (
        Kind.LAG, -32602, "block range extends beyond current head block",
        GETH + "eth/filters; execution-apis, tests/eth_getLogs/filter-error-future-block-range.io",
    ),
    (
        Kind.LAG, -32602,
        "block range extends beyond current head block: requested 21000100, head 21000000",
        "Reth, " + GITHUB + "paradigmxyz/reth/23720",
    ),
    (
        Kind.LAG, -32602, "invalid block range params",
        "Reth of a first block beyond its head, " + GITHUB + "paradigmxyz/reth/26891",
    ),
    (Kind.LAG, -32001, "block not found: finalized", RETH),
    (Kind.LAG, -32000, "4294967295 could not be found", GITHUB + "NethermindEth/nethermind/11173"),
    (Kind.LAG, -32000, "Block not found", BESU),
    (Kind.LAG, -39001, "Unknown block", BESU),
    (Kind.LAG, -32008, "Initial sync is still in progress", BESU),
    (
        Kind.LAG, -32000, 'block "finalized" not available (head block: 21459236)',
        "Erigon, " + GITHUB + "erigontech/erigon/20149",
    ),
    (
        Kind.LAG, -32000, "block 18446744073709551615 not found",
        "Erigon, " + GITHUB + "erigontech/erigon/995",
    ),
    (
        Kind.LAG, -32000,
        "requested block range [4096, 8192] is beyond latest executed block 4000 (node is still "
        "syncing)",
        "Erigon 3",
    ),
    (
        Kind.LAG, -32603, "upstream does not have the requested block yet",
        "providers before go-ethereum, " + GITHUB + "NethermindEth/nethermind/11173",
    ),
    (
        Kind.LAG, -32602, "BlockOutOfRangeError: block height is 5 but requested was 100", ANVIL,
    ),
    (Kind.LAG, -32001, "Resource not found", ANVIL),
    # It has the transaction.
    (Kind.KNOWN, -32000, "already known", POOL),
    (Kind.KNOWN, -32000, "known transaction: 0x7f65", GETH + "before 1.9"),
    (Kind.KNOWN, -32000, "Known transaction", BESU),
    (Kind.KNOWN, -32010, "AlreadyKnown", NETHERMIND),
    (Kind.KNOWN, -32000, "already known", RETH),
    (Kind.KNOWN, -32000, "existing txn with same hash", ERIGON),
    (Kind.KNOWN, -32003, "Tx: [0x1f] already Imported", ANVIL),
    # The nonce was used.
    (Kind.NONCE, -32000, "nonce too low: next nonce 5, tx nonce 4", POOL),
    (Kind.NONCE, -32001, "Nonce too low", BESU),
    (Kind.NONCE, -32010, "OldNonce, Current nonce: 5, nonce of rejected tx: 4", NETHERMIND),
    (Kind.NONCE, -32010, "OwnNonceAlreadyUsed", NETHERMIND),
    (Kind.NONCE, -32000, "nonce too low", ERIGON),
    (Kind.NONCE, -32000, "nonce too low: next nonce 5, tx nonce 4", RETH),
    (Kind.NONCE, -32003, "nonce too low", ANVIL),
    (Kind.OTHER, -32000, "authority nonce too low", POOL),
    (Kind.OTHER, -32006, "Nonce too high", BESU),
    # It offers too little.
    (Kind.FEE, -32000, "transaction underpriced", POOL),
    (
        Kind.FEE, -32000,
        "transaction gas price below minimum: gas tip cap 1000000000, minimum needed 25000000000",
        POOL + ", at Polygon",
    ),
    (Kind.FEE, -32000, "transaction underpriced: tip needed 2, tip permitted 1", GETH + "1.13"),
    (Kind.FEE, -32000, "replacement transaction underpriced", POOL),
    (
        Kind.FEE, -32000,
        "max fee per gas less than block base fee: address 0x15, maxFeePerGas: 1, baseFee: 7",
        GETH + "core/state_transition.go",
    ),
    (Kind.FEE, -32009, "Gas price below configured minimum gas price", BESU),
    (Kind.FEE, -32009, "Gas price below current base fee", BESU),
    (Kind.FEE, -32000, "Replacement transaction underpriced", BESU),
    (Kind.FEE, -32010, "FeeTooLow, MaxFeePerGas too low", NETHERMIND),
    (Kind.FEE, -32010, "FeeTooLowToCompete", NETHERMIND),
    (Kind.FEE, -32010, "ReplacementNotAllowed", NETHERMIND),
    (Kind.FEE, -32000, "fee too low", ERIGON),
    (Kind.FEE, -32000, "underpriced", ERIGON),
    (Kind.FEE, -32000, "could not replace existing tx", ERIGON),
    (
        Kind.FEE, -32003,
        "transaction priority fee below minimum required priority fee 20000000000", RETH,
    ),
    (Kind.FEE, -32000, "max fee per gas less than block base fee", RETH),
    (Kind.FEE, -32003, "max fee per gas less than block base fee", ANVIL),
    (
        Kind.FEE, -32003,
        "Tx: [0x1f] insufficient gas price to replace existing transaction", ANVIL,
    ),
    (
        Kind.FEE, -32000,
        "transaction underpriced: address 0x8db97C have gas tip cap (225000000000) < pool gas tip "
        "cap (470000000000)",
        "Avalanche, " + GITHUB + "ava-labs/coreth/382",
    ),
    # The wallet cannot pay it.
    (
        Kind.FUNDS, -32000,
        "insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1", POOL,
    ),
    (Kind.FUNDS, -32000, "insufficient funds for transfer", GETH + "core/error.go"),
    (Kind.FUNDS, -32004, "Upfront cost exceeds account balance", BESU),
    (
        Kind.FUNDS, -32010,
        "InsufficientFunds, Account balance: 3020000000000000000, cumulative cost: "
        "5809177184380485770",
        GITHUB + "NethermindEth/nethermind/4829",
    ),
    (Kind.FUNDS, -32000, "insufficient sender balance", GITHUB + "NethermindEth/nethermind/11188"),
    (
        Kind.FUNDS, -32000, "insufficient MaxFeePerGas for sender balance",
        GITHUB + "NethermindEth/nethermind/11212",
    ),
    (Kind.FUNDS, -32000, "insufficient funds", ERIGON),
    (
        Kind.FUNDS, -32000, "insufficient funds for gas * price + value: have 1 want 2", RETH,
    ),
    (Kind.FUNDS, -32003, "Insufficient funds for gas * price + value", ANVIL),
    # A contract refused.
    (Kind.REVERT, 3, "execution reverted: not yours", GETH + "internal/ethapi/errors.go"),
    (Kind.REVERT, -32000, "Execution reverted", BESU),
    (Kind.REVERT, -32015, "VM execution error.", "Nethermind and OpenEthereum; data Reverted 0x…"),
    (Kind.REVERT, 3, "execution reverted", RETH),
    (Kind.REVERT, 3, "execution reverted: Some(0x08c379a0)", ANVIL),
    # No such method.
    (
        Kind.METHOD, -32601, "the method eth_simulateV1 does not exist/is not available",
        GETH + "rpc/errors.go",
    ),
    (Kind.METHOD, -32601, "Method not found", BESU),
    (Kind.METHOD, -32604, "Method not enabled", BESU),
    (
        Kind.METHOD, -32601,
        "Unsupported method [eth_sendTransaction]. See available methods at "
        "https://docs.alchemyapi.io/documentation/alchemy-api-reference/json-rpc",
        "Alchemy, " + GITHUB + "alchemyplatform/alchemy-web3/29",
    ),
    (Kind.METHOD, -32600, "Unsupported method: eth_coinbase", "Alchemy, q9f/eth.rb/115"),
    (Kind.METHOD, -32603, "Rpc Endpoint not implemented", ANVIL),
    # Nothing that changes what is done.
    (Kind.OTHER, -32000, "intrinsic gas too low: gas 21000, minimum needed 53000", POOL),
    (Kind.OTHER, -32000, "exceeds block gas limit", POOL),
    (Kind.OTHER, -32000, "invalid sender", POOL),

    (Kind.OTHER, -32000, "oversized data: transaction size 140000, limit 131072", POOL),
    (Kind.OTHER, -32000, "unknown transaction type", GETH + "core/types"),
    (Kind.OTHER, -32000, "gas limit is too high", ERIGON),
    (Kind.OTHER, -32603, "Internal error", BESU),
]  # fmt: skip
