"""Postgres: schema, migrations, every SQL statement, one repository per aggregate."""
