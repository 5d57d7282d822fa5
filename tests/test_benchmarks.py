"""측정할 것이 빠짐없는지, 측정한 것을 바르게 적는지 봅니다. 시간은 측정하지 않습니다."""

import json

import accuracy
import figures
import gpu
import matplotlib as mpl
import pytest
import redraws
import run
import torch

from course_utils import plotting, widgets
from course_utils.alexnet import AlexNet


@pytest.fixture(autouse=True)
def course_style():
    torch.set_num_threads(1)
    with mpl.rc_context():
        plotting.use_course_style()
        yield


def test_every_figure_is_measured():
    drawn = {name for name in plotting.__all__ if name.startswith("plot_")}
    assert set(figures.FIGURES) == drawn


def test_every_widget_is_measured():
    assert set(redraws.PANELS) == set(widgets.__all__) - redraws.NOT_PANELS


# 조작 하나가 다른 조작까지 움직이는 위젯들입니다.
LINKED = ["convolution_stepper", "quiet_years_timeline", "stress_test"]


@pytest.mark.parametrize("name", LINKED)
def test_one_change_is_drawn_once(name):
    _, make = redraws.PANELS[name]
    panel = make(None)
    for control in panel.controls.values():
        drawings, moves = [], redraws.moves(control)
        panel.image.observe(drawings.append, names="value")
        before = panel.image.value
        control.value = next(moves)
        assert len(drawings) == (panel.image.value != before)
        panel.image.unobserve_all()


def test_a_new_row_replaces_only_the_old_one_of_its_name(tmp_path):
    path = tmp_path / "build" / "bench.json"
    first, second = (one.name for one in run.BENCHES[:2])
    for name, ratio in ((second, 1), (first, 2), (second, 3)):
        run.save({"name": name, "ratio": ratio}, path)
    rows = json.loads(path.read_text(encoding="utf-8"))
    assert rows == [{"name": first, "ratio": 2}, {"name": second, "ratio": 3}]


def test_seed_that_never_arrives_counts_as_its_whole_run():
    result = accuracy.race(lambda data, seed: iter([0.90, 0.95]), None, 0)
    assert not result["reached"]
    assert result["accuracies"] == [0.90, 0.95]
    result = accuracy.race(lambda data, seed: iter([0.98, 0.995, 0.999]), None, 0)
    assert result["reached"]
    assert result["accuracies"] == [0.98, 0.995]


def test_arithmetic_of_a_training_step():
    # 논문의 두 열이 아닌 AlexNet의 순전파는 1,135,256,096 MAC, conv1은 105,415,200 MAC입니다.
    macs, first = 1_135_256_096, 55 * 55 * 96 * 3 * 11 * 11
    assert first == 105_415_200
    assert gpu.training_flops(AlexNet(), 2) == 2 * 2 * (3 * macs - first)


def test_orthogonal_update_keeps_the_directions():
    generator = torch.Generator().manual_seed(0)
    for shape in ((6, 25), (84, 10)):
        matrix = torch.randn(shape, generator=generator, dtype=torch.float64)
        left, _, right = torch.linalg.svd(matrix, full_matrices=False)
        values = (left.T @ accuracy.orthogonalize(matrix) @ right.T).diagonal()
        assert 0.6 < values.min() < values.max() < 1.3
        torch.testing.assert_close(left @ values.diag() @ right, accuracy.orthogonalize(matrix))
