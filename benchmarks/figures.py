"""`plotting`의 함수마다, 보이는 것을 `n`개로 하여 부르는 방법입니다. `redraws.py`가 측정합니다.

`FIGURES[이름] = (노트북에서 쓰는 크기, n → 그림)`. 함수가 늘면 여기에도 한 줄이 늘어야 합니다
(tests/test_benchmarks.py).
"""

import numpy as np

from course_utils import plotting

RANDOM = np.random.default_rng(0)
COLORS = list(plotting.OKABE_ITO)


def pictures(count: int, side: int = 32) -> np.ndarray:
    return RANDOM.random((count, side, side))


def names(count: int) -> list[str]:
    return [f"이름 {i}" for i in range(count)]


def runs(seeds: int, epochs: int) -> list[list[float]]:
    return (RANDOM.random((seeds, epochs)) * 10 + 20).tolist()


def contest(n: int):
    rows = [(2010 + i // 2, f"모델 {i}", 28 - 20 * i / n, f"방법 {i % 3}", i % 3 == 0)
            for i in range(n)]  # fmt: skip
    return plotting.plot_contest(rows)


def shares(n: int):
    layers = names(n)
    amounts = {bar: dict(zip(layers, RANDOM.random(n), strict=True)) for bar in ("가", "나")}
    groups = {"합성곱": layers[: n // 2], "FC": layers[n // 2 :]}
    return plotting.plot_shares(amounts, groups=groups)


def timeline(n: int):
    events = [(1980 + 3 * i, f"사건 {i}", f"갈래 {i % 3}") for i in range(n)]
    groups = {"갈래 0": "blue", "갈래 1": "orange", "갈래 2": "green"}
    return plotting.plot_timeline(events, groups=groups)


def confusion(n: int):
    """`n`은 칸의 수입니다: 클래스의 수는 그 제곱근입니다."""
    side = round(n**0.5)
    return plotting.plot_confusion(RANDOM.integers(0, 30, (side, side)), names(side))


def curves(n: int):
    x = np.linspace(-3, 3, 121)
    return plotting.plot_curves(
        x, {name: np.tanh(x + i) for i, name in enumerate(names(n))}, xlabel="a", ylabel="f(a)"
    )


def data_size(n: int):
    sizes = [100, 300, 1000, 3000, 10000, 30000, 60000]
    return plotting.plot_data_size(sizes, {name: runs(3, 7) for name in names(n)})


def error_table(n: int):
    rows = [{"name": f"방법 {i}", "error": 0.5 + 12 * i / n, "group": f"갈래 {i % 4}",
             "distorted": i % 5 == 0} for i in range(n)]  # fmt: skip
    return plotting.plot_error_table(rows)


def margin(n: int):
    points = RANDOM.normal(size=(n, 2))
    return plotting.plot_margin(
        points, np.arange(n) % 2, weights=np.array([1.0, 1.0]), bias=0.0, support=np.arange(3)
    )


def matches(n: int):
    ends = RANDOM.integers(0, 120, (n, 2)), RANDOM.integers(0, 120, (n, 2))
    first, second = pictures(2, 120)
    return plotting.plot_matches(first, second, ends, good=np.arange(n) % 4 > 0)


def answers(n: int):
    photos = RANDOM.random((n, 150, 200, 3))
    each = list(zip(names(5), (0.5, 0.2, 0.1, 0.1, 0.1), strict=True))
    return plotting.plot_answers(photos, [each] * n)


def budget(n: int):
    sizes = [2**power for power in range(10)]
    return plotting.plot_budget(
        sizes, {name: [0.01 * size for size in sizes] for name in names(n)},
        limit=3, limit_label="3 GB",
    )  # fmt: skip


def schedule(n: int):
    steps = [(10 * i, 0.1 / 2**i) for i in range(n)]
    marks = [(67, "67: 낮춤"), (72, "72: 0으로"), (91, "91: 끝냄")]
    return plotting.plot_schedule({"학습률": steps}, end=10 * n, marks=marks)


FIGURES = {
    "plot_answers": (4, answers),
    "plot_budget": (1, budget),
    "plot_confusion": (100, confusion),
    "plot_contest": (10, contest),
    "plot_curves": (2, curves),
    "plot_data_size": (3, data_size),
    "plot_digit_frames": (1, lambda n: plotting.plot_digit_frames(pictures(1, 32 * n)[0])),
    "plot_effects": (
        6, lambda n: plotting.plot_effects([(name, (-1.0, 0.5, 1.0), -1.2) for name in names(n)])
    ),
    "plot_error_table": (20, error_table),
    "plot_images": (20, lambda n: plotting.plot_images(pictures(n), titles=names(n))),
    "plot_layer_maps": (
        5, lambda n: plotting.plot_layer_maps({name: pictures(8, 14) for name in names(n)})
    ),
    "plot_margin": (50, margin),
    "plot_matches": (20, matches),
    "plot_pictures": (
        3, lambda n: plotting.plot_pictures({x: pictures(1, 200)[0] for x in names(n)})
    ),
    "plot_ratios": (6, lambda n: plotting.plot_ratios(dict.fromkeys(names(n), 10.0))),
    "plot_runs": (3, lambda n: plotting.plot_runs(runs(n, 10), label="시드", color="blue")),
    "plot_schedule": (4, schedule),
    "plot_shares": (8, shares),
    "plot_steps": (6, lambda n: plotting.plot_steps({name: [40, 41, 42] for name in names(n)})),
    "plot_timeline": (11, timeline),
    "plot_traffic": (4, lambda n: plotting.plot_traffic([(x, 9e4, 8e4) for x in names(n)])),
    "plot_words": (4, lambda n: plotting.plot_words({x: RANDOM.random(40) for x in names(n)})),
}  # fmt: skip
