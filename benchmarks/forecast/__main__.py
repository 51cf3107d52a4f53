"""How honest forecasts are: `python -m benchmarks.forecast`.

Prints how many of the courses drawn from a seed finished within the interval (four of five should), and the
Brier score of the chance to be in time beside that of what the owners claimed and of the base rate. Then the
same of a real tracker, as far as it says anything of that.
"""

import argparse

from benchmarks.forecast.seeded import back_test
from benchmarks.forecast.tracker import compare, read_tracker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2_000)
    arguments = parser.parse_args()
    score = back_test(arguments.seed, arguments.count)
    print(f"{score.forecasts} forecasts of {arguments.count} courses, seed {arguments.seed}")
    print(f"within the interval of 80 %: {score.coverage:.1%}")
    print(
        f"Brier score of the chance to be in time: forecast {score.brier:.3f}, "
        f"owners' claims {score.claimed:.3f}, base rate {score.base_rate:.3f}"
    )
    print(compare(read_tracker()).report())


if __name__ == "__main__":
    main()
