"""What comes together is done together."""

import asyncio
from collections.abc import Sequence

from contracts.errors import StoreUnavailable
from pipeline.background import Background
from pipeline.grouped import Grouped


class Work:
    """Keeps the groups it was given; each is done when it is let."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.open = asyncio.Event(), asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, group: Sequence[int]) -> int:
        self.groups.append(list(group))
        self.begun.set()
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return len(group)


def grouped(work: Work, **options: float) -> Grouped[int, int]:
    return Grouped(work, Background().spawn, size_max=3, waiting_max=5, **options)


async def test_what_comes_while_one_is_under_way_is_the_next_group() -> None:
    work = Work()
    groups = grouped(work)
    first = asyncio.create_task(groups.do(0))
    await work.begun.wait()
    rest = [asyncio.create_task(groups.do(i)) for i in range(1, 5)]
    await asyncio.sleep(0)
    work.open.set()
    assert await asyncio.gather(first, *rest) == [1, 3, 3, 3, 1]
    assert work.groups == [[0], [1, 2, 3], [4]]


async def test_a_group_that_gathers_takes_along_what_comes_meanwhile() -> None:
    work = Work()
    work.open.set()
    groups = grouped(work, gather_s=0.001)
    early = asyncio.create_task(groups.do(0))
    await asyncio.sleep(0)
    late = asyncio.create_task(groups.do(1))
    assert await asyncio.gather(early, late) == [2, 2]
    assert work.groups == [[0, 1]]


async def test_a_full_group_does_not_wait() -> None:
    work = Work()
    work.open.set()
    groups = grouped(work, gather_s=3600)
    assert await asyncio.gather(*(groups.do(i) for i in range(3))) == [3, 3, 3]


async def test_an_error_belongs_to_its_group_and_too_many_are_refused() -> None:
    work = Work()
    work.error = StoreUnavailable("away")
    groups = grouped(work)
    waiting = [asyncio.create_task(groups.do(i)) for i in range(6)]
    answers = asyncio.gather(*waiting, return_exceptions=True)
    work.open.set()
    assert [str(answer) for answer in await answers] == ["away"] * 5 + ["5 are waiting already; try again"]
    assert all(isinstance(answer, StoreUnavailable) for answer in await answers)
