"""Settings come from a file and the environment, and every mistake is named at once."""

from pathlib import Path

import pytest

from base.errors import ConfigError
from jobs.doctor import examine
from jobs.settings import Settings, read_settings, settings_template


def test_the_template_of_init_is_the_defaults(tmp_path: Path):
    path = tmp_path / "creatordex.toml"
    path.write_text(settings_template())
    assert read_settings(path).model_dump() == read_settings().model_dump()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "settings.toml"
    path.write_text('memory_limit = "1GB"\n[identity]\nprecision = 0.9\nbio_neighbours = false\n')
    monkeypatch.setenv("CREATORDEX_IDENTITY__PRECISION", "0.95")
    settings = read_settings(path)
    assert (settings.memory_limit, settings.identity.precision) == ("1GB", 0.95)
    assert settings.identity.bio_neighbours is False


def test_every_mistake_is_named_at_once(tmp_path: Path):
    path = tmp_path / "settings.toml"
    path.write_text('colour = "red"\n[identity]\nprecision = 7\n[embeddings]\nprovider = "magic"\n')
    with pytest.raises(ConfigError) as refused:
        read_settings(path)
    for name in ("colour", "identity.precision", "embeddings.provider"):
        assert name in str(refused.value)


def test_a_missing_settings_file_is_an_error(tmp_path: Path):
    with pytest.raises(ConfigError, match="no settings file"):
        read_settings(tmp_path / "nowhere.toml")


def test_thresholds_of_drift_come_from_the_file_that_calibrate_wrote(tmp_path: Path):
    found = tmp_path / "drift.json"
    found.write_text('{"soft_drift": 1.7, "hard_drift": 2.9, "creators": 400}')
    config = tmp_path / "creatordex.toml"
    config.write_text(settings_template().replace("# drift_thresholds =", f'drift_thresholds = "{found}"'))
    llm = read_settings(config).llm
    assert (llm.soft_drift, llm.hard_drift) == (1.7, 2.9)


def test_a_threshold_that_is_said_twice_and_differently_is_an_error(tmp_path: Path):
    found = tmp_path / "drift.json"
    found.write_text('{"soft_drift": 1.7, "hard_drift": 2.9}')
    with pytest.raises(ConfigError, match=r"llm\.hard_drift is 3\.5, and 2\.9 in") as refused:
        read_settings(llm={"drift_thresholds": found, "hard_drift": 3.5})
    assert "leave out" in (refused.value.hint or "")
    assert read_settings(llm={"drift_thresholds": found, "hard_drift": 2.9}).llm.hard_drift == 2.9


@pytest.mark.parametrize("content", [None, "soft", '{"soft_drift": 0.5, "hard_drift": 2}', '{"soft_drift": 1.7}'])
def test_a_file_of_thresholds_that_is_none_is_an_error(tmp_path: Path, content: str | None):
    found = tmp_path / "drift.json"
    if content is not None:
        found.write_text(content)
    with pytest.raises(ConfigError, match=r"llm\.drift_thresholds") as refused:
        read_settings(llm={"drift_thresholds": found})
    assert "drift calibrate --out" in (refused.value.hint or "")


def test_a_taxonomy_with_mistakes_is_refused_before_anything_begins(tmp_path: Path):
    own = tmp_path / "mine.yaml"
    own.write_text("niches: []\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml.*taxonomy_version"):
        read_settings(llm={"taxonomy": own})


def test_a_key_in_the_environment_selects_nothing(monkeypatch: pytest.MonkeyPatch):
    """A paid provider runs only when it is selected."""
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    settings: Settings = read_settings()
    assert settings.llm.provider == "offline"
    assert "canary" not in settings.model_dump_json()


def test_the_address_of_the_database_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CREATORDEX_DATABASE_URL", "postgresql+psycopg://ann:canary@db/creators")
    settings = read_settings()
    assert settings.store_url == "postgresql+psycopg://ann:canary@db/creators"
    assert "canary" not in settings.model_dump_json() + repr(settings) + str(settings.model_dump())


def test_doctor_says_what_is_wrong_with_a_database_without_its_password(tmp_path: Path):
    address = "postgresql+psycopg://ann:canary@127.0.0.1:1/creators"
    settings = read_settings(home=tmp_path / "home", database_url=address, embeddings={"provider": "fast"})
    (found,) = (finding for finding in examine(settings) if finding.check == "store")
    assert not found.ok
    assert "creators on 127.0.0.1" in found.detail
    assert "canary" not in found.detail
