"""Where the secrets come from with which the database's values are sealed."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import new_id
from resolvers.sealing.keyring import NotOpenedError
from resolvers.sealing.places import Place
from server.settings.deployment import deployment
from server.settings.secret_keys import keyring_source
from server.settings.settings import Settings

_PLACE = Place("notes.text", (new_id(), new_id()))
_ELSEWHERE = "postgresql://elsewhere/mandant"


def _settings(folder: Path, keys: str | None, database_url: str | None = None) -> Settings:
    return Settings(
        folder=folder, database_url=database_url, secret_keys=None if keys is None else SecretStr(keys)
    )


def test_the_first_one_that_is_set_seals_and_all_open(tmp_path: Path) -> None:
    old = keyring_source(_settings(tmp_path, "an older secret..", _ELSEWHERE))()
    both = keyring_source(_settings(tmp_path, "a newer secret..., an older secret..", _ELSEWHERE))()
    new = keyring_source(_settings(tmp_path, "a newer secret...", _ELSEWHERE))()
    assert both.open(_PLACE, old.seal(_PLACE, b"x")) == b"x"
    assert new.open(_PLACE, both.seal(_PLACE, b"x")) == b"x"
    with pytest.raises(NotOpenedError):
        new.open(_PLACE, old.seal(_PLACE, b"x"))


def test_beside_the_embedded_database_one_is_made_once(tmp_path: Path) -> None:
    """Another process, and the next start, open the same; nobody else reads it."""
    sealed = keyring_source(_settings(tmp_path, None))().seal(_PLACE, b"x")
    assert keyring_source(_settings(tmp_path, None))().open(_PLACE, sealed) == b"x"
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_one_that_is_set_later_takes_its_place_and_it_still_opens(tmp_path: Path) -> None:
    made = keyring_source(_settings(tmp_path, None))()
    then = keyring_source(_settings(tmp_path, "sixteen letters!"))()
    assert then.open(_PLACE, made.seal(_PLACE, b"x")) == b"x"
    assert then.newest != made.newest
    text = (tmp_path / "secret.key").read_text()
    elsewhere = keyring_source(_settings(tmp_path, text, _ELSEWHERE))()
    assert elsewhere.open(_PLACE, made.seal(_PLACE, b"x")) == b"x"


def test_where_some_are_set_none_is_made(tmp_path: Path) -> None:
    keyring_source(_settings(tmp_path, "sixteen letters!"))()
    assert list(tmp_path.iterdir()) == []


def test_several_servers_must_be_told(tmp_path: Path) -> None:
    """Each would make one of its own, and open nothing of the others."""
    source = keyring_source(_settings(tmp_path, None, _ELSEWHERE))
    with pytest.raises(Refusal) as refused:
        source()
    assert refused.value.code is RefusalCode.SECRETS_UNAVAILABLE
    assert list(tmp_path.iterdir()) == []


async def test_what_no_key_opens_is_logged_once_a_minute_of_each_column(tmp_path: Path) -> None:
    """With the setting's name, and nothing of the value."""
    old = keyring_source(_settings(tmp_path, "an older secret..", _ELSEWHERE))()
    served = deployment(_settings(tmp_path, "a newer secret...", _ELSEWHERE)).keyring()
    columns = [f"notes.{new_id()}" for _ in range(2)]
    with capture_logs() as lines:
        for column in (*columns, *columns):
            place = Place(column, _PLACE.row)
            with pytest.raises(NotOpenedError):
                served.open(place, old.seal(place, b"x"))
    assert lines == [
        {
            "event": "value not decrypted",
            "log_level": "warning",
            "setting": "MANDANT_SECRET_KEYS",
            "column": column,
        }
        for column in columns
    ]
