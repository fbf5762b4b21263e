"""Servers and rows for the tests of delivery."""

import logging

import pytest

from tests.tasks.delivery.servers import HttpServer, MailServer, SlackApi


@pytest.fixture
def http():
    server = HttpServer()
    yield server
    server.close()


@pytest.fixture
def slack_api():
    server = SlackApi()
    yield server
    server.close()


@pytest.fixture
def mail_server(tmp_path):
    servers: list[MailServer] = []

    def start(**options) -> MailServer:
        servers.append(MailServer(tmp_path, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def everything_logged(caplog):
    """All log records of all libraries, down to DEBUG."""
    caplog.set_level(logging.DEBUG)
    return caplog
