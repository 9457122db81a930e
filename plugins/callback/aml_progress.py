# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: aml_progress
type: notification
short_description: Tell what happens to each compute target while a fleet is worked on
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - While a task of M(azureml.compute.aml_fleet) works, one line for each target when it starts and when it ends, and from time to time one for
    each that is still under way. All lines are plain and stand below each other, on a terminal, in AWX and in files alike.
  - Needs a local connection. Tasks elsewhere, and tasks in check mode, tell nothing.
  - Says nothing unless it is enabled, with C(callbacks_enabled) in C(ansible.cfg) or E(ANSIBLE_CALLBACKS_ENABLED).
options:
  interval:
    description: After how many seconds to tell again what is still under way. V(0) never does.
    type: float
    default: 30
    ini:
      - section: callback_aml_progress
        key: interval
    env:
      - name: AML_PROGRESS_INTERVAL
requirements:
  - enabled in the configuration
"""

import os
import tempfile
import threading
import time

from ansible.plugins.callback import CallbackBase

from ..module_utils._progress import VARIABLE, Board, parse

# How often to look for events, in seconds.
_LOOK = 0.2


class CallbackModule(CallbackBase):
    """Reads the events of modules in a thread; ``Display`` is made to be used from several (ansible-core's own results thread does)."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "azureml.compute.aml_progress"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook):
        handle, self.path = tempfile.mkstemp(prefix="aml-progress-")
        os.close(handle)
        self.before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = self.path
        self.interval = float(self.get_option("interval"))
        self.board = Board()
        self.ended = threading.Event()
        self.reader = threading.Thread(target=self._read, name="aml_progress", daemon=True)
        self.reader.start()

    def v2_playbook_on_stats(self, stats):
        self.ended.set()
        self.reader.join()
        os.unlink(self.path)
        if self.before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = self.before

    def _read(self):
        told = time.monotonic()
        with open(self.path, encoding="utf-8") as events:
            rest = ""
            while True:
                # Asked before reading: what was written until the end is still told.
                last = self.ended.is_set()
                rest += events.read()
                *lines, rest = rest.split("\n")
                if self._tell(lines):
                    told = time.monotonic()
                elif self.interval and time.monotonic() - told >= self.interval:
                    told = time.monotonic()
                    self._say(self.board.still(told))
                if last:
                    return
                self.ended.wait(_LOOK)

    def _tell(self, lines):
        events = [event for event in map(parse, lines) if event is not None]
        self._say(line for line in (self.board.take(event, time.monotonic()) for event in events) if line)
        return bool(events)

    def _say(self, lines):
        for line in lines:
            self._display.display(f"  {line}")
