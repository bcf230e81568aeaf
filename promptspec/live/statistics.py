"""How much a number of cases says about those that were not run."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb, sqrt
from typing import Final

#: The 97.5 % quantile of the normal distribution: intervals hold with 95 % confidence.
Z_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """The shares, from 0 to 1, between which the true one lies with the confidence that was asked for."""

    low: float
    high: float


def wilson(hits: int, trials: int, *, z: float = Z_95) -> Interval:
    """Return Wilson's score interval for the share that *hits* of *trials* come from; (0, 1) where nothing was tried.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22 (1927), 209-212. With p = hits / trials it is
    (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n). Unlike the normal approximation it says something where nothing
    or everything was hit. Raises ValueError unless 0 <= hits <= trials.
    """
    if not 0 <= hits <= trials:
        raise ValueError("hits lie between none and all trials")
    if not trials:
        return Interval(0.0, 1.0)
    share, square = hits / trials, z * z
    middle = share + square / (2 * trials)
    reach = z * sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    # At the ends the two terms are equal; rounding must not move them.
    low = 0.0 if hits == 0 else (middle - reach) / scale
    high = 1.0 if hits == trials else (middle + reach) / scale
    return Interval(low, high)


def mcnemar(one: int, other: int) -> float:
    """Return the two-sided p of McNemar's exact test, for pairs that differ in the *one* and in the *other* way.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947), 153-157; exact, as a sign test: under the null hypothesis the pairs that differ fall to
    either side like a fair coin, so that p = 2 P(X <= min(one, other)) with X ~ Bin(one + other, 1/2), at most 1.
    """
    pairs = one + other
    tail = sum(comb(pairs, k) for k in range(min(one, other) + 1))
    return float(min(Fraction(2 * tail, 2**pairs), Fraction(1)))


def percent(share: float) -> str:
    """Return a share in percent, with two digits that count, rounded up: `0.31 %`."""
    value = share * 100
    if value >= 10:
        return f"{_up(value, 0):.0f} %"
    digits = 1 if value >= 1 else 2
    while digits < 6 and value and value < 10 ** (1 - digits):
        digits += 1
    return f"{_up(value, digits):.{digits}f} %"


def _up(value: float, digits: int) -> float:
    scale = 10**digits
    whole = round(value * scale, 6)
    return -(-whole // 1) / scale
