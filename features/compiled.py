"""How the kernel's inner functions are compiled."""

from typing import Any

import numba as nb

# Without numba's runtime there is no allocation inside, and no counting of references: an atomic count around every
# array taken out of a NamedTuple was half of the kernel's time. Only for functions that make no new array.
_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
inner: Any = nb.njit(**_OPTIONS)
