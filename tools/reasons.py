"""Finds every reason that a page can tell, so that the catalogue holds it in every language.

A reason is the message of an error. In the code it is an f-string; in the catalogue its values are
``{a}``, ``{b}`` and so on, in order, by which `kiseki.language.reasons` knows the sentence again.
`python tools/language.py` asks this, and writes `src/kiseki/language/locale/reasons.json`.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kiseki import errors

__all__ = ["UNSEEN", "reasons", "seen"]

SOURCE = Path(__file__).resolve().parents[1] / "src" / "kiseki"
FIRST = "kiseki.web.app"
"""All pages stand in what this imports, and all that they ask."""

UNSEEN = {
    "__init__.py": "names what Python programs import",
    "chain/anvil.py": "starts a node for a sandbox or a test",
    "chain/contract/events.py": "reading the chain",
    "chain/history.py": "reading the chain",
    "chain/logs.py": "reading the chain",
    "chain/release/": "deploys and verifies contracts; pages ask those that are there",
    "chain/signing/": "opens the wallet of whoever runs the site, before the first page",
    "core/laid.py": "read on the command line, where somebody trained",
    "vault/laid.py": "likewise",
    "vault/erasing.py": "of who keeps a vault, on the command line",
    "vault/forgetting.py": "likewise",
    "vault/personal/": "likewise",
    "core/reproduction.py": "a document that cannot be read tells nothing",
    "core/run.py": "a document that cannot be read tells nothing",
    "vault/published.py": "read before the first page",
    "core/stamp.py": "read from files of weights on the command line",
    "core/told.py": "part of core/run.py",
    "core/said.py": "likewise",
    "client/data/derivations.py": "no page states anything",
    "client/data/gates.py": "no page lets anybody into a gate",
    "client/data/openings.py": "no page reveals anything",
    "client/data/series.py": "no page states anything",
    "client/data/speaking.py": "no page states anything",
    "client/data/standing.py": "no page asks for a standing consent",
    "client/identities.py": "no page binds an identity",
    "client/local.py": "starts a node, as chain/anvil.py",
    "client/market/": "no page sells",
    "client/models/": "no page registers a model",
    "client/named.py": "what somebody types on the command line",
    "client/release.py": "of the market",
    "client/revenue/redirects.py": "no page redirects payouts",
    "client/revenue/splits.py": "no page publishes a split",
    "client/revenue/statements.py": "no page pays a statement",
    "client/revenue/titles.py": "no page makes a title",
    "client/revenue/waterfalls.py": "no page makes a waterfall",
    "client/rights/": "no page moves a rights token",
    "client/settings.py": "read before the first page",
    "client/signedfiles.py": "files on the command line",
    "client/statements.py": "no page states anything",
    "client/withdrawals/": "no page answers a withdrawal",
    "core/amounts.py": "amounts that somebody types",
    "core/bmff.py": "a file that breaks the format is told without its reason",
    "core/compose.py": "of what models declare, which no page registers",
    "core/conditions.py": "of schedules, which no page makes",
    "core/credentials.py": "a file that breaks the format is told without its reason",
    "core/derived.py": "a document that cannot be read tells nothing",
    "core/evidence.py": "of receipts, which pages read in the browser",
    "core/manifest.py": "of models",
    "core/metadata.py": "of rights tokens, which no page mints",
    "core/offer.py": "of the market",
    "core/registrations.py": "of proofs of a node",
    "core/rlp.py": "of proofs of a node",
    "core/schedule.py": "of schedules",
    "core/series.py": "a document that cannot be read tells nothing",
    "core/splitlist.py": "of splits, which no page publishes",
    "core/state.py": "of proofs of a node",
    "core/statement.py": "of statements",
    "core/sumtree.py": "of splits and models",
    "core/title.py": "of titles",
    "core/trained.py": "of files of weights, which no page reads",
    "core/trainers.py": "of files of weights, which no page reads",
    "core/waterfall.py": "of waterfalls",
    "core/weighing.py": "of manifests, which no page makes",
    "core/weights.py": "of models",
    "core/withdrawal.py": "an answer that breaks the format is passed over",
    "index/facts/fold.py": "reading the chain; what is wrong there stands in the log",
    "index/facts/rebuild.py": "reading the chain; what is wrong there stands in the log",
    "index/store/": "reading the chain; what is wrong there stands in the log",
    "index/writer.py": "reading the chain; what is wrong there stands in the log",
    "language/": "what is asked in a language that there is not",
    "sync/": "reading the chain",
    "vault/backups.py": "no page makes a backup",
    "vault/age/": "a page says only that the vault cannot answer",
    "vault/handing/clocks.py": "no page hands anything out",
    "vault/handing/cosigners.py": "no page cosigns",
    "vault/handing/handout.py": "no page hands anything out",
    "vault/handing/ledger.py": "a page says only that there is no such receipt",
    "vault/handing/living.py": "no page names another caller",
    "vault/handing/receipts.py": "of receipts that programs read",
    "vault/keys/": "opened before the first page",
    "vault/log/": "a page says only that the vault cannot answer",
    "vault/objects/": "likewise",
    "vault/resealing.py": "opened before the first page",
    "vault/rewrapping.py": "of who keeps a vault, on the command line",
    "vault/setup.py": "likewise",
    "vault/shelf.py": "a page says only that the vault cannot answer",
    "vault/titles.py": "likewise",
    "vault/vault.py": "opened before the first page",
    "vault/older.py": "key stores of older releases, opened before the first page",
    "vault/store/migrations/": "opened before the first page",
    "vault/receipts.py": "of receipts, which pages read in the browser",
    "vault/sealed.py": "of receipts",
}
"""What pages import and no page tells, and why. Whatever is not named here is translated."""

PARTS = (
    "{a}({b}); {c}",
    "{a}, row {b}",
    "{a}, row {b} (line {c})",
    "{a}, column {b}",
    "{a}, row {b}, column {c}",
    "{a}, row {b} (line {c}), column {d}",
    "{a}, row {b}, column {c}: {d}",
    "{a}, row {b}: {c}",
    "{a}, column {b}: {c}",
    "{a}: {b}",
    "row {a}, {b}",
    "row {a}, where it comes from: {b}",
    "row {a}, ",
    "{a} file is",
    "{a} files are",
    "{a} is {b}: {c}",
    "{a} are each {b}: {c}",
    "{a} must be written in percent, like '20%', not {b}",
    "this does not say what was signed; ask whoever made it why",
    "this is no signed revocation; sign one with `kiseki data revoke --sign`",
    "this vault was asked too often; ask again in {a} s",
    "this vault has nothing for you under this ID for this use now; if you hold a licence, check "
    "its use, its end, and the wallet that you signed in with",
    "a copy that a cloud made of a conflict",
    "a digest of zeros, which no content has",
    "a download that is not finished",
    "a file of zeros, which was never filled",
    "a folder of a system, not of a person",
    "a link that leads out of the folder of the list",
    "a list of checksums",
    "a page or message in place of a picture, film or sound",
    "a pointer to a file that is elsewhere (Git LFS, git-annex); fetch the files first",
    "a shortcut",
    "a sidecar, which says something about another file",
    "a stand-in for a file that is in a cloud",
    "a temporary file",
    "an empty file",
    "made by a system and not by a person",
    "the lock of an office program",
    "File name too long",
    "Input/output error",
    "Is a directory",
    "No space left on device",
    "No such file or directory",
    "Not a directory",
    "Permission denied",
    "Read-only file system",
    "Too many open files",
)
"""What messages are made of that no error says by itself: places in a table, why a file is doubtful
(`kiseki.vault.doubts`), and what systems say of files."""

_SAME = {
    "EIP712Domain({a})", "after", "are", "bytecode", "is",
    "string name,string version,uint256 chainId,address verifyingContract",
    "counter", "data", "deployedBytecode", "gauge",
    "kiseki", "notice_seconds", "problem", "valid_until", "wei",
}  # fmt: skip
"""Names that programs give, which are the same in every language."""

_INTERNAL = {"IndexInconsistent", "IndexUnusable"}  # told without their words
_OURS = {
    "AskedTooOften", "Closed", "HTTPException", "NoInvitation", "NotGiven", "NotSignedIn",
    "Refused", "Shut", "TooMany",
}  # fmt: skip
_CLASSES = ({*errors.__all__} - _INTERNAL) | _OURS
_Local = Mapping[str, list[ast.expr]]
_MESSAGE = {"HTTPException": 1, "Refused": 1, "ContractReverted": 2, "DifferentValues": 2}
"""Which argument is the message, where it is not the first."""
_NAMED = {"what", "why"}
"""Arguments that say what a value is, in the errors of whoever checks it, or what is wrong."""


@dataclass(frozen=True, slots=True)
class _Module:
    name: str
    tree: ast.Module
    texts: dict[str, str]  # constants that are texts


@cache
def _modules() -> dict[str, _Module]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        tree = ast.parse(path.read_bytes())
        texts = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = node.value
                if isinstance(value, ast.Call) and _called(value) == "mark" and value.args:
                    value = value.args[0]
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    texts[node.targets[0].id] = value.value
        found[name] = _Module(name, tree, texts)
    return found


def _imported(module: _Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def seen() -> list[str]:
    """The modules of which pages can tell a reason."""
    found: set[str] = set()
    waits = [FIRST]
    while waits:
        name = waits.pop()
        if name in found or name not in _modules():
            continue
        found.add(name)
        waits += _imported(_modules()[name])
    return sorted(name for name in found if not _is_unseen(name))


def _is_unseen(name: str) -> bool:
    path = name.removeprefix("kiseki").removeprefix(".").replace(".", "/")
    plain = f"{path}.py" if path else "__init__.py"
    return any(plain == each or f"{path}/".startswith(each) for each in UNSEEN if each)


def reasons() -> dict[str, str]:
    """Every reason, and the module that gives it."""
    named = dict(_naming())
    found = dict.fromkeys(PARTS, "../tools/reasons")
    for name in seen():
        module = _modules()[name]
        path = name.removeprefix("kiseki.").replace(".", "/")
        for node, local in _nodes(module.tree, {}):
            for said in _said(node, named, name):
                for text in _texts(said, module, local):
                    if text not in _SAME and sum(map(str.isalpha, _plain(text))) > 1:
                        found.setdefault(text, path)
    return found


def _nodes(node: ast.AST, local: _Local) -> Iterator[tuple[ast.AST, _Local]]:
    """All of a tree, each with what the function around it keeps under which name."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        known: dict[str, list[ast.expr]] = {}
        for each in ast.walk(node):
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
                known.setdefault(each.targets[0].id, []).append(each.value)
        local = known
    yield node, local
    for child in ast.iter_child_nodes(node):
        yield from _nodes(child, local)


