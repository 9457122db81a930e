# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every hostile form of answer from a server on the loopback, with the collection's own limits: which code ended it, and after how long.

python -m scripts.limits                  the table; exit code 1 where something did not end as it must
python -m scripts.limits --write FILE     also as Markdown
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.azureml.compute.plugins.module_utils._arm import transport
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError
from ansible_collections.azureml.compute.tests.support import hostile
from ansible_collections.azureml.compute.tests.support.certificates import certificate

from .command import add_write, publish

RETRY_TIMEOUT, WAIT_TIMEOUT, RETRIES, LONGEST = 5.0, 5.0, 2, 60.0


def run(name: str, tls: tuple[Path, Path]) -> tuple[str, str, str, float, int, bool]:
    """Form, what was asked for, the code that ended it, seconds, requests, and whether it ended as it must."""
    form, what, code = hostile.FORMS[name]
    with hostile.Server(form, tls) as server:
        started = time.monotonic()
        try:
            hostile.ask(server, what, wait_timeout=WAIT_TIMEOUT, retries=RETRIES, retry_timeout=RETRY_TIMEOUT)
            ended = "not refused"
        except AmlError as error:
            ended = error.code
        except Exception as error:  # what a module would call an internal error
            ended = type(error).__name__
        took = time.monotonic() - started
        return name, what, ended, took, server.requests, ended in code.split(" or ") and took < LONGEST


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_write(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(4) as pool:
        tls = certificate(Path(folder))
        rows = list(pool.map(lambda name: run(name, tls), hostile.FORMS))
    bad = [row for row in rows if not row[-1]]
    table = ["| answer | asked for | ended with | after | requests |", "|---|---|---|---|---|"]
    table += [
        f"| {name} | {what} | {'' if good else 'NOT AS IT MUST: '}{code} | {took:.1f} s | {count} |"
        for name, what, code, took, count, good in rows
    ]
    table += [
        "",
        f"With `retry_timeout` {RETRY_TIMEOUT:g} s, `wait_timeout` {WAIT_TIMEOUT:g} s and {RETRIES} retries; one exchange has at least "
        f"{transport.SHORTEST_EXCHANGE:g} s. {len(rows)} forms, {len(bad)} that did not end as they must within {LONGEST:g} s.",
    ]
    publish(table, options.write)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
