"""`manage grant_runtime ROLE`: what the weak runtime role may do. Run by the owner after each migration."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg2 import sql

# History that nobody edits, whatever the application's code tries.
APPEND_ONLY = (
    "complaints_event",
    "complaints_routingdecision",
    # Terms, what was said and decided about findings, and everything that moves money.
    "contracts_contractversion",
    "contracts_clause",
    "contracts_clause_categories",
    "contracts_turnover",
    "contracts_indexvalue",
    "contracts_evidence",
    "contracts_argument",
    "contracts_decision",
    "contracts_reply",
    "contracts_signature",
    "contracts_findingevent",
    "contracts_ledgerentry",
    "contracts_statement",
    "contracts_statementline",
    "contracts_collectionorder",
    "contracts_payment",
    "contracts_dayhead",
)


class Command(BaseCommand):
    help = "Grant the runtime role its rights: rows of every table, but history only to read and add."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role")

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [options["role"]])
            if cursor.fetchone() is None:
                raise CommandError(f"role {options['role']} does not exist")
            grant_runtime(cursor.cursor, options["role"])
        self.stdout.write(f"rights of {options['role']} set")


def grant_runtime(cursor: Any, role: str) -> None:
    """Give `role` its rights on every table and sequence of the public schema (a psycopg2 cursor of the owner)."""
    name = sql.Identifier(role)
    statements = [
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        *(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {{role}}" for table in APPEND_ONLY),
        "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    ]
    for statement in statements:
        cursor.execute(sql.SQL(statement).format(role=name))
    # Tables of its own, which stand before ours in the search path, are none of its business either.
    cursor.execute("SELECT current_database()")
    cursor.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(cursor.fetchone()[0])))
