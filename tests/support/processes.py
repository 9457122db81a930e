# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of the long tables in several processes.

Not ``multiprocessing.Pool``: after an error it ends its processes by SIGTERM, which the code under test handles as its users want it, and then waits for ever.
"""

from __future__ import annotations

import multiprocessing
import typing as t
from concurrent.futures import ProcessPoolExecutor, as_completed

_Case = t.TypeVar("_Case")
_Found = t.TypeVar("_Found")


def each(
    work: t.Callable[[_Case], _Found], cases: t.Iterable[_Case], processes: int, start: str = "fork"
) -> t.Iterator[_Found]:
    """What ``work`` returns for each case, in the order in which they end. An error of one ends all, and has the case as a note."""
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context(start)) as pool:
        running = {pool.submit(work, case): case for case in cases}
        try:
            for done in as_completed(running):
                if error := done.exception():
                    error.add_note(f"The case is {running[done]}.")
                    raise error
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)
