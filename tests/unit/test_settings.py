from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.fetch.retries import WAITS
from pipeline.model.grant import Grant
from pipeline.settings import KEYS, SECRETS, read_settings


def test_the_default_is_embedded_below_one_folder(tmp_path: Path) -> None:
    settings = read_settings({"NEWSWIRE_HOME": str(tmp_path)})
    assert settings.ledger_url == f"sqlite:///{tmp_path}/ledger.sqlite"
    assert settings.archive_url == f"{tmp_path}/archive"
    assert settings.search_url == f"sqlite:///{tmp_path}/search.sqlite"
    assert settings.sources is None
    assert settings.allowed_networks == ()
    assert settings.host_delay == 1.0


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read_settings({"NEWSWIRE_HOME": ""}).home == Path(".newswire").absolute()


def test_credentials_in_the_search_address_are_taken_out_of_it() -> None:
    settings = read_settings({"NEWSWIRE_SEARCH_URL": "https://writer:s%40crt@search.example:9200"})
    assert settings.search_url == "https://search.example:9200"
    assert (settings.search_user, settings.search_password) == ("writer", "s@crt")


def test_several_instances_share_an_elasticsearch_by_their_alias() -> None:
    assert read_settings({}).search_alias == "articles"
    assert read_settings({"NEWSWIRE_SEARCH_ALIAS": "staging_articles"}).search_alias == "staging_articles"
    with pytest.raises(UsageError, match="NEWSWIRE_SEARCH_ALIAS is 'Articles'; write lower-case"):
        read_settings({"NEWSWIRE_SEARCH_ALIAS": "Articles"})


def test_no_secret_is_printed() -> None:
    settings = read_settings(
        {
            "NEWSWIRE_LEDGER_URL": "postgresql+psycopg://n:hush1@db/newswire",
            "NEWSWIRE_SEARCH_URL": "https://n:hush2@search.example",
            "NEWSWIRE_SEARCH_API_KEY": "hush3",
            "NEWSWIRE_SERVE_TOKEN": "hush4-hush4-hush4-hush4",
            "NEWSWIRE_WEBHOOK_SECRET": "hush7",
            "NEWSWIRE_WARCS": "https://n:hush5@crawl.example/",
            "NEWSWIRE_ARCHIVE_URL": "s3://n:hush6@bucket/archive",
        }
    )
    assert "hush" not in repr(settings)


def test_a_process_has_the_key_of_its_grant_or_else_the_writers() -> None:
    keys = {"NEWSWIRE_SEARCH_API_KEY": "w", "NEWSWIRE_SEARCH_READER_API_KEY": "r"}
    assert read_settings(keys).search_api_key == "w"
    assert read_settings(keys, grant=Grant.READER).search_api_key == "r"
    assert read_settings(keys, grant=Grant.ADMIN).search_api_key == "w"
    assert read_settings({"NEWSWIRE_SEARCH_READER_API_KEY": "r"}).search_api_key is None


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_lie_in_a_file(name: str, tmp_path: Path) -> None:
    secret = "https://hush.example" if name.endswith("_URL") else "hush, hush, hush, hush"
    file = tmp_path / "secret"
    file.write_text(secret + "\n")
    grant = next((grant for grant, variable in KEYS.items() if variable == name), Grant.WRITER)
    assert read_settings({f"{name}_FILE": str(file)}, grant=grant) == read_settings({name: secret}, grant=grant)
    with pytest.raises(UsageError, match=f"{name} and {name}_FILE are both set"):
        read_settings({name: secret, f"{name}_FILE": str(file)})


def test_a_secrets_file_that_is_none_is_named_without_its_content(tmp_path: Path) -> None:
    binary, empty = tmp_path / "binary", tmp_path / "empty"
    binary.write_bytes(b"hush\xff")
    empty.touch()
    for path, said in (
        (binary, "is no UTF-8 text"),
        (empty, "is empty"),
        (tmp_path / "none", "cannot be read: No such"),
    ):
        with pytest.raises(UsageError, match=f"NEWSWIRE_SEARCH_API_KEY_FILE: {path} {said}") as caught:
            read_settings({"NEWSWIRE_SEARCH_API_KEY_FILE": str(path)})
        assert "hush" not in str(caught.value)
        assert caught.value.__cause__ is None or "hush" not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, "hush\nhush")
            for name in ("NEWSWIRE_SEARCH_USER", "NEWSWIRE_SEARCH_PASSWORD", "NEWSWIRE_SERVE_TOKEN")
        ),
        *((name, f"hush{sign}hush") for name in KEYS.values() for sign in "\n\r\x7f€"),
        ("NEWSWIRE_SEARCH_PASSWORD", "hush\udcffhush"),
    ],
)
def test_a_secret_that_cannot_be_sent_is_named_without_its_value(name: str, value: str) -> None:
    grant = next((grant for grant, variable in KEYS.items() if variable == name), Grant.WRITER)
    with pytest.raises(UsageError, match=f"^{name} has a sign that no ") as caught:
        read_settings({name: value}, grant=grant)
    assert "hush" not in f"{caught.value}{caught.value.__cause__}"


def test_a_password_may_have_any_letters() -> None:
    assert read_settings({"NEWSWIRE_SEARCH_PASSWORD": "Füchse: 狐 ok"}).search_password == "Füchse: 狐 ok"


