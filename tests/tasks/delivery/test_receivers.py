"""receivers.toml: what it may say, and what it is told when it says something else."""

import pytest

from contracts.errors import UsageError
from tasks.delivery import SecretName, choose_receivers, load_receivers

GOOD = """
[[receiver]]
name = "desk"
kind = "slack"
url = { env = "TRONA_SLACK_URL" }
severity = "warning"
chains = ["sodium_ion"]

[[receiver]]
name = "bot"
kind = "slack"
token = { block = "slack-credentials/desk", field = "token" }
channel = "C123"

[[receiver]]
name = "planning"
kind = "email"
host = "smtp.example.com"
port = 587
security = "starttls"
username = { env = "TRONA_SMTP_USER" }
password = { env = "TRONA_SMTP_PASSWORD" }
sender = "trona@example.com"
to = ["planning@example.com"]

[[receiver]]
name = "hook"
kind = "webhook"
url = { env = "HOOK" }
timeout_seconds = 5

[[receiver]]
name = "here"
kind = "console"
"""


def load(tmp_path, text):
    path = tmp_path / "receivers.toml"
    path.write_text(text, encoding="utf-8")
    return load_receivers(path)


def test_a_file_is_read(tmp_path):
    desk, bot, planning, hook, here = load(tmp_path, GOOD)
    assert desk.url == SecretName(env="TRONA_SLACK_URL")
    assert (desk.severity, desk.chains) == ("warning", ("sodium_ion",))
    assert bot.token == SecretName(block="slack-credentials/desk", field="token")
    assert planning.to == ("planning@example.com",)
    assert set(planning.secret_names) == {"username", "password"}
    assert (hook.timeout_seconds, here.kind) == (5.0, "console")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read") as caught:
        load_receivers(tmp_path / "none.toml")
    assert "none.toml" in caught.value.where
    assert [r.kind for r in choose_receivers("")] == ["console", "file"]


def test_a_setting_of_another_channel_is_refused_not_ignored(tmp_path):
    with pytest.raises(UsageError, match="unknown setting 'port' of a receiver of kind slack"):
        load(tmp_path, '[[receiver]]\nname="a"\nkind="slack"\nurl={env="X"}\nport=25')


def test_an_empty_file_means_nobody(tmp_path):
    assert load(tmp_path, "") == []


OPEN = """[[receiver]]
name = "a"
kind = "email"
host = "h"
sender = "x@y.example"
to = ["a@b.example"]
security = "none"
username = { env = "U" }
password = { env = "P" }
"""
HOOK = "https://hooks.slack.example/services/T0/B0/verysecret"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'[[receiver]]\nname="a"\nkind="slack"\nurl="{HOOK}"', "must name where the secret is"),
        (f'[[receiver]]\nname="a"\nkind="slack"\nurl={{ value="{HOOK}" }}', "must name where the secret is"),
        (f'[[receiver]]\nname="a"\nkind="slack"\nurl={{ env="A", block="{HOOK}" }}', "must name where the secret is"),
        ('[[receiver]]\nname="a"\nkind="slak"', "did you mean slack"),
        ('[[receiver]]\nname="a"\nkind="slack"', "needs url"),
        ('[[receiver]]\nname="a"\nkind="slack"\ntoken={env="T"}', "needs channel"),
        ('[[receiver]]\nname="a"\nkind="console"\nseverty="info"', "did you mean severity"),
        ('[[receiver]]\nname="a"\nkind="console"\nseverity="warn"', "did you mean warning"),
        ('[[receiver]]\nname="a"\nkind="console"\nlanguage="fr"', "known: en, zh"),
        ('[[receiver]]\nkind="console"', "has no name"),
        ('[[receiver]]\nname="a"\nkind="console"\n[[receiver]]\nname="a"\nkind="file"', "two receivers"),
        ('[receiver]\nname="a"', "tables named"),
        ('[[receivers]]\nname="a"', "tables named"),
        ("[[receiver", "not TOML"),
        ('[[receiver]]\nname="a"\nkind="console"\nchains=[1]', "wrong type"),
        ('[[receiver]]\nname="a"\nkind="email"\nport="587"', "wrong type"),
        ('[[receiver]]\nname="a"\nkind="email"\nhost="h"\nsender="x@y.example"', "needs to"),
        (
            '[[receiver]]\nname="a"\nkind="email"\nhost="h"\nsender="x@y.example"\nto=["nobody"]',
            "not an e-mail address",
        ),
        (
            '[[receiver]]\nname="a"\nkind="email"\nhost="h"\nsender="x@y.example"\nto=["a@b.example\\r\\nBcc: c@d.example"]',
            "not an e-mail address",
        ),
        (
            '[[receiver]]\nname="a"\nkind="email"\nhost="h"\nsender="x@y.example"\nto=["a@b.example"]\nusername={env="U"}',
            "belong together",
        ),
        (
            OPEN,
            "unencrypted connection",
        ),
    ],
)
def test_what_is_wrong_is_told_and_a_secret_is_not_repeated(tmp_path, text, says):
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert says in str(caught.value)
    assert "verysecret" not in str(caught.value)
    assert caught.value.__cause__ is None or "verysecret" not in str(caught.value.__cause__)
