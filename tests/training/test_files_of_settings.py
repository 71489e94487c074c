"""Small files that people write for training: what is wrong with one is a sentence, never a traceback."""

from pathlib import Path

import pytest

from contracts.errors import DataRefused, SettingsError
from riskstream_client.mapping import mapping_of
from training.costs import read_costs
from training.make_model import Recipe
from training.policies import policy_from_file
from training.train_options import recipe_from

DEEP = "[" * 20_000


@pytest.mark.parametrize(
    "text", ['{"rounds_max": "many"}', '{"rounds_max": 0}', '{"rounds_max": true}', DEEP, "{", "NaN"]
)
def test_parameters(tmp_path: Path, text: str) -> None:
    path = tmp_path / "parameters.json"
    path.write_text(text)
    with pytest.raises(DataRefused, match=r"parameters\.json"):
        recipe_from(path, Recipe())


def test_parameters_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "parameters.json"
    path.write_bytes(b'\xef\xbb\xbf{"max_depth": 3, "rounds_max": 7}')
    recipe = recipe_from(path, Recipe())
    assert (recipe.parameters["max_depth"], recipe.rounds_max) == (3, 7)


@pytest.mark.parametrize("name", ["policy.json", "policy.toml", "costs.toml", "map.json", "map.toml", "map.yaml"])
def test_what_is_nested_too_deeply(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(f"a = {DEEP}" if path.suffix == ".toml" else DEEP)
    use = {"policy": policy_from_file, "costs": read_costs, "map": lambda found: mapping_of([], [], found)}[path.stem]
    with pytest.raises((DataRefused, SettingsError), match=name):
        use(path)
