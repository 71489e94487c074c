"""Compiled code does not outlive what it was compiled from."""

import os
from pathlib import Path

from features.compiled import forget_older


def test_compiled_code_older_than_any_source_is_forgotten(tmp_path: Path) -> None:
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    kernel, read = tmp_path / "kernel.py", tmp_path / "read.py"
    old, new, other = cache / "kernel.fold.nbi", cache / "kernel.fold.1.nbc", cache / "kernel.cpython-311.pyc"
    for path, seconds in ((kernel, 100), (read, 300), (old, 200), (new, 400), (other, 100)):
        path.touch()
        os.utime(path, (seconds, seconds))
    forget_older(tmp_path)
    assert not old.exists()
    assert new.exists()
    assert other.exists()
