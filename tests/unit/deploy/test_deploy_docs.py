"""docs/getting-started.md says what is there."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.support.deployed import DEPLOY, OVERLAYS, ROOT, full_compose, overlay, parse_command, required_variables, setting_names

PAGE = ROOT / "docs" / "getting-started.md"
TEXT = PAGE.read_text()
LINES = [line.split(" #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
COMMANDS = sorted({match[1] for line in LINES for match in [re.search(r"(?:^|-- |bin/|exec \w+ )squall (.+)$", line)] if match})
SERVICES = full_compose("compose.yaml")["services"]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_ours(command: str) -> None:
    parse_command(shlex.split(command))


def test_there_are_commands_to_check() -> None:
    assert {"doctor", "kafka setup", "alerts test"} <= set(COMMANDS)


def test_services_and_arguments_of_compose_are_there() -> None:
    for line in LINES:
        match = re.search(r"docker compose (?:exec|logs|restart) (\S+)|docker compose run --rm (\S+) (.*)", line)
        if match:
            assert (match[1] or match[2]) in SERVICES
            if match[3]:
                parse_command(shlex.split(match[3]))


def test_secrets_variables_and_files_are_those_of_the_compose_file() -> None:
    loop = re.search(r"for name in (.*); do", TEXT)
    assert loop
    assert set(loop[1].split()) == required_variables((DEPLOY / "compose.yaml").read_text())
    known = {*setting_names(), "SQUALL_SECRETS_DIR"}
    assert {name.rstrip("_") for name in re.findall(r"SQUALL_[A-Z0-9_]*[A-Z0-9]", TEXT)} <= known
    for path in re.findall(r"deploy/[\w./-]+", TEXT):
        if "/mine" not in path:
            assert (ROOT / path.rstrip(".")).exists(), path


def test_addresses_are_those_that_are_published() -> None:
    published = {int(port.split(":")[1]) for service in SERVICES.values() for port in service.get("ports", [])}
    named = {int(port) for port in re.findall(r"\| (?:http://)?127\.0\.0\.1:(\d+)", TEXT)}
    assert named == published


def test_names_in_kubernetes_are_there() -> None:
    for name in OVERLAYS:
        there = {(each["kind"].lower(), each["metadata"]["name"]) for each in overlay(name)}
        named = set(re.findall(r"(deployment|job|service|scaledobject)[/ ](squall-[\w-]+)", "\n".join(LINES)))
        assert named <= there
        assert len(named) >= 5


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]+)?\)", TEXT):
        assert (PAGE.parent / target).exists(), target
