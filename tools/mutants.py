"""What can be broken in a contract: one change to one place of its syntax tree, for `mutate.py`."""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# What stands in for an operator: for a comparison its other boundary, and its opposite.
OPERATORS = {
    "<": ["<=", ">="],
    "<=": ["<", ">"],
    ">": [">=", "<="],
    ">=": [">", "<"],
    "==": ["!="],
    "!=": ["=="],
    "&&": ["||"],
    "||": ["&&"],
    "+": ["-"],
    "-": ["+"],
    "*": ["/"],
    "/": ["*"],
    "%": ["*"],
    "&": ["|"],
    "|": ["&"],
    "^": ["&"],
    "<<": [">>"],
    ">>": ["<<"],
    "+=": ["-=", "="],
    "-=": ["+=", "="],
    "|=": ["&=", "="],
    "&=": ["|=", "="],
}
YUL_OPERATORS = {
    "add": "sub",
    "sub": "add",
    "mul": "div",
    "div": "mul",
    "mod": "mul",
    "and": "or",
    "or": "and",
    "xor": "and",
    "shl": "shr",
    "shr": "shl",
    "lt": "gt",
    "gt": "lt",
}
# Swapping the arguments of these changes nothing, or is another mutant already.
YUL_SYMMETRIC = {"add", "mul", "and", "or", "xor", "eq", "lt", "gt"}
ENCODERS = {"encode", "encodePacked", "encodeWithSelector", "encodeCall"}
CONDITIONAL = {"IfStatement", "Conditional", "WhileStatement", "ForStatement"}
# Nothing in these is code.
SKIPPED = {
    "EventDefinition",
    "ErrorDefinition",
    "StructDefinition",
    "EnumDefinition",
    "ImportDirective",
    "PragmaDirective",
    "UsingForDirective",
    "ElementaryTypeName",
    "UserDefinedTypeName",
    "ArrayTypeName",
    "Mapping",
    "ModifierDefinition.name",
    "StructuredDocumentation",
    "InheritanceSpecifier",
}


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    kind: str
    before: str
    after: str
    text: str
    """The line, as in the source."""
    start: int
    end: int

    def apply(self, source: bytes) -> str:
        return (source[: self.start] + self.after.encode() + source[self.end :]).decode()

    def lot(self, seed: str) -> str:
        """Where it stands in a sample: by what it is, so that other changes do not move it."""
        drawn = f"{seed}\0{self.file}\0{self.text}\0{self.before}\0{self.after}"
        return hashlib.sha256(drawn.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.kind}: {short(self.before)} -> {short(self.after)}"


def short(text: str) -> str:
    text = " ".join(text.split()) or "(nothing)"
    return text if len(text) <= 70 else text[:67] + "…"


def mutants(file: str, source: bytes, tree: Json) -> list[Mutant]:
    """Every mutant of one file, in the order of the source."""
    found: dict[tuple[int, int, str], Mutant] = {}
    for start, end, kind, after in changes(tree, source, None):
        before = source[start:end].decode()
        line = source.count(b"\n", 0, start) + 1
        text = source.split(b"\n")[line - 1].decode().strip()
        if after != before:
            found.setdefault(
                (start, end, after), Mutant(file, line, kind, before, after, text, start, end)
            )
    return [found[place] for place in sorted(found)]


Change = tuple[int, int, str, str]


def changes(node: Any, source: bytes, parent: Json | None) -> Iterator[Change]:
    if isinstance(node, list):
        for child in node:
            yield from changes(child, source, parent)
    elif isinstance(node, dict) and node.get("nodeType") not in SKIPPED:
        if "nodeType" in node and "src" in node:
            yield from own_changes(node, source, parent)
        for name, child in node.items():
            if isinstance(child, dict | list) and name not in ("typeDescriptions", "typeName"):
                yield from changes(child, source, node if "nodeType" in node else parent)


def place(node: Json) -> tuple[int, int]:
    start, length, _ = (int(number) for number in node["src"].split(":"))
    return start, start + length


def text_of(node: Json, source: bytes) -> str:
    start, end = place(node)
    return source[start:end].decode()


