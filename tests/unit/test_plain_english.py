# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read has no idioms of its own (scripts/plain_english.py)."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.scripts import plain_english

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def plain() -> types.ModuleType:
    return plain_english


def test_nothing_that_people_read_has_an_idiom(plain: types.ModuleType) -> None:
    assert [str(hit) for hit in plain.hits()] == []


def test_all_kinds_of_files_are_checked(plain: types.ModuleType) -> None:
    names = {path.relative_to(ROOT).as_posix() for path in plain.files(plain.CHECKED)}
    assert {
        "README.md",
        "Makefile",
        "docs/errors.md",
        "roles/aml_compute/README.md",
        "roles/aml_compute/tasks/manage.yml",
        "playbooks/fleet.yml",
    } <= names
    assert {
        "plugins/modules/aml_fleet.py",
        "plugins/doc_fragments/auth.py",
        "docs/docsite/rst/guide_fleet.rst",
    } <= names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It is created anew.", ["anew"]),
        ("Nobody can log in; somebody did.", ["Nobody", "somebody"]),
        ("Mend the causes.", ["Mend"]),
        ("The state that the service told; it tells more.", ["told", "tells"]),
        ("It is no more. No more than 5.", ["no more"]),
        ("Left out, it is 5. Leave the option out.", ["Left out", "Leave the option out"]),
        ("It looks at what there is.", ["looks at", "what there is"]),
        ("It has the right to write. On the right side.", ["the right"]),
        ("It needs rights on it.", ["rights"]),
        ("The folder is no folder. It is no longer there. There is no reason.", ["is no folder"]),
        ("A run goes on and is joined.", ["goes on", "is joined"]),
        ("What became of\neach target.", ["became of"]),
        ("A wish. Told apart.", ["wish", "Told"]),
        ("It stands in the file. A standard. It stands for a host.", ["stands in", "stands for"]),
        ("An operation under way. Not any more.", ["under way", "any more"]),
        ("A file of its own, beside the others, lies in the folder.", ["of its own", "beside", "lies in"]),
        (
            "5 at the most, what is to be created, and everybody takes it away.",
            ["at the most", "is to be created", "everybody", "takes it away"],
        ),
        ("It reads the current state, fixes errors and continues.", []),
    ],
)
def test_idioms_are_found_with_a_better_word(plain: types.ModuleType, text: str, words: list[str]) -> None:
    found = list(plain.in_text(text, "file.md"))
    assert [hit.words for hit in found] == words and all(hit.better for hit in found)
    assert all(re.match(r"file\.md:\d+: .+ -> .+", str(hit)) for hit in found)


def test_the_line_is_the_one_that_has_the_idiom(plain: types.ModuleType) -> None:
    assert [hit.line for hit in plain.in_text("one\n\n  two anew\nthree somebody\n", "f.md")] == [3, 4]
    source = 'X = 1\nDOCUMENTATION = r"""\nmodule: x\ndescription: Made anew.\n"""\n'
    assert [hit.line for hit in plain.in_python(source, "plugins/modules/x.py")] == [4]


PYTHON = '''"""{module}"""
# {comment}
DOCUMENTATION = r"""
description: {documentation}
"""


def told(nobody: str) -> None:
    """{docstring}"""
    raise Error(f"{{nobody}} {message}")
'''
PLACES = ("module", "comment", "documentation", "docstring", "message")


@pytest.mark.parametrize("place", PLACES)
def test_of_python_files_all_texts_are_checked_and_no_identifier(plain: types.ModuleType, place: str) -> None:
    words = dict.fromkeys(PLACES, "is created again.")
    assert list(plain.in_python(PYTHON.format(**words), "plugins/modules/x.py")) == []
    source = PYTHON.format(**{**words, place: "is created anew."})
    (line,) = [number for number, text in enumerate(source.splitlines(), 1) if "anew" in text]
    assert [(hit.line, hit.words) for hit in plain.in_python(source, "plugins/modules/x.py")] == [(line, "anew")]


def test_an_idiom_that_continues_on_the_next_line_of_a_comment_is_found(plain: types.ModuleType) -> None:
    source = "x = 1\n# The row is left\n# out here.\n# Another comment.\n"
    assert [(hit.line, hit.words) for hit in plain.in_python(source, "x.py")] == [(2, "left out")]


@pytest.mark.parametrize("name", ["README.md", "docs/guide.rst", "roles/a/tasks/main.yml", "playbooks/a.yml"])
def test_an_idiom_in_any_other_file_is_found(
    plain: types.ModuleType, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "ROOT", tmp_path)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    task = "- name: Create it anew\n  a.b.c:\n" if path.suffix == ".yml" else "It is created anew.\n"
    path.write_text(task)
    assert [(hit.path, hit.line, hit.words) for hit in plain.hits([name])] == [(name, 1, "anew")]


def test_task_names_start_with_a_verb(plain: types.ModuleType) -> None:
    source = """
- name: A play
  hosts: all
  tasks:
    - name: Create a group
      azure.x.group: {name: Nothing}
    - name: The rest
      block:
        - name: What became known
          ansible.builtin.debug: {}
      rescue:
        - name: Show the error
          ansible.builtin.debug: {}
"""
    assert [(hit.line, hit.words) for hit in plain.task_names(source, "playbooks/x.yml")] == [
        (2, "A play"),
        (7, "The rest"),
        (9, "What became known"),
    ]


def test_short_descriptions_of_modules_start_with_a_verb(plain: types.ModuleType) -> None:
    texts = {
        path.stem: re.search(r"^short_description: (.+)$", path.read_text(), re.MULTILINE)
        for path in (ROOT / "plugins" / "modules").glob("*.py")
    }
    assert len(texts) >= 20
    assert [name for name, found in texts.items() if found is None or not found[1].startswith(plain.MODULE_VERBS)] == []
