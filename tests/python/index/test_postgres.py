"""The PostgreSQL that tests of the index run on is a real one, and a new one for each test."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

TABLES = sa.MetaData()
PAID = sa.Table(
    "paid", TABLES, sa.Column("payee", sa.LargeBinary), sa.Column("amount", sa.Numeric(39, 0))
)


@pytest.fixture
def engine(postgres: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(sa.make_url(postgres).set(drivername="postgresql+psycopg"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_is_written_is_read_again_exactly(engine: sa.Engine, turn: str) -> None:
    """By SQLAlchemy and psycopg, above 2^63; and what the first test wrote, the second lacks."""
    assert engine.dialect.name == "postgresql"
    assert sa.inspect(engine).get_table_names() == []
    TABLES.create_all(engine)
    rows = [{"payee": bytes([n]) * 32, "amount": 2**128 - n} for n in range(3)]
    with engine.begin() as connection:
        connection.execute(sa.insert(PAID), rows)
    with engine.connect() as connection:
        assert [row._asdict() for row in connection.execute(sa.select(PAID))] == rows
        assert connection.scalar(sa.select(sa.func.sum(PAID.c.amount))) == 3 * 2**128 - 3
