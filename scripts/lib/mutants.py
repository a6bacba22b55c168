"""Small faults in a module's syntax tree, one at a time."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
import gc
from pathlib import Path
from types import CodeType, FunctionType
from typing import override

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}

# Neither types nor decorators
NOT_VISITED = {"annotation", "returns", "decorator_list", "type_params"}

type _Fault = tuple[ast.AST, str, Callable[[], None]]
"""The node, the description, and a function that applies the fault."""


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One fault."""

    file: Path
    number: int
    """Position among the faults of the file."""
    line: int
    lines: tuple[int, ...]
    """A test that executes one of these lines may notice the fault."""
    text: str

    @property
    def name(self) -> str:
        """Return a name that does not change with the line number."""
        return f"{self.file} {self.text}"

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line} #{self.number}: {self.text}"


def find_mutants(file: Path) -> Iterator[Mutant]:
    """Yield every fault of a module."""
    for number, (statement, (node, text, _)) in enumerate(_faults(_parse(file))):
        line: int = getattr(node, "lineno", statement.lineno)
        end: int = line if isinstance(node, ast.stmt) else getattr(node, "end_lineno", line)
        yield Mutant(file, number, line, (*range(line, end + 1), *_header(statement)), text)


def mutated(mutant: Mutant) -> ast.Module:
    """Return the module's syntax tree with the fault."""
    tree = _parse(mutant.file)
    _, (_, _, put) = list(_faults(tree))[mutant.number]
    put()
    return ast.fix_missing_locations(tree)


def find_functions(files: Iterable[Path]) -> dict[Path, list[FunctionType]]:
    """Return the existing functions of files that are imported."""
    functions: dict[Path, list[FunctionType]] = {file: [] for file in files}
    by_path = {str(file.resolve()): found for file, found in functions.items()}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and (found := by_path.get(thing.__code__.co_filename)) is not None:
            found.append(thing)
    return functions


def exchange(mutant: Mutant, functions: Iterable[FunctionType]) -> bool:
    """Replace the code of the existing functions that have the fault, and return whether that was possible."""
    path = str(mutant.file.resolve())
    old = dict(_codes(compile(_parse(mutant.file), path, "exec")))
    changed = {key: code for key, code in _codes(compile(mutated(mutant), path, "exec")) if code != old.get(key)}
    done = False
    for function in functions:
        code = function.__code__
        if new := changed.get((code.co_qualname, code.co_firstlineno)):
            try:
                function.__code__ = new
            except ValueError:  # it has other free variables
                return False
            done = True
    return done


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield (constant.co_qualname, constant.co_firstlineno), constant
            yield from _codes(constant)


def _parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _header(statement: ast.stmt) -> range:
    """Return the lines of a statement, without those of its body."""
    match getattr(statement, "body", None):
        case [ast.stmt(lineno=first), *_]:
            return range(statement.lineno, max(first, statement.lineno + 1))
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _faults(node: ast.AST, statement: ast.stmt | None = None) -> Iterator[tuple[ast.stmt, _Fault]]:
    """Yield the faults, each with the innermost statement around it."""
    match node:
        case ast.Raise() | ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.TypeAlias():
            return
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return
        case ast.Subscript(slice=ast.Constant(value=0) as index):
            # The last item instead of the first would often be the same.
            assert statement
            yield statement, (index, f"1: {ast.unparse(node)}", partial(setattr, index, "value", 1))
            yield from _faults(node.value, statement)
            return
    if isinstance(node, ast.stmt):
        statement = node
    if statement:
        for fault in _faults_of(node, statement):
            yield statement, fault
    for name, value in ast.iter_fields(node):
        if name in NOT_VISITED or (isinstance(node, ast.JoinedStr) and not isinstance(value, list)):
            continue
        children = value if isinstance(value, list) else [value]
        for place, child in enumerate(children):
            if isinstance(child, ast.stmt) and (missing := _without(children, place, child)):
                yield child, missing
            if isinstance(child, ast.AST) and not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
                yield from _faults(child, statement)


