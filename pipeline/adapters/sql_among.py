"""A column's value among any number of others, given as one parameter: SQL that is compiled once, however many there are."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    TableValuedAlias,
    Text,
    bindparam,
    column,
    func,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Values(TypeDecorator[Sequence[Any]]):
    """JSON on SQLite, an array on PostgreSQL."""

    impl = Text
    cache_ok = True

    def __init__(self, of: type[TypeEngine[Any]]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's
        return value if dialect.name == "postgresql" else json.dumps(value)


class _Among(FunctionElement[bool]):
    # Without a type: SQLAlchemy writes "= 1" behind a Boolean for SQLite, which then finds no index for it.
    inherit_cache = True


def unnest(connection: Connection, of: TypeEngine[Any], values: str = "values") -> TableValuedAlias:
    """Return the parameter of that name, a list, as a table ``asked`` with a column ``value``."""
    parameter, value = bindparam(values, type_=_Values(type(of))), column("value", of)
    if connection.dialect.name == "sqlite":
        return func.json_each(parameter).table_valued(value, name="asked")
    return func.unnest(parameter).table_valued(value, name="asked").render_derived()


def among(one: Column[Any], values: str = "values") -> ColumnElement[bool]:
    """Return the condition that the column's value is one of the parameter's of that name, a list."""
    return _Among(one, bindparam(values, type_=_Values(BigInteger if isinstance(one.type, Integer) else Text)))


@compiles(_Among, "sqlite")
def _compile_for_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - a column's name and a parameter's


@compiles(_Among, "postgresql")
def _compile_for_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as above
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY({values})"
