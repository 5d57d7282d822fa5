"""노트북 06의 연습문제: 전이 학습. 기대하는 값은 여기서 공식으로 따로 계산합니다."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.exercises.grading import Verdict, grade, random_tensor


def check_normalize(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Verdict:
    """`function(images, mean, std)`가 채널마다 평균을 빼고 표준편차로 나누는지 봅니다."""
    # 너비도 3이어서, 모양을 맞추지 않은 계산이 오류 없이 틀린 값을 냅니다.
    images = random_tensor(2, 3, 4, 3)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    column_mean, column_std = mean.view(3, 1, 1), std.view(3, 1, 1)
    expected = torch.stack([(images[:, c] - mean[c]) / std[c] for c in range(3)], dim=1)
    return grade(
        function,
        (images, mean, std),
        expected,
        mistakes=[
            ((images - mean) / std, "채널이 아니라 너비 쪽으로 뺐습니다. (3, 1, 1)로 바꾸십시오."),
            (images - column_mean, "표준편차로 나누지 않았습니다."),
            ((images - column_mean) * column_std, "곱하지 말고 나누어야 합니다."),
            ((images - column_mean) / column_std.square(), "분산이 아니라 표준편차로 나눕니다."),
            (images * column_std + column_mean, "거꾸로 되돌리는 식입니다."),
        ],
        otherwise="한 채널만 떼어 평균이 0, 표준편차가 1이 되는지 보십시오.",
        explanation="사전 학습할 때와 같은 수를 써야 모델이 아는 크기의 입력이 됩니다.",
    )


def check_freeze(function: Callable[[nn.Module], nn.Module]) -> Verdict:
    """`function(model)`이 머리(`classifier`의 마지막 층)만 남기고 얼린 모델을 돌려주는지 봅니다."""
    model = _tiny_model()
    names = [name for name, _ in model.named_parameters()]

    @functools.wraps(function)
    def learning():
        return _learning(function(model), len(names))

    return grade(
        learning,
        (),
        torch.tensor([int(name.startswith("classifier.2.")) for name in names]),
        mistakes=[
            (torch.zeros(len(names), dtype=torch.long), "머리까지 얼렸습니다. 배울 것이 없습니다."),
            (torch.ones(len(names), dtype=torch.long), "아무것도 얼지 않았습니다. requires_grad를 "
             "model이 아니라 파라미터마다 바꾸거나 requires_grad_(False)를 부르십시오."),
            (torch.tensor([int(name.startswith("classifier")) for name in names]),
             "classifier의 앞쪽 층도 사전 학습된 몸통입니다. 마지막 층만 남기십시오."),
            (torch.tensor([int(not name.startswith("classifier.2.")) for name in names]),
             "거꾸로입니다. 머리가 배우고 나머지가 얼어야 합니다."),
        ],
        otherwise="requires_grad가 True인 파라미터의 이름을 늘어놓고 비교하십시오.",
        explanation="기울기를 계산할 것이 머리뿐이어서 빠르고, 몸통은 그대로 남습니다.",
    )  # fmt: skip


class _TinyModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, kernel_size=3), nn.ReLU())
        self.classifier = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))


def _tiny_model() -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # 채점이 학생의 난수를 바꾸지 않게 합니다.
        return _TinyModel()


def _learning(model: nn.Module | None, count: int) -> Tensor | None:
    """파라미터마다 배우면 1, 얼었으면 0입니다."""
    if model is None:
        return None
    if not isinstance(model, nn.Module):
        raise TypeError(f"모델을 돌려주어야 하는데 {type(model).__name__}이(가) 왔습니다")
    flags = [int(weight.requires_grad) for weight in model.parameters()]
    return torch.tensor(flags) if len(flags) == count else torch.tensor([-1] * count)
