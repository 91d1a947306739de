"""The schema and the example say what the model says."""

import jsonschema_rs
import msgspec
import pytest
import yaml

from console.paths import data_dir
from console.settings.load import load
from console.settings.model import Settings
from console.settings.schema import NOT_FOR_FILES, docstrings, schema

CONFIG = data_dir("config")


def sections(cls, path=()):
    """Every (path, key) of the model, item sections included."""
    for info in msgspec.inspect.type_info(cls).fields:
        yield (*path, info.encode_name)
        for struct in structs_in(info.type):
            yield from sections(struct.cls, (*path, info.encode_name))


def structs_in(info):
    match info:
        case msgspec.inspect.StructType():
            yield info
        case msgspec.inspect.UnionType():
            for one in info.types:
                yield from structs_in(one)
        case msgspec.inspect.VarTupleType():
            yield from structs_in(info.item_type)


def test_the_committed_schema_is_current():
    kept = msgspec.json.decode((CONFIG / "quarterdeck.schema.json").read_bytes())
    assert kept == schema(), "run: make schema"


def test_every_key_is_described():
    told = docstrings()

    def undescribed(cls):
        for info in msgspec.inspect.type_info(cls).fields:
            if not told[cls.__name__].get(info.name):
                yield f"{cls.__name__}.{info.name}"
            for struct in structs_in(info.type):
                yield from undescribed(struct.cls)

    assert list(undescribed(Settings)) == []


def test_the_example_loads_clean_and_fits_the_schema():
    path = CONFIG / "quarterdeck.example.yaml"
    assert path.read_text().startswith("# yaml-language-server: $schema=quarterdeck.schema.json\n")
    load(path, {})
    jsonschema_rs.validator_for(schema()).validate(yaml.safe_load(path.read_text()))


def test_every_key_of_the_model_stands_in_the_example():
    text = (CONFIG / "quarterdeck.example.yaml").read_text()
    missing = [
        ".".join(path) for path in sections(Settings) if path[-1] not in NOT_FOR_FILES if f"{path[-1]}:" not in text
    ]
    # Logins are explained once for Prometheus and named again for Alertmanager.
    assert missing == []


def test_every_key_of_the_model_stands_in_the_documentation():
    text = (CONFIG.parent / "docs/settings.md").read_text()
    assert [path for path in sections(Settings) if path[-1] not in NOT_FOR_FILES if f"`{path[-1]}" not in text] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"dockr": []},
        {"docker": [{"url": "ssh://h"}]},
        {"github": [{"token": "ghp_x"}]},
        {"github": [{"share": 0.9}]},
        {"ui": {"glyphs": "none"}},
        {"docker": [{"name": "a", "timeout": "soon"}]},
        {"demo": True},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(wrong):
    assert not jsonschema_rs.validator_for(schema()).is_valid(wrong)


def test_the_schema_takes_what_the_loader_takes():
    validator = jsonschema_rs.validator_for(schema())
    for timeout in ("30s", "1h30m", "7d", "250ms", 10, 0.5, "90"):
        assert validator.is_valid({"docker": [{"name": "a", "timeout": timeout}]}), timeout