def own_changes(node: Json, source: bytes, parent: Json | None) -> Iterator[Change]:
    start, end = place(node)
    match node["nodeType"]:
        case "BinaryOperation":
            left, right = node["leftExpression"], node["rightExpression"]
            yield from between(place(left)[1], place(right)[0], source, node["operator"])
            if node["operator"] in ("&&", "||"):
                for side in (left, right):
                    yield from forced(side, source, "true", "false")
        case "Assignment":
            left, right = node["leftHandSide"], node["rightHandSide"]
            yield from between(place(left)[1], place(right)[0], source, node["operator"])
        case "UnaryOperation":
            inner = text_of(node["subExpression"], source)
            if node["operator"] in ("!", "~"):
                yield start, end, "negation", inner
            elif node["operator"] in ("++", "--"):
                other = "--" if node["operator"] == "++" else "++"
                yield start, end, "operator", other + inner if node["prefix"] else inner + other
        case "Literal" if node["kind"] == "number":
            yield from numbers(node, source)
        case "Literal" if node["kind"] == "bool":
            yield start, end, "constant", "false" if node["value"] == "true" else "true"
        case "Literal" if node["kind"] == "string":
            quoted = text_of(node, source)
            yield start, end, "constant", quoted[:1] + "!" + quoted[1:]
        case "FunctionCall":
            yield from swaps(node["arguments"], source, encodes(node))
        case "ModifierInvocation" if node.get("kind") == "modifierInvocation":
            yield start, end, "modifier", ""
        case "ExpressionStatement" | "EmitStatement" | "Break" | "Continue" | "Return":
            yield from deleted(start, end, source)
        case "RevertStatement" if parent and parent["nodeType"] != "IfStatement":
            yield from deleted(start, end, source)
        case "YulFunctionCall":
            yield from yul_calls(node, source)
        case "YulLiteral" if node["kind"] == "number":
            yield from numbers(node, source)
        case "YulExpressionStatement" | "YulAssignment" | "YulBreak" | "YulContinue":
            yield start, end, "deletion", "{}"
        case "YulSwitch":
            yield from forced(node["expression"], source, "1", "0")
    if "condition" in node:
        yes, no = ("true", "false") if node["nodeType"] in CONDITIONAL else ("1", "0")
        condition = node["condition"]
        yield from forced(condition, source, yes, no)
        # Of a comparison the opposite is among the operators.
        if condition and condition.get("operator") not in ("<", "<=", ">", ">=", "==", "!="):
            begin, finish = place(condition)
            inner = source[begin:finish].decode()
            yield begin, finish, "condition", f"!({inner})" if yes == "true" else f"iszero({inner})"


def between(start: int, end: int, source: bytes, operator: str) -> Iterator[Change]:
    """The operator stands between its operands, maybe among spaces and brackets."""
    at = source.index(operator.encode(), start, end)
    for other in OPERATORS.get(operator, []):
        yield at, at + len(operator), "operator", other


def deleted(start: int, end: int, source: bytes) -> Iterator[Change]:
    """With its semicolon, which the last part of a `for` has not."""
    if source[end - 1 : end] == b";" or source[end : end + 1] == b";":
        yield start, source.index(b";", end - 1) + 1, "deletion", "{}"
    else:
        yield start, end, "deletion", ""


def forced(condition: Json | None, source: bytes, yes: str, no: str) -> Iterator[Change]:
    if condition:
        for value in (yes, no):
            yield *place(condition), "condition", value


def numbers(node: Json, source: bytes) -> Iterator[Change]:
    whole = text_of(node, source)
    digits = whole.split()[0]
    try:
        value = int(digits.replace("_", ""), 0)
    except ValueError:
        return
    for other in (value + 1, value - 1):
        if other >= 0:
            number = f"0x{other:0{len(digits) - 2}x}" if digits.startswith("0x") else str(other)
            yield *place(node), "constant", whole.replace(digits, number, 1)


def encodes(call: Json) -> bool:
    return call["expression"].get("memberName") in ENCODERS


def swaps(arguments: list[Json], source: bytes, any_type: bool) -> Iterator[Change]:
    """Neighbouring arguments of one type; of any type where they are only encoded."""
    for a, b in itertools.pairwise(arguments):
        same = a["typeDescriptions"]["typeString"] == b["typeDescriptions"]["typeString"]
        if same or any_type:
            yield swap(a, b, source)


def swap(a: Json, b: Json, source: bytes) -> Change:
    (start, middle), (resume, end) = place(a), place(b)
    return (
        start,
        end,
        "swap",
        (source[resume:end] + source[middle:resume] + source[start:middle]).decode(),
    )


def yul_calls(node: Json, source: bytes) -> Iterator[Change]:
    name, arguments = node["functionName"]["name"], node["arguments"]
    start, end = place(node)
    whole = source[start:end].decode()
    if name in YUL_OPERATORS:
        yield *place(node["functionName"]), "operator", YUL_OPERATORS[name]
    if name in ("lt", "gt"):
        opposite = YUL_OPERATORS[name] + whole[len(name) :]
        yield start, end, "operator", f"iszero({opposite})"
    if name == "iszero":
        yield start, end, "negation", text_of(arguments[0], source)
    if name not in YUL_SYMMETRIC:
        for a, b in itertools.pairwise(arguments):
            yield swap(a, b, source)
