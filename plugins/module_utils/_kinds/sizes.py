# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vCPUs of a virtual machine size, offline where the name contains them.

Azure's naming convention puts the number of vCPUs behind the family's letters (virtual-machines/vm-naming-conventions); a number behind a dash
is that of a constrained size. The first generations of A, D and G, and D v2, count differently: they are in a table, from the pages about the sizes.
"""

from __future__ import annotations

import re

_NAME = re.compile(
    r"^(?:Standard|Basic)_(?P<family>[A-Z]+?)(?P<number>\d+)(?:-(?P<constrained>\d+))?(?P<features>[a-z]*)(?P<rest>(?:_[A-Z0-9]+)*?)(?:_v(?P<version>\d+))?\Z",
    re.IGNORECASE,
)
_D = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 11: 2, 12: 4, 13: 8, 14: 16, 15: 20}
_A = {0: 1, 1: 1, 2: 2, 3: 4, 4: 8, 5: 2, 6: 4, 7: 8, 8: 8, 9: 16, 10: 8, 11: 16}
_G = {1: 2, 2: 4, 3: 8, 4: 16, 5: 32}


def vcpus(size: str) -> int | None:
    """The size's vCPUs, or None if only the service knows them."""
    match = _NAME.match(size)
    if match is None:
        return None
    if match["constrained"]:
        return int(match["constrained"])
    number, version = int(match["number"]), int(match["version"] or 1)
    family = match["family"].upper()
    # "DS3_v2" and "D3_v2" are one row; the s of newer names follows the number.
    plain = family[:-1] if family in ("DS", "GS") else family
    table = {("D", 1): _D, ("D", 2): _D, ("A", 1): _A, ("G", 1): _G}.get((plain, version))
    return number if table is None else table.get(number)
