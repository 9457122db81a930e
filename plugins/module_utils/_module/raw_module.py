# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleModule that keeps null apart from unset, checks what AnsibleModule would convert, and hides secrets in all that it says."""

from __future__ import annotations

import re
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from .._core import readable, redact, safe_yaml
from .._core.findings import refuse
from .._options import specs, values
from . import all_wrong
from .result import Result


class RawModule(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """Keeps the arguments as they were given: AnsibleModule itself makes null and unset the same.

    With ``definition_kinds``, the arguments are merged with those of the definition before AnsibleModule checks them; and AnsibleModule is not left to
    make something else of a value (see ``_options.values``). ``refused`` is what is wrong; nothing else is then checked, and the task must fail with it.

    ``long``: options with long lists of which ``invocation`` and the system's log show the number of items; what was done with them is in the result.
    """

    params: dict[str, t.Any]
    argument_spec: specs.Spec
    no_log_values: set[str]
    # The arguments after those of the definition were merged in, before AnsibleModule has seen them.
    raw: dict[str, t.Any] = {}
    # The same, also when they were refused.
    asked: dict[str, t.Any] = {}

    def __init__(
        self,
        *,
        definition_kinds: t.Sequence[str] = (),
        free_form: t.Sequence[str] = (),
        long: t.Sequence[str] = (),
        **arguments: t.Any,
    ) -> None:
        self.definition_kinds = definition_kinds
        self.free_form = free_form
        self.long = long
        self.refused: Exception | None = None
        try:
            super().__init__(**arguments)
        except Exception as error:  # AnsibleModule's validation refused the arguments, or could not deal with them
            if self.refused is not None:
                raise
            self.refused = error
            # Without the arguments, so that the task can fail as any other does.
            super().__init__(**arguments)

    def _load_params(self) -> None:
        super()._load_params()
        self.no_log_values = redact.Secrets(self.no_log_values)
        redact.KNOWN.clear()
        redact.SHOWN.clear()
        redact.SHOWN.update(self._shown_variables())
        try:
            self._take_arguments()
        # The funnel of run() takes it: what AnsibleModule does not expect here would be printed as it is.
        except Exception as error:
            self.refused = self.refused or error
        if self.refused is not None:
            self.params = {name: value for name, value in self.params.items() if name.startswith("_ansible_")}
            self.argument_spec = {name: {**row, "required": False} for name, row in self.argument_spec.items()}
            self.required_if = self.required_by = self.required_together = self.required_one_of = None
        # AnsibleModule validates its own deep copy, and takes over only what is at the top.
        self.raw = self.params
        # For AnsibleModule a null is not one of an option's choices, although it may mean that there is no value: ``raw`` keeps it.
        self.params = values.without_null_choices(self.argument_spec, self.params)

    def _take_arguments(self) -> None:
        """Hide the secrets of the arguments, all of them before AnsibleModule writes to the system's log, or fails; merge the definition; check the values."""
        # What cannot be walked cannot be searched for secrets, and is shown nowhere.
        safe_yaml.check_depth(self.params, "The options")
        self._hide_secrets()
        if self.definition_kinds and self.params.get("definition") is not None:
            # Few tasks have a definition: the others need not pay for its import.
            from .._options import definition

            self.params = definition.merge(self.params, self.argument_spec, self.definition_kinds)
            self._hide_secrets()
        self.asked = self.params
        names = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
        constraints = {name: getattr(self, name) for name in names}
        module = str(self.params.get("_ansible_module_name", self._name))
        refuse(all_wrong.spec_findings(self.argument_spec, self.params, module, **constraints))

    def _hide_secrets(self) -> None:
        if self.definition_kinds:
            self.hide(redact.in_definition(self.params.get("definition")))
        self.hide(redact.in_options(self.argument_spec, self.params))
        self.hide(redact.in_free_form([self.params.get(name) for name in self.free_form]))
        redact.hide_variables(redact.parsed(self.params))

    def _shown_variables(self) -> set[str]:
        names = self.params.get("show_variables") or ()
        return (
            {part.strip() for part in (names.split(",") if isinstance(names, str) else map(str, names))}
            if isinstance(names, (str, list))
            else set()
        )

    def hide(self, secrets: t.Iterable[str | None]) -> None:
        """Keep these texts, in any encoding, out of all that the module says from now on."""
        for secret in secrets:
            if secret:
                self.no_log_values.add(redact.printed(secret))
                redact.KNOWN.add(redact.printed(secret))

    def hidden(self, text: str) -> str:
        """A message as it may be shown."""
        masked = redact.KNOWN.mask(text)
        return str(remove_values(redact.printable(redact.without_signatures(masked)), self.no_log_values))

    def _hidden(self, texts: list[str]) -> list[str]:
        """Many texts as they may be shown, searched together: each task logs all of its options."""
        printable = [redact.printable(redact.without_signatures(text)) for text in redact.KNOWN.mask_tree(texts)]
        return list(map(str, remove_values(printable, self.no_log_values)))

    def masked(self, tree: t.Any) -> t.Any:
        """Values as they may be shown."""
        redact.hide_variables(tree)
        shown = redact.KNOWN.mask_tree(redact.without_values(readable.readable(tree), redact.SHOWN))
        return remove_values(shown, self.no_log_values)

    def _shown_arguments(self) -> Result:
        params = dict(self.params)
        for name in self.long:
            if isinstance(params.get(name), (list, dict)):
                params[name] = f"{len(params[name])} items"
        return self._safe(redact.parsed(params))

    def _safe(self, result: Result) -> Result:
        shown = readable.readable(result)
        if shown is not result:
            self.warn(
                "ansible-core can read neither the names "
                f"{', '.join(readable.NAMES)} nor half of a surrogate pair in a result. Where a resource has one of them, as in a tag, "
                "the result shows the name with an underscore at its end, and the half in hexadecimal digits."
            )
        return t.cast(Result, redact.KNOWN.mask_tree(redact.without_values(shown, redact.SHOWN)))

    # --- the ways out; ansible-core itself takes them too, when it refuses an argument ---

    def exit_json(self, **result: t.Any) -> None:
        # ansible-core adds the arguments.
        self.params = self._shown_arguments()
        super().exit_json(**self._safe(result))

    def fail_json(self, msg: str, **result: t.Any) -> None:
        if self.refused is None and (errors := self._validation_errors()):
            refuse(all_wrong.ansible_findings(errors, self.argument_spec, self._name))
        self.params = self._shown_arguments()
        super().fail_json(msg=self.hidden(str(msg)), **self._safe(result))

    def _validation_errors(self) -> list[Exception]:
        """All errors of AnsibleModule's validation, which fails with the first of them."""
        result = getattr(self, "validation_result", None)
        return [] if result is None else list(result.errors)

    def warn(self, warning: str, **more: t.Any) -> None:
        # A separate line would pass for one of Ansible's.
        super().warn(re.sub(r"\n(?=\S)", "\n  ", self.hidden(str(warning))), **more)

    def log(self, msg: t.Any, log_args: t.Any = None) -> None:
        # The text of the arguments, in which a mapping is one text.
        arguments = self._shown_arguments()
        given: dict[str, t.Any] = dict(log_args or {})
        logged = [name for name, value in given.items() if not str(value).startswith("NOT_LOGGING")]
        texts = self._hidden([str(arguments.get(name)) for name in logged])
        public = {**given, **dict(zip(logged, texts, strict=True))}
        text = " ".join(f"{name}={value}" for name, value in public.items())
        super().log(f"Invoked with {text}" if public else self.hidden(str(msg)), public or None)
