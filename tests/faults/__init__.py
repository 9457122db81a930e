# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With AML_TEST_ACTIONS set, the modules run through their action plugins."""

from __future__ import annotations

import os

if os.environ.get("AML_TEST_ACTIONS"):
    # Ansible's loader of collections must be there before the collection is imported.
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader()
