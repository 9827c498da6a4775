"""Mistakes of a table are told all at once, by line; what looks wrong is warned of."""

from __future__ import annotations

import pytest

from mlsm import DeclarationError
from mlsm._fields import fields_of_mapping
from mlsm._toml import Lines
from mlsm.runtimes.scorecard.plan import plan_of
from mlsm.runtimes.scorecard.reading import read_table
from mlsm.runtimes.scorecard.warnings import warnings_of

RULE = '[[rule]]\nfield = "x"\npoints = 1\n'


def refused(text: str) -> str:
    with pytest.raises(DeclarationError) as caught:
        plan_of(read_table(text, "points.toml"))
    return str(caught.value)


def warned(text: str) -> list[str]:
    table = read_table(text)
    plan, _ = plan_of(table)
    return [f"{warning.line}: {warning.message}" for warning in warnings_of(table, plan)]


def test_every_mistake_is_told_with_its_line() -> None:
    """Unknown keys, wrong values and missing ones come together, in the order of the file."""
    text = (
        'bseline = 10\ncap = "high"\n\n[labels]\nhot = "much"\n\n[group.profile]\nwieght = 2\n\n'
        '[[rule]]\nfield = "employees"\nat_lest = 500\npoints = "20"\n\n[[rule]]\nfield = "country"\n'
        'one_of = []\n\n[[rule]]\nfield = "title"\nmatches = "("\npoints = 1\n'
    )
    assert (
        """The scorecard 'points.toml' has 9 mistakes:
  - points.toml:1: The table has no key 'bseline'.
    Hint: Did you mean 'baseline'?
  - points.toml:2: The table has cap = 'high'; expected a number.
    Hint: Write cap = 30.
  - points.toml:5: The label 'hot' is 'much'; expected the least that earns it, or 'rest'.
    Hint: Write hot = 60, or hot = "rest" for all below.
  - points.toml:8: The group 'profile' has no key 'wieght'.
    Hint: Did you mean 'weight'?
  - points.toml:12: The rule on 'employees' has no key 'at_lest'.
    Hint: Did you mean 'at_least'?
  - points.toml:13: The rule on 'employees' has points = '20'; expected a number.
    Hint: Write points = 10.
  - points.toml:15: The rule on 'country' has no points.
    Hint: Write points = 10.
  - points.toml:17: The rule on 'country' has one_of = []; expected a list of values, none of them empty.
    Hint: Write one_of = ["DE", "AT"].
  - points.toml:21: The rule on 'title' has matches = '(', but it cannot be used """
        """(missing ), unterminated subpattern at position 0); expected a regular expression as Python writes them.
    Hint: Write matches = '^c.o$'.""" == refused(text)
    )


