# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's memory: resource documents and bookkeeping in one SQLite file.

Resource ids compare without case, and the id as it was first written is the one that is shown (ARM's rule).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    subscription TEXT NOT NULL, doc TEXT NOT NULL, private TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS resources_type ON resources (type, subscription);
CREATE TABLE IF NOT EXISTS kv (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, space TEXT NOT NULL, key TEXT NOT NULL COLLATE NOCASE, value TEXT NOT NULL,
    UNIQUE (space, key));
CREATE TABLE IF NOT EXISTS operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, status TEXT NOT NULL, due REAL NOT NULL,
    target TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS operations_due ON operations (status, due);
CREATE INDEX IF NOT EXISTS operations_target ON operations (target, status);
"""


def type_of(resource_id: str) -> str:
    """`Microsoft.X/y/z` of an id: the last provider in it counts."""
    parts = resource_id.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    if "providers" in lowered:
        at = len(lowered) - 1 - lowered[::-1].index("providers")
        rest = parts[at + 1 :]
        return "/".join([*rest[:1], *rest[1::2]])
    return "Microsoft.Resources/" + ("resourceGroups" if "resourcegroups" in lowered else "subscriptions")


def subscription_of(resource_id: str) -> str:
    parts = resource_id.strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0].lower() == "subscriptions" else ""


class Store:
    """Documents by id; every read gives a fresh copy."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.executescript(_SCHEMA)
        self.generation = 0
        self._depth = 0

    def get(self, resource_id: str) -> dict[str, Any] | None:
        row = self.db.execute("SELECT doc FROM resources WHERE key=?", (_key(resource_id),)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, resource_id: str, doc: dict[str, Any], *, private: dict[str, Any] | None = None) -> None:
        self.generation += 1
        key = _key(resource_id)
        row = self.db.execute("SELECT id FROM resources WHERE key=?", (key,)).fetchone()
        first = row[0] if row else "/" + resource_id.strip("/")
        text = json.dumps({**doc, "id": first})
        hidden = None if private is None else json.dumps(private)
        if row:
            self.db.execute("UPDATE resources SET doc=?, private=COALESCE(?, private) WHERE key=?", (text, hidden, key))
            return
        kind = str(doc.get("type") or type_of(first)).lower()
        self.db.execute(
            "INSERT INTO resources (key, id, type, subscription, doc, private) VALUES (?, ?, ?, ?, ?, ?)",
            (key, first, kind, subscription_of(first).lower(), text, hidden or "{}"),
        )

    def private(self, resource_id: str) -> dict[str, Any]:
        row = self.db.execute("SELECT private FROM resources WHERE key=?", (_key(resource_id),)).fetchone()
        return json.loads(row[0]) if row else {}

    def delete(self, resource_id: str) -> bool:
        """Delete the resource and every child below it; false when there was no such resource."""
        self.generation += 1
        key = _key(resource_id)
        gone = self.db.execute("DELETE FROM resources WHERE key=?", (key,)).rowcount
        self.db.execute("DELETE FROM resources WHERE key >= ? AND key < ?", (key + "/", key + "0"))
        return gone > 0

    def children(self, prefix_id: str, type: str | None = None) -> list[dict[str, Any]]:
        """Resources under that id, of one type or of any, in the order of their creation."""
        key = _key(prefix_id)
        sql, values = "SELECT doc FROM resources WHERE key >= ? AND key < ?", [key + "/", key + "0"]
        if type is not None:
            sql, values = sql + " AND type=?", [*values, type.lower()]
        return [json.loads(row[0]) for row in self.db.execute(sql + " ORDER BY seq", values)]

    def by_type(self, subscription_id: str | None, type: str) -> list[dict[str, Any]]:
        """All of one type in a subscription (None: in any), in the order of their creation."""
        sql, values = "SELECT doc FROM resources WHERE type=?", [type.lower()]
        if subscription_id is not None:
            sql, values = sql + " AND subscription=?", [*values, subscription_id.lower()]
        return [json.loads(row[0]) for row in self.db.execute(sql + " ORDER BY seq", values)]

    def kv_get(self, space: str, key: str) -> Any:
        row = self.db.execute("SELECT value FROM kv WHERE space=? AND key=?", (space, key)).fetchone()
        return json.loads(row[0]) if row else None

    def kv_put(self, space: str, key: str, value: Any) -> None:
        self.db.execute(
            "INSERT INTO kv (space, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (space, key) DO UPDATE SET value=excluded.value",
            (space, key, json.dumps(value)),
        )

    def kv_delete(self, space: str, key: str) -> bool:
        return self.db.execute("DELETE FROM kv WHERE space=? AND key=?", (space, key)).rowcount > 0

    def kv_items(self, space: str) -> list[tuple[str, Any]]:
        rows = self.db.execute("SELECT key, value FROM kv WHERE space=? ORDER BY seq", (space,))
        return [(key, json.loads(value)) for key, value in rows]

    def clear(self) -> None:
        """Forget everything."""
        self.generation += 1
        for table in ("resources", "kv", "operations"):
            self.db.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner one is a savepoint of the outer one."""
        name = f"level{self._depth}"
        self.db.execute("BEGIN" if self._depth == 0 else f"SAVEPOINT {name}")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            self.generation += 1
            self.db.execute("ROLLBACK" if self._depth == 0 else f"ROLLBACK TO {name}")
            if self._depth:
                self.db.execute(f"RELEASE {name}")
            raise
        self._depth -= 1
        self.db.execute("COMMIT" if self._depth == 0 else f"RELEASE {name}")


def _key(resource_id: str) -> str:
    return "/" + resource_id.strip("/").lower()
