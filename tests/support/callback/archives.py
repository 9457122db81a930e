# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the archives that ansible-core makes of modules from one ansible-playbook to the next.

ansible-core puts a module and all that it imports into an archive, once in each run of a playbook, and Python compiles what is in it once in
each task. The files of a checkout stay as they are while its tests run: here both happen once for all tests. What a module is and how it runs
stays as it is for users.
"""

from __future__ import annotations

DOCUMENTATION = r"""
name: archives
type: aggregate
short_description: Modules are packed and compiled once for all tests
description: Does it in the folder that E(AML_TEST_ARCHIVES) names, and nothing without it.
"""

import base64
import io
import marshal
import os
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from ansible import constants
from ansible.executor import module_common
from ansible.plugins.callback import CallbackBase

_COMPILED = ".compiled"
# Python does not compare bytecode of this kind with its source (PEP 552): flags, and a hash that is not looked at.
_UNCHECKED = (1).to_bytes(4, "little") + bytes(8)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "archives"

    def __init__(self):
        super().__init__()
        self.folder = os.environ.get("AML_TEST_ARCHIVES")
        if self.folder:
            Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(self.folder)

    def v2_playbook_on_stats(self, stats):
        if not self.folder:
            return
        for path in Path(self.folder).iterdir():
            if not path.name.endswith((_COMPILED, ".lock", "-part")):
                self._compile(path)

    @staticmethod
    def _compile(path):
        """Add the bytecode. Other playbooks may read the archive meanwhile; only one of them gets to compile it."""
        try:
            Path(f"{path}{_COMPILED}").touch(exist_ok=False)
        except FileExistsError:
            return
        kept = module_common._CachedModule.load(str(path))
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(base64.b64decode(kept.zip_data))) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for entry in old.infolist():
                source = old.read(entry)
                new.writestr(entry, source)
                if entry.filename.endswith(".py"):
                    code = compile(source, entry.filename, "exec", dont_inherit=True)
                    new.writestr(f"{entry.filename}c", MAGIC_NUMBER + _UNCHECKED + marshal.dumps(code))
        compiled = base64.b64encode(out.getvalue())
        module_common._CachedModule(zip_data=compiled, metadata=kept.metadata, source_mapping=kept.source_mapping).dump(
            str(path)
        )