MISTAKES = {
    "no TOML": ("cap = \n", "points.toml:1: The text is no TOML"),
    "no rules": ("cap = 1\n", "The table has no rules; expected a [[rule]] or more."),
    "no criterion": (RULE, "points.toml:1: The rule on 'x' has no criterion."),
    "two criteria": (RULE + 'equals = "a"\nis_empty = true', "has several criteria (equals and is_empty)"),
    "two bounds": (RULE + "at_least = 1\nabove = 2", "has at_least and above; expected one of the two."),
    "reversed": (RULE + "at_least = 5\nat_most = 2", "wants 5 and more, and 2 and less: nothing satisfies it."),
    "reversed between": (RULE + "between = [5, 2]", "between = [5, 2], but nothing lies between them; expected"),
    "number and date": (RULE + "at_least = 5\nat_most = 2026-01-01", "two values that do not compare"),
    "unknown group": (RULE + 'is_empty = true\ngroup = "profle"\n[group.profile]', "Did you mean 'profile'?"),
    "case of numbers": (RULE + "at_least = 5\nignore_case = true", "has ignore_case, but compares no text."),
    "uncounted events": (RULE + "within_days = 5", "does not say how events count."),
    "limit of one": (RULE + "times_at_least = 5\nmax_points = 5", "has max_points without each = true."),
    "limit of another sign": (RULE + "each = true\nmax_points = -5", "has max_points of another sign"),
    "two fadings": (RULE + "half_life = 5\nfades_over = 5", "has half_life and fades_over; expected one of the two."),
    "fading steps": (RULE + "times_at_least = 5\nhalf_life = 5", "fades, but counts events"),
    "fading text": (RULE + 'equals = "a"\nhalf_life = 5', "fades since 'x', which is str; expected a date."),
    "text of a number": (
        '[fields]\nx = "int"\n' + RULE + 'contains = "a"',
        "points.toml:3: The rule on 'x' is asked as text (contains), but it is int.",
    ),
    "number of text": (
        RULE + 'equals = "a"\n' + RULE + "at_least = 5",
        "points.toml:5: The rule on 'x' asks it as float, the one at line 1 as str.",
    ),
    "unknown type": ('[fields]\nx = "itn"\n' + RULE + "is_empty = true", ":2: The field 'x' has type = 'itn'"),
    "grid of nothing": (RULE + 'is_empty = true\n[grid]\nof = ["a", "b"]', "The grid is of 'a', which is no group"),
    "unknown cell": (
        RULE + 'is_empty = true\n[group]\na.labels = { A = 1 }\nb.labels = { 1 = 1 }\n'
        '[grid]\nof = ["a", "b"]\nnames = { B1 = "x" }',
        "The grid has no cell 'B1'; it has A1.",
    ),
    "grid and labels": (
        '[labels]\nhot = 1\n[grid]\nof = ["a", "b"]\n' + RULE + "is_empty = true",
        "The grid and [labels] both give the label",
    ),
    "thresholds up and down": (
        '[labels]\nhot = 40\nwarm = 60\nmild = 5\ncold = "rest"\n' + RULE + "is_empty = true",
        "go up and down (40, 60, 5); expected them to fall, or to rise",
    ),
    "equal thresholds": ("[labels]\nhot = 1\nwarm = 1\n" + RULE + "is_empty = true", "begins where another one does"),
    "floor above cap": ("cap = 1\nfloor = 2\n" + RULE + "is_empty = true", "has the floor 2 above its cap 1"),
    "reserved name": (RULE + "is_empty = true\n[group.score]", "The group 'score' cannot be called so"),
    "pattern of names": (RULE.replace('"x"', '"^x$"') + "at_least = 1", "but no field can be called so; expected"),
    "beyond 64 bits": ('[fields]\nx = "int"\n' + RULE + "at_least = 1e30", "it is int, which has 64 bits."),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), MISTAKES.values(), ids=list(MISTAKES))
def test_mistakes(text: str, told: str) -> None:
    """Each mistake is told for what it is."""
    assert told in refused(text)


def test_fields_declared_elsewhere_must_suit() -> None:
    """A model that lacks a field of its table, or declares it as another kind, is refused by line."""
    table = read_table(RULE + "at_least = 5\n" + RULE.replace('"x"', '"y"') + "at_least = 5")
    with pytest.raises(DeclarationError, match=r"line|scorecard\.toml:1: The rule on 'x' is compared") as caught:
        plan_of(table, fields_of_mapping({"x": str}))
    assert "scorecard.toml:5: The rule asks 'y', which is no field of the model; it declares ['x']." in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        (("between = [0, 50]", "between = [50, 99]"), "where x is 50, both give their points."),
        (("at_least = 10", "at_least = 500"), "where x is at least 500, both give their points."),
        (("between = [0, 50]", "above = 20"), "where x is above 20 and at most 50, both give their points."),
        (('equals = "DE"', 'one_of = ["AT", "DE"]'), "where x is DE, both give their points."),
        (("days_since_at_most = 30", "days_since_between = [7, 60]"), "where x is 7 to 30 days ago, both give"),
        (("times_at_least = 2", "times_between = [1, 5]"), "where 2 to 5 times x, both give their points."),
    ],
)
def test_overlapping_ranges_are_warned_of(bounds: tuple[str, str], told: str) -> None:
    """Two rules that both hold for some values are told with the values and both lines."""
    first, second = (RULE + bound + "\n" for bound in bounds)
    (warning,) = warned(first + second)
    assert warning.startswith("5: The rule on 'x' overlaps with the one at line 1: ")
    assert told in warning
    assert [] == warned(first + second + "on_top = true")


@pytest.mark.parametrize(
    "text",
    [
        RULE + "between = [0, 49]\n" + RULE + "between = [50, 99]",
        RULE + "below = 50\n" + RULE + "at_least = 50",
        "[group.a]\n[group.b]\n" + RULE + 'at_least = 5\ngroup = "a"\n' + RULE + 'at_least = 5\ngroup = "b"',
    ],
    ids=["apart", "touching", "in two groups"],
)  # fmt: skip
def test_ranges_apart_are_not_warned_of(text: str) -> None:
    """Ranges that do not meet, or count in different groups, are well."""
    assert [] == warned(text)