@pytest.mark.parametrize("url", ["https://n:12/hush@search.example", "https://n:12#hush@h", "https://n:12?hush@h"])
def test_a_password_that_breaks_its_address_is_not_taken_for_a_path(url: str) -> None:
    with pytest.raises(UsageError, match="NEWSWIRE_SEARCH_URL must be") as caught:
        read_settings({"NEWSWIRE_SEARCH_URL": url})
    assert "hush" not in str(caught.value)


def test_an_authority_is_a_pem_file_and_checks_something(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    for url, path, said in (
        ("https://search.example", file, "holds no certificates"),
        ("https://search.example", tmp_path / "none.pem", "cannot be read: No such file"),
        ("http://search.example", file, "no https:// address: nothing is checked"),
    ):
        with pytest.raises(UsageError, match=said):
            read_settings({"NEWSWIRE_SEARCH_URL": url, "NEWSWIRE_SEARCH_CA": str(path)})


def test_everything_is_kept_unless_a_retention_is_set() -> None:
    assert read_settings({"NEWSWIRE_RETENTION_MONTHS": ""}).retention_months is None
    assert read_settings({"NEWSWIRE_RETENTION_MONTHS": "12"}).retention_months == 12
    assert read_settings({}).prune_days == 90
    assert read_settings({"NEWSWIRE_PRUNE_DAYS": "7"}).prune_days == 7
    assert read_settings({}).reprint_days == 365
    assert read_settings({"NEWSWIRE_REPRINT_DAYS": "30"}).reprint_days == 30


def test_networks_are_read_as_cidrs() -> None:
    settings = read_settings({"NEWSWIRE_ALLOWED_NETWORKS": "127.0.0.0/8, ::1/128"})
    assert settings.allowed_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def test_the_contact_is_sent_as_given() -> None:
    assert read_settings({"NEWSWIRE_CONTACT": "https://news.example/bot"}).contact == "https://news.example/bot"


def test_waits_are_read_with_their_units() -> None:
    settings = read_settings({"NEWSWIRE_RETRIES": "90s,2m, 1h", "NEWSWIRE_REVISITS": "none"})
    assert settings.retries == (timedelta(seconds=90), timedelta(minutes=2), timedelta(hours=1))
    assert settings.revisits == ()
    assert read_settings({}).retries == WAITS


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NEWSWIRE_ALLOWED_NETWORKS", "loopback"),
        ("NEWSWIRE_ALLOWED_NETWORKS", "10.0.0.1/8"),
        ("NEWSWIRE_FETCH_SECONDS", "0"),
        ("NEWSWIRE_FETCH_SECONDS", "121"),
        ("NEWSWIRE_HOST_DELAY", "soon"),
        ("NEWSWIRE_HOST_DELAY", "-1"),
        ("NEWSWIRE_HOST_DELAY", "nan"),
        ("NEWSWIRE_RETENTION_MONTHS", "0"),
        ("NEWSWIRE_RETENTION_MONTHS", "-3"),
        ("NEWSWIRE_RETENTION_MONTHS", "2.5"),
        ("NEWSWIRE_RETENTION_MONTHS", "none"),
        ("NEWSWIRE_RETENTION_MONTHS", "1201"),
        ("NEWSWIRE_PRUNE_DAYS", "0"),
        ("NEWSWIRE_PRUNE_DAYS", "90d"),
        ("NEWSWIRE_PRUNE_DAYS", "٩٠"),
        ("NEWSWIRE_RETRIES", "1m,4"),
        ("NEWSWIRE_SEARCH_URL", "search.example:9200"),
        ("NEWSWIRE_CONTACT", "desk (at) news.example"),
        ("NEWSWIRE_CONTACT", "https://news.example/\r\nX: y"),
        ("NEWSWIRE_CONTACT", "Zürich"),
    ],
)
def test_a_bad_value_is_named(variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=variable):
        read_settings({variable: value})


def test_paths_are_read_as_the_shell_reads_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = read_settings(
        {"NEWSWIRE_HOME": "~/home", "NEWSWIRE_ARCHIVE_URL": "~/archive", "NEWSWIRE_WARCS": "~/warcs"}
    )
    assert settings.home == tmp_path / "home"
    assert (settings.archive_url, settings.warcs) == (str(tmp_path / "archive"), str(tmp_path / "warcs"))
    monkeypatch.chdir(tmp_path)
    assert read_settings({"NEWSWIRE_ARCHIVE_URL": "archive"}).archive_url == str(tmp_path / "archive")
    assert read_settings({"NEWSWIRE_ARCHIVE_URL": "s3://bucket/a"}).archive_url == "s3://bucket/a"


@pytest.mark.parametrize(
    "variable",
    ["NEWSWIRE_HOME", "NEWSWIRE_ARCHIVE_URL", "NEWSWIRE_SOURCES", "NEWSWIRE_WARCS", "NEWSWIRE_SEARCH_API_KEY_FILE"],
)
def test_a_home_that_nobody_has_is_named(variable: str) -> None:
    with pytest.raises(UsageError, match=f"^{variable}: ~nobody-of-this-name/x cannot be read: no home is known"):
        read_settings({variable: "~nobody-of-this-name/x"})
