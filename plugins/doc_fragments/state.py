# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.STATE_SPEC``, and of the result keys that come with it."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  on_immutable_change:
    description:
      - What to do when a declared value of an immutable field differs.
      - V(fail) fails without a change, with the reason for each field.
      - V(recreate) deletes the resource and creates it again with its current and the declared values, then reads it again to verify
        the new values. It refuses while the resource is in use, unless O(force=true).
      - V(ignore) keeps the current values of these fields, with a warning, and changes the others.
    type: str
    choices: [fail, recreate, ignore]
    default: fail
  force:
    description:
      - Whether O(on_immutable_change=recreate) may interrupt running nodes and jobs.
    type: bool
    default: false
notes:
  - RV(ignore:plan) describes what was done, or in check mode would be done. Its C(action) is V(none), V(create), V(update), V(replace) or V(delete);
    C(changes) has for each field C(field), C(before), C(after), C(mutability) and, if it is immutable, the C(reason); C(reason) is why a
    resource is created, replaced or deleted. C(diff) is always returned, for the declared fields.
  - RV(ignore:auth) describes the credential that was used (C(source), C(method), C(tenant), C(client_id)), without secrets.
  - RV(ignore:operation) is returned with O(wait=false). Its C(url) is the URL of the running operation.
  - When a task fails, RV(ignore:failure) has C(code) and C(message), the HTTP C(status), the service's C(request_id), C(details), the
    C(target) and a C(hint) what to do. The code is the service's own, or one of RV(ignore:failure.code=ImmutableChange), V(InUse),
    V(NotApplied), V(WaitTimeout), V(KindMismatch) and the codes of the offline rules.
"""
