"""Temporary databases of the recorder.

SQLite is always tested. MariaDB and PostgreSQL are tested if RECORDER_MARIADB_URL and RECORDER_POSTGRESQL_URL name a server
to create databases on, for example `mysql+pymysql://root@127.0.0.1:3306/` and `postgresql://postgres@127.0.0.1:5432/`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

SERVERS = {"mariadb": "RECORDER_MARIADB_URL", "postgresql": "RECORDER_POSTGRESQL_URL"}


@contextmanager
def temporary_database(kind: str) -> Iterator[str]:
    """Yield the URL of a new database on the server of a kind, and drop the database on exit."""
    server = make_url(os.environ[SERVERS[kind]])
    name = f"anavi_weather_{uuid4().hex}"

    def run(statement: str) -> None:
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    run(f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if kind == "mariadb" else " ENCODING 'UTF8'"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        run(f"DROP DATABASE {name}" + ("" if kind == "mariadb" else " WITH (FORCE)"))
