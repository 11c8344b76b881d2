from logging.config import fileConfig

from alembic import context
from flask import current_app

config = context.config
fileConfig(config.config_file_name)
migrate = current_app.extensions["migrate"]


def run_migrations_online():
    with migrate.db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=migrate.db.metadata)
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
