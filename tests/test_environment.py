"""환경 점검표가 있는 것과 없는 것을 바르게 말하는지 봅니다."""

from importlib import metadata

import matplotlib
import pytest
import torch

from course_utils import environment
from course_utils.data import ImageData
from course_utils.plotting import use_course_style


@pytest.fixture
def digits():
    images, labels = torch.zeros(3, 1, 32, 32), torch.zeros(3, dtype=torch.long)
    return ImageData(images, labels, images, labels, ("0",), "MNIST", "cache", "")


def test_healthy_machine_has_no_problems_and_shows_real_versions(digits):
    use_course_style()
    table = environment.check_environment(digits)
    assert table.problems == []
    assert metadata.version("torch") in repr(table)
    assert "캐시" in repr(table)
    assert "학습 3장" in repr(table)


def test_missing_package_is_named_with_the_command_to_install_it(digits, monkeypatch):
    monkeypatch.setattr(environment, "PACKAGES", ("no-such-package",))
    table = environment.check_environment(digits)
    assert any("pip install no-such-package" in problem for problem in table.problems)


def test_style_that_was_not_switched_on_is_a_problem(digits, monkeypatch):
    monkeypatch.setitem(matplotlib.rcParams, "font.family", ["DejaVu Sans"])
    table = environment.check_environment(digits)
    assert any("use_course_style" in problem for problem in table.problems)
