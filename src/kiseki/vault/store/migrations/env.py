"""What Alembic runs: every migration that is missing, in the transaction that is open already."""

from alembic import context

from kiseki.vault.store.tables import metadata

if hasattr(context, "config"):  # whoever only imports this runs nothing
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,
    )
    context.run_migrations()
