"""마지막 층(머리)을 바꾸고, 나머지(몸통)를 얼리거나 조금씩만 고칩니다.

torchvision의 AlexNet과 이 프로젝트의 AlexNet은 모두 `classifier`의 마지막이 머리입니다.
"""

import copy

from torch import Tensor, nn

from course_utils import training


def replace_head(model: nn.Module, num_classes: int) -> nn.Module:
    """머리를 클래스가 `num_classes`개인 새 층으로 바꾼 사본입니다. 처음 모델은 그대로 둡니다.

    새 층의 가중치는 N(0, 0.01)이고 편향은 0이며(Krizhevsky 2012, §5의 초깃값), dtype과 장치는
    옛 머리와 같습니다. `classifier`의 마지막이 nn.Linear가 아니면 ValueError를 냅니다.
    """
    if num_classes < 2:
        raise ValueError(f"클래스는 둘 이상이어야 하는데 {num_classes}개가 왔습니다.")
    *_, old = getattr(model, "classifier", [None])
    if not isinstance(old, nn.Linear):
        raise ValueError(
            f"{type(model).__name__}에는 마지막이 nn.Linear인 classifier가 없습니다. "
            "load_alexnet이 준 모델의 model이나 torchvision의 AlexNet을 넘기십시오."
        )
    model = copy.deepcopy(model).requires_grad_(True)
    head = nn.Linear(old.in_features, num_classes, dtype=old.weight.dtype, device=old.weight.device)
    nn.init.normal_(head.weight, std=0.01)
    nn.init.zeros_(head.bias)
    model.classifier[-1] = head
    return model


def start_over(model: nn.Module, num_classes: int) -> nn.Module:
    """구조는 같고 아무것도 배우지 않은 사본입니다. 몸통의 초깃값은 He의 방법(2015)입니다."""
    model = replace_head(model, num_classes)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer is not model.classifier[-1]:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


def extract_features(model: nn.Module, images: Tensor, *, batch_size: int = 100) -> Tensor:
    """머리가 받는 값 `(N, 머리의 입력 수)`을 한 번에 계산합니다. 드롭아웃은 끕니다.

    몸통이 얼어 있으면 이 값은 에폭마다 같으므로, 한 번만 계산해 두고 머리만 학습하면 됩니다.
    """
    head = model.classifier[-1]
    model.classifier[-1] = nn.Identity()
    try:
        return training.predict(model, images, batch_size=batch_size)
    finally:
        model.classifier[-1] = head
