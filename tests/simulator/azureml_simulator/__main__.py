# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m azureml_simulator` does what the console script `azureml-simulator` does."""

from __future__ import annotations

import sys

from azureml_simulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
