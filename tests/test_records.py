"""기록 읽기: 같은 시드끼리 빼고, 구간과 판정이 SciPy와 같습니다."""

import pytest
from scipy import stats

from course_utils import records


@pytest.mark.parametrize(
    ("curve", "epochs"),
    [([0.5, 0.75, 0.9], 2.0), ([0.5, 0.8], 1 + 0.25 / 0.3), ([0.9], 0.75 / 0.9),
     ([0.5, 0.7], float("inf"))],
)  # fmt: skip
def test_epochs_to_the_target_are_interpolated(curve, epochs):
    assert records.epochs_to_target({"test_accuracy": curve}) == pytest.approx(epochs)


def test_differences_pair_the_seeds():
    assert records.differences([10, 20, 30], [9, 22, 30]) == [1, -2, 0]
    with pytest.raises(ValueError, match="shorter"):
        records.differences([1, 2, 3], [1, 2])


def test_seeds_of_a_condition_are_those_of_the_record():
    names = ["lrn_10", "lrn_2", "lrn_constant_0", "lrn_0"]
    record = {"runs": {name: {"seed": int(name.rpartition("_")[2])} for name in names}}
    assert [run["seed"] for run in records.runs_of(record, "lrn")] == [0, 2, 10]


@pytest.mark.parametrize(("changes", "said"), [
    ([-1, -2], "좋아짐"), ([1, 2], "나빠짐"), ([-1, 2], "가릴 수 없음"), ([0, -1], "가릴 수 없음"),
])  # fmt: skip
def test_verdict_needs_all_seeds_on_one_side(changes, said):
    assert said in records.verdict(changes)


@pytest.mark.parametrize(("changes", "said"), [
    ([-1.2, -0.9, -1.4, -1.1, -0.8, -1.3, -1.0, -1.2], "better"), ([2.0, 2.5, 1.9], "worse"),
    ([-1.0, -0.2], "undecided"), ([0.4, -0.3, 0.1, 0.2], "undecided"),
])  # fmt: skip
def test_paired_interval_is_that_of_scipy(changes, said):
    mean, low, high = records.paired(changes)
    test = stats.ttest_1samp(changes, 0.0)
    assert (low, high) == pytest.approx(tuple(test.confidence_interval(0.95)))
    assert mean == pytest.approx(sum(changes) / len(changes))
    assert records.judge(low, high) == said
    assert (said != "undecided") == (test.pvalue < 0.05)


def test_equal_differences_have_no_width():
    assert records.paired([-1.0, -1.0, -1.0]) == (-1.0, -1.0, -1.0)


def test_one_seed_has_no_interval():
    with pytest.raises(ValueError, match="시드가 둘 이상"):
        records.paired([1.0])


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 0.0)])
def test_interval_that_touches_zero_is_undecided(low, high):
    assert records.judge(low, high) == "undecided"