def _said(node: ast.AST, named: dict[str, int], module: str) -> Iterator[ast.expr]:
    """The messages, and the names of values, that a call gives; what somebody can do about each
    error of a contract."""
    if module.endswith(".advice") and isinstance(node, ast.Dict):
        yield from node.values
    if not isinstance(node, ast.Call):
        return
    called = _called(node)
    if called in _CLASSES:
        place = _MESSAGE.get(called, 0)
        if len(node.args) > place:
            yield node.args[place]
    if called in named and len(node.args) > named[called]:
        yield node.args[named[called]]
    yield from (each.value for each in node.keywords if each.arg in _NAMED)


def _naming() -> Iterator[tuple[str, int]]:
    """The functions that are told what a value is, and as which argument."""
    for module in _modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in node.args.args if each.arg not in ("self", "cls")]
                for name in _NAMED.intersection(names):
                    yield node.name, names.index(name)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _texts(said: ast.expr, module: _Module, local: _Local) -> Iterator[str]:
    """A message as the catalogue has it, and what stands in it for some of its values."""
    if isinstance(said, ast.IfExp):
        yield from (text for e in (said.body, said.orelse) for text in _texts(e, module, local))
    elif isinstance(said, ast.BoolOp):
        yield from (text for each in said.values for text in _texts(each, module, local))
    elif isinstance(said, ast.Name) and said.id in local:
        inner = {name: given for name, given in local.items() if name != said.id}
        yield from (text for each in local[said.id] for text in _texts(each, module, inner))
    elif isinstance(said, ast.Name | ast.Attribute):
        text = _constant(said, module)
        if text is not None:
            yield text
    elif isinstance(said, ast.Constant | ast.JoinedStr | ast.BinOp):
        parts = list(_parts(said))
        letters, text = iter(string.ascii_lowercase), ""
        for part in parts:
            text += part if isinstance(part, str) else f"{{{next(letters)}}}"
        if any(isinstance(part, str) for part in parts):
            yield text
        for part in parts:
            if isinstance(part, ast.IfExp | ast.BoolOp | ast.Name | ast.Attribute):
                yield from _texts(part, module, local)


def _constant(said: ast.Name | ast.Attribute, module: _Module) -> str | None:
    """A text that a module keeps under a name."""
    if isinstance(said, ast.Attribute):
        return next((e.texts[said.attr] for e in _modules().values() if said.attr in e.texts), None)
    if said.id in module.texts:
        return module.texts[said.id]
    for node in ast.walk(module.tree):
        names = node.names if isinstance(node, ast.ImportFrom) else ()
        if any((each.asname or each.name) == said.id for each in names):
            from_ = _modules().get(str(getattr(node, "module", "")))
            return None if from_ is None else from_.texts.get(said.id)
    return None


def _parts(said: ast.expr) -> Iterable[str | ast.expr]:
    """The texts and values that a message is made of, in order."""
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        yield said.value.replace("{", "{{").replace("}", "}}")
    elif isinstance(said, ast.JoinedStr):
        for each in said.values:
            yield from _parts(each.value if isinstance(each, ast.FormattedValue) else each) or [
                each
            ]
    elif isinstance(said, ast.BinOp) and isinstance(said.op, ast.Add):
        yield from _parts(said.left)
        yield from _parts(said.right)
    else:
        yield said


def _plain(text: str) -> str:
    return "".join(each for each, *_ in string.Formatter().parse(text))
