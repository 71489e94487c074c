"""Make the shipped model again (`make first-model`): after a change of the catalogue, the simulator or the training."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from scoring.registry import champion
from training.train_command import train_command

FILES = Path(__file__).with_name("files")


def remake(registry: Path) -> Path:
    """Train it into a registry and return its folder. The same code makes the same bytes, on any day and machine."""
    train_command(quick=True, out=registry)
    return champion(registry)


def main() -> None:
    """Put a new one in the place of the one that ships."""
    with TemporaryDirectory() as folder:
        made = remake(Path(folder))
        shutil.rmtree(FILES, ignore_errors=True)
        shutil.copytree(made, FILES)


if __name__ == "__main__":
    main()
