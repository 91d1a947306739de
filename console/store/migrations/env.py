"""Alembic's entry: the store hands its connection over."""

from __future__ import annotations

from alembic import context

from console.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