def _without(body: list[ast.stmt], place: int, statement: ast.stmt) -> _Fault | None:
    """Return the fault of a missing statement, or None if the following code would obviously fail."""
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            return None
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            return statement, f"returns None: {ast.unparse(value)}", partial(setattr, statement, "value", None)
        case (
            ast.Expr() | ast.Assign() | ast.AnnAssign(value=ast.expr()) | ast.AugAssign() | ast.Raise() | ast.Delete()
        ) | (ast.Continue() | ast.Break()):
            nothing = ast.copy_location(ast.Pass(), statement)
            return statement, f"without {_first_line(statement)}", partial(body.__setitem__, place, nothing)
    return None


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0]


def _faults_of(node: ast.AST, statement: ast.stmt) -> Iterator[_Fault]:
    """Yield the faults of a node, without its children."""
    source = _first_line(statement if isinstance(node, ast.Constant) else node)
    match node:
        case ast.Compare() | ast.BoolOp() | ast.BinOp() | ast.AugAssign() | ast.UnaryOp():
            yield from _faults_of_operation(node, source)
        case ast.comprehension() | ast.If() | ast.IfExp() | ast.match_case():
            yield from _faults_of_condition(node)
        case ast.Constant():
            for other in _others(node.value):
                yield node, f"{node.value!r} -> {other!r}: {source}", partial(setattr, node, "value", other)
        case ast.Slice():
            for name in ("lower", "upper"):
                if getattr(node, name):
                    yield _assign(node, name, None, source)
        case ast.Name() if node.id in FUNCTIONS:
            yield _assign(node, "id", FUNCTIONS[node.id], source)


def _faults_of_operation(
    node: ast.Compare | ast.BoolOp | ast.BinOp | ast.AugAssign | ast.UnaryOp, source: str
) -> Iterator[_Fault]:
    match node:
        case ast.Compare():
            for place, comparison in enumerate(node.ops):
                other = COMPARISONS[type(comparison)]
                new = [*node.ops[:place], other(), *node.ops[place + 1 :]]
                yield node, f"{other.__name__}: {source}", partial(setattr, node, "ops", new)
        case ast.BoolOp():
            conjunction = isinstance(node.op, ast.And)
            exchanged = ast.Or() if conjunction else ast.And()
            yield node, f"{type(exchanged).__name__}: {source}", partial(setattr, node, "op", exchanged)
            for place, value in enumerate(node.values):
                rest = [*node.values[:place], ast.Constant(conjunction), *node.values[place + 1 :]]
                yield value, f"without {ast.unparse(value)}: {source}", partial(setattr, node, "values", rest)
        case ast.BinOp() | ast.AugAssign():
            operator = OPERATORS[type(node.op)]
            yield node, f"{operator.__name__}: {source}", partial(setattr, node, "op", operator())
        case ast.UnaryOp(op=ast.Not()):
            yield _assign(node, "operand", ast.UnaryOp(ast.Not(), node.operand), source)
        case ast.UnaryOp():
            yield _assign(node, "op", ast.UAdd(), source)


def _faults_of_condition(node: ast.comprehension | ast.If | ast.IfExp | ast.match_case) -> Iterator[_Fault]:
    match node:
        case ast.comprehension():
            for place, condition in enumerate(node.ifs):
                always = partial(node.ifs.__setitem__, place, ast.Constant(True))
                yield condition, f"without if {ast.unparse(condition)}", always
        case ast.If() | ast.IfExp():
            for value in (True, False):
                yield _assign(node, "test", ast.Constant(value), f"if {ast.unparse(node.test)}", node.test)
        case ast.match_case():
            pattern = ast.unparse(node.pattern)
            yield _assign(node, "guard", ast.Constant(False), pattern, node.pattern)
            if node.guard:
                yield _assign(node, "guard", None, pattern, node.guard)


def _assign(node: ast.AST, name: str, new: object, source: str, at: ast.AST | None = None) -> _Fault:
    """Return the fault that gives a field of a node another value, at the position of this node or of another."""
    shown = ast.unparse(new) if isinstance(new, ast.expr) else repr(new)
    return at or node, f"{name} = {shown}: {source}", partial(setattr, node, name, new)


def _others(value: object) -> tuple[object, ...]:
    """Return the values to try instead of a constant."""
    match value:
        case bool():
            return (not value,)
        case int():
            return value + 1, value - 1
        case float():
            return (value * 1.1 or 1.0,)
        case str():
            return (f"{value}~",)
        case bytes():
            return (value + b"~",)
    return ()