def test_unreachable_parts_are_warned_of() -> None:
    """Labels that no sum earns, sums without a label, ranges without a number, fields without a rule."""
    text = (
        '[fields]\nx = "int"\ny = "text"\n[labels]\nhot = 9\nwarm = 0\ncold = -5\n[group.none]\n'
        + RULE + "above = 1.2\nbelow = 1.8\n" + RULE + "at_least = 7\n"
    )  # fmt: skip
    assert [
        "3: The field 'y' is declared, but no rule asks it; it is no input.",
        "5: The label 'hot' of the score is unreachable: it begins at 9, the greatest is 1.",
        "7: The label 'cold' of the score is unreachable: the least, 0, earns a better one.",
        "8: The group 'none' has no rules.",
        "9: The rule on 'x' is unreachable: no whole number lies in its range.",
    ] == warned(text)
    assert ["2: The score has no label below 1, and may be as low as 0."] == warned(
        "[labels]\nwarm = 1\n" + RULE + "at_least = 7"
    )


@pytest.mark.parametrize(
    ("bound", "further"),
    [
        ("at_least = 5", "below = 3"),
        ("days_since_at_most = 7", "days_since_at_least = 30"),
        ("equals = 1", "equals = 2"),
        ("times_at_least = 3", "times_at_most = 2"),
    ],
)
def test_criteria_of_one_rule_that_exclude_each_other_are_warned_of(bound: str, further: str) -> None:
    """All of them hold for no value; any of them may."""
    rule = f'{RULE}{bound}\nall = [{{ field = "x", {further} }}]\n'
    assert ["1: The rule on 'x' is unreachable: no value of 'x' meets both criteria."] == warned(rule)
    assert [] == warned(rule.replace("all =", "any ="))


def test_a_required_field_is_never_empty() -> None:
    """A rule that waits for it to be empty is warned of, unless another criterion may hold instead."""
    fields = '[fields]\nx = "str, required"\ny = "int"\n'
    told = "4: The rule on 'x' is unreachable: 'x' is required, so never empty."
    assert [told] == warned(fields + RULE + "is_empty = true\n" + RULE.replace("x", "y") + "at_least = 1")
    assert [] == warned(fields + RULE + 'is_empty = true\nany = [{ field = "y", at_least = 1 }]')


def test_mistakes_of_keys_hide_none_of_rules() -> None:
    """What two keys of one rule contradict is told beside what another rule's key cannot be."""
    told = refused('[[rule]]\nfield = "x"\npoints = "many"\n' + RULE + "at_least = 5\nabove = 7\n")
    assert ["wrong", "two"] == [
        name for name, said in {"wrong": "points = 'many'", "two": "has at_least and above"}.items() if said in told
    ]


def test_a_guessed_type_is_told() -> None:
    """A field that rules only ask to be there is taken for text, and that is said."""
    told = "1: The field 'x' is taken for text, since rules only ask whether it is there."
    assert [told] == warned(RULE + "is_empty = true")
    assert [] == warned(RULE + "is_empty = true\n" + RULE + "at_least = 3")
    assert [] == warned('[fields]\nx = "int"\n' + RULE + "is_empty = true")


def test_rules_that_exclude_each_other_count_once() -> None:
    """The greatest score of a ladder is its best step, not the sum of all."""
    ladder = "".join(f'[[rule]]\nfield = "x"\nbetween = [{n * 10}, {n * 10 + 9}]\npoints = {n}\n' for n in range(4))
    assert ["2: The label 'hot' of the score is unreachable: it begins at 4, the greatest is 3."] == warned(
        '[labels]\nhot = 4\ncold = "rest"\n' + ladder
    )


def test_lines_of_long_values() -> None:
    """Lists over several lines, texts with brackets and quoted keys do not lead astray."""
    text = (
        '# one\n"a b" = [\n  "]",\n]\nt = """\n[x]\n"""\n[group."p q"]\ncap = 1\n'
        "[[rule]]\nx.y = 2\n[[rule]]\n\nz = { a = 1 }\n"
    )
    lines = Lines(text)
    paths = [("a b",), ("t",), ("group", "p q"), ("group", "p q", "cap"), ("rule", 0, "x", "y"), ("rule", 1, "z")]
    assert [2, 5, 8, 9, 11, 14] == [lines.of(path) for path in paths]
