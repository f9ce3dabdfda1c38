"""The rows of the data service: the published generator, seed by seed."""

import random

from data_service.generator import Row, rows, rows_with_truth


def test_a_seed_gives_the_rows_of_the_published_generator() -> None:
    # An independent implementation of the published description.
    rng = random.Random(42)
    ranges = [
        (2, (1.6, 2.0), (40, 90), False),
        (4, (2.47, 3.36), (2600, 6900), False),
        (2, (0.15, 0.50), (0.037, 4.2), True),
        (4, (0.13, 0.81), (0.5, 79), False),
    ]
    expected = []
    for _ in range(2000):
        if rng.random() < 0.05:
            legs, height, weight = rng.randint(1, 5), rng.uniform(0, 10), rng.uniform(0, 1000)
            expected.append((legs, height, weight, rng.choice([True, False]), rng.choice([True, False])))
        else:
            legs, heights, weights, wings = rng.choice(ranges)
            expected.append((legs, rng.uniform(*heights), rng.uniform(*weights), wings, True))
    assert list(rows(42, 2000)) == expected


def test_the_first_row_of_seed_42_is_the_known_kangaroo() -> None:
    assert next(rows(42, 1)) == Row(2, 1.8966201999039332, 52.24459269017381, has_wings=False, has_tail=True)


def test_a_larger_count_continues_a_smaller_one() -> None:
    assert list(rows(7, 300))[:100] == list(rows(7, 100))


def test_seeds_differ() -> None:
    assert list(rows(1, 10)) != list(rows(2, 10))


def test_one_row_in_twenty_is_an_outlier_and_the_species_are_even() -> None:
    truth = [name for name, _ in rows_with_truth(3, 20_000)]
    assert 0.045 < truth.count(None) / len(truth) < 0.055
    for name in ("kangaroo", "elephant", "chicken", "dog"):
        assert 0.225 < truth.count(name) / len(truth) < 0.25
