"""`python -m tests.pipeline.simulation --seed 7` replays one run with its story; `--runs 5000` looks for a bad one."""

import argparse
import sys
import time

from tests.pipeline.simulation.run import Result, run

STORY_LINES = 2000


def story(result: Result) -> str:
    """The end of a run's trace, its violations, and how to see them again."""
    return "\n".join(
        [
            *result.trace[-STORY_LINES:],
            *(f"VIOLATION {text}" for text in result.violations),
            f"replay: python -m tests.pipeline.simulation --seed {result.seed}",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.pipeline.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this run and tell its story")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--runs", type=int, default=1000, help="how many seeds")
    parser.add_argument("--broken", default="", help="leave out a guarantee on purpose")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        result = run(arguments.seed, broken=arguments.broken)
        print(story(result))
        return bool(result.violations)
    bad, decided, began = [], 0, time.monotonic()
    for seed in range(arguments.first, arguments.first + arguments.runs):
        result = run(seed, broken=arguments.broken)
        decided += result.decided
        if result.violations:
            bad.append(seed)
            print(f"seed {seed}: {result.violations[:3]}", flush=True)
    print(f"{arguments.runs} runs, {decided} decisions, {len(bad)} bad, {time.monotonic() - began:.1f} s")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
