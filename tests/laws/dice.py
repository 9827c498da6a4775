"""Seeded choices."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

__all__ = ["Dice"]

T = TypeVar("T")


class Dice:
    """Choose alike for a seed, on every machine."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def number(self, below: int) -> int:
        """Give a number from 0."""
        return self._random.randrange(below)

    def coin(self) -> bool:
        """Give true half of the time."""
        return self._random.random() < 0.5

    def seldom(self) -> bool:
        """Give true a quarter of the time."""
        return self._random.random() < 0.25

    def pick(self, choices: Sequence[T]) -> T:
        """Give one of them."""
        return self._random.choice(choices)

    def some(self, choices: Sequence[T], least: int, most: int) -> list[T]:
        """Give some of them, each at most once."""
        count = self._random.randint(least, most)
        return self._random.sample(choices, min(count, len(choices)))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Give them in another order."""
        return self._random.sample(items, len(items))
