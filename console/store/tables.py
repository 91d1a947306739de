"""The tables of the ground floor. Rooms add theirs in their own `store.py` on the same metadata."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table

metadata = MetaData()

shelf = Table(
    "shelf",
    metadata,
    Column("name", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970, UTC, from the agent's clock
)
