"""The documentation is held to the program: commands exist, options are known, files are there, settings are complete."""

import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from pipeline.cli.app import app
from pipeline.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "mappings/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
COMMAND = re.compile(r"^ {4}(?:\S*bin/|docker compose exec \S+ )?newswire (.*?)(?: +[#>].*)?$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def documented_commands() -> list[str]:
    return sorted({line for page in PAGES for line in COMMAND.findall(page.read_text(encoding="utf-8"))})


@pytest.mark.parametrize("line", documented_commands())
def test_a_documented_command_is_understood(line: str) -> None:
    arguments = shlex.split(line)
    command = typer.main.get_command(app)
    context = command.make_context("newswire", arguments, resilient_parsing=False)
    # A group with no command behind it, such as stories, does something itself.
    while hasattr(command, "resolve_command") and (rest := [*context._protected_args, *context.args]):
        _, command, arguments = command.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(str(command.name), list(arguments), parent=context)
    assert context.command.name
    assert not hasattr(command, "resolve_command") or command.invoke_without_command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [field.name for field in fields(Settings) if f"`NEWSWIRE_{field.name.upper()}`" not in readme] == []


def test_the_architecture_names_files_that_exist() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert [name for name in re.findall(r"`((?:pipeline|mappings)/[\w./]*)`", page) if not (ROOT / name).exists()] == []


def test_the_architecture_has_the_layers_that_are_held() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [held] = [each["layers"] for each in project["tool"]["importlinter"]["contracts"] if each["type"] == "layers"]
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    lines = page[page.index("\n    cli\n") :].strip("\n").partition("\n\n")[0].splitlines()
    said = [line.strip().partition("  ")[0] for line in lines]  # what a layer is for stands behind its modules
    assert [layer.split(", ") for layer in said] == [layer.split(" | ") for layer in held]


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:^ {4}|`)make ([a-z]+)", page.read_text(), re.MULTILINE)}
    assert named <= targets


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/reliability.md"])
def test_what_is_said_to_be_tested_is(page: str) -> None:
    named = re.findall(r"`((?:tests|benchmarks)/[\w./]+)`", (ROOT / page).read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).is_file()] == []
