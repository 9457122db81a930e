# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium, where there is one."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# What a page writes on its console, scripts' errors and refusals of its policy among it.
_CONSOLE = re.compile(r'CONSOLE[^\]]*\] "(.*)", source: (\S+)')


def browse(page: str, probe: str, folder: Path, width: int) -> tuple[dict[str, t.Any], list[str]]:
    """Open the page in a frame of that width; what the function body ``probe`` returns there, and what was written on the console."""
    assert CHROMIUM is not None
    show = "const out = document.createElement('pre'); out.id = 'told'; out.textContent = JSON.stringify(told()); document.body.append(out);"
    script = f"const told = () => {{{probe}}}; {show}"
    # The test's script beside the one that the page's policy lets run.
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    probed = page.replace("script-src ", f"script-src 'sha256-{allowed}' ").replace(
        "</body>", f"<script>{script}</script></body>"
    )
    (folder / "probe.html").write_text(probed)
    # A window of headless Chromium is never narrower than 500 pixels.
    frame = f'<iframe src="probe.html" width="{width}" height="900" frameborder="0"></iframe>'
    (folder / "frame.html").write_text(
        frame
        + "<script>onload = () => document.body.append(document.querySelector('iframe').contentDocument.getElementById('told'))</script>"
    )
    own = [
        "--allow-file-access-from-files",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1500,1000",
        "--virtual-time-budget=2000",
    ]
    own += ["--enable-logging=stderr", "--dump-dom", f"file://{folder}/frame.html"]
    done = subprocess.run([CHROMIUM, *FLAGS, *own], capture_output=True, text=True, timeout=120, check=False)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    answer: dict[str, t.Any] = json.loads(html.unescape(found.group(1)))
    return answer, [message for message, _source in _CONSOLE.findall(done.stderr)]
