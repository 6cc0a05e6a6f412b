"""Where the key comes from that contacts are hashed with (T23)."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from authz.policy.refusals import Refusal, RefusalCode
from server.settings.contact_key import key_source
from server.settings.settings import Settings

_SECRET = SecretStr("sixteen letters!")


def test_it_is_what_is_set() -> None:
    for url in (None, "postgresql://elsewhere/mandant"):
        assert key_source(Settings(contact_key=_SECRET, database_url=url))() == b"sixteen letters!"


def test_beside_the_embedded_database_it_is_made_once(tmp_path: Path) -> None:
    """So that another process, and the next start, count the same contacts; nobody else reads it."""
    settings = Settings(folder=tmp_path, database_url=None)
    made = key_source(settings)()
    assert len(made) == 32
    assert key_source(settings)() == made
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_several_servers_must_be_told(tmp_path: Path) -> None:
    """Each would make one of its own, and count every contact again."""
    source = key_source(Settings(folder=tmp_path, database_url="postgresql://elsewhere/mandant"))
    with pytest.raises(Refusal) as refused:
        source()
    assert refused.value.code is RefusalCode.SENDS_UNAVAILABLE
    assert list(tmp_path.iterdir()) == []


def test_a_short_one_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(contact_key=SecretStr("too short"))
