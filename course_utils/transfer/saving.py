"""학습한 분류기를 파일 하나에 담고 읽습니다. 클래스 이름과 모델의 종류도 함께 담습니다."""

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from course_utils import checkpoint, training
from course_utils.transfer.classifier import KINDS, Classifier, restore

FORMAT = "cnn-origins-classifier-2"


def save_classifier(
    path: str | Path, model: nn.Module, class_names: Sequence[str], *, kind: str
) -> Path:
    """가중치, 클래스 이름, 모델의 종류(`Classifier.kind`)를 `path`에 씁니다.

    반정밀도의 가중치는 float32로 바꾸어 적습니다. 다음이면 쓰지 않고 ValueError를 냅니다: `kind`를
    모름, 클래스 이름의 수가 머리의 출력 수와 다름, 가중치의 모양이 그 종류의 모델과 다름, 모양은
    같아도 그 종류의 모델에 넣으면 답이 다름(활성화나 풀링을 바꾼 모델).
    """
    names, path = [str(name) for name in class_names], Path(path).expanduser()
    if kind not in KINDS:
        raise ValueError(f"모델의 종류 {kind!r}을(를) 모릅니다. 아는 것: {', '.join(KINDS)}")
    mine = copy.deepcopy(model).to("cpu", torch.float32)
    weights = {name: value.contiguous() for name, value in mine.state_dict().items()}
    wanted = KINDS[kind].build(len(names)).state_dict()
    shapes = [{(name, value.shape) for name, value in each.items()} for each in (weights, wanted)]
    other = sorted({name for name, _ in shapes[0] ^ shapes[1]})
    *_, head = wanted  # 머리의 편향입니다. 길이가 출력 수입니다.
    if head in weights and len(weights[head]) != len(names):
        raise ValueError(
            f"모델의 출력은 {len(weights[head])}개인데 클래스 이름은 {len(names)}개입니다. "
            "학습할 때 쓴 순서 그대로 이름을 모두 넘기십시오."
        )
    if other:
        raise ValueError(
            f"이 모델은 kind={kind!r}인 모델과 구조가 달라"
            f"(다른 가중치 {len(other)}개: {other[0]} 등) 저장하지 않았습니다. "
            "load_alexnet이 준 모델의 kind를 그대로 넘기십시오. 몸통을 바꾼 "
            "모델은 torch.save(model.state_dict(), 경로)로 저장하십시오."
        )
    side = KINDS[kind].image_size
    photo = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    answers = [training.predict(net, photo) for net in (mine, restore(kind, weights, len(names)))]
    if not torch.allclose(*answers, rtol=1e-3, atol=1e-4, equal_nan=True):
        raise ValueError(
            f"가중치의 모양은 kind={kind!r}인 모델과 같지만 계산이 달라"
            "(활성화나 풀링을 바꾼 모델), 다시 읽으면 다른 답을 하므로 저장하지 않았습니다. "
            "torch.save(model.state_dict(), 경로)로 저장하고, 같은 모델을 만들어 읽으십시오."
        )
    checkpoint.save(path, {
        "format": FORMAT, "kind": kind, "class_names": names, "image_size": side,
        "weights": weights,
    })  # fmt: skip
    return path


def load_classifier(path: str | Path) -> Classifier:
    """`save_classifier`가 쓴 파일을 확인하고 읽습니다. `weights_only=True`로만 읽습니다.

    파일이 없으면 FileNotFoundError, 끊겼거나 바뀌었거나 다른 파일이면 ValueError를 냅니다.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} 파일이 없습니다. 경로를 확인하십시오.")
    try:
        content = checkpoint.load(path)
    except ValueError as error:
        raise ValueError(
            f"{path.name}은(는) 이 강의가 저장한 분류기가 아니거나, 끊겼거나 바뀐 파일이어서 "
            "쓰지 않았습니다. save_classifier로 다시 저장하십시오."
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f"{path.name}은(는) 온전하지만 분류기가 아니어서(가중치나 학습 기록 따위) 쓰지 "
            "않았습니다. save_classifier로 저장한 파일을 고르십시오."
        )
    try:
        names, kind = tuple(content["class_names"]), content["kind"]
        model = restore(kind, content["weights"], len(names))
    except Exception as error:  # 꾸민 파일은 무엇이든 낼 수 있습니다.
        raise ValueError(
            f"{path.name}에 든 모델은 지금의 강의가 아는 것과 구조가 달라 쓰지 않았습니다. "
            "저장할 때와 같은 버전의 강의로 읽으십시오."
        ) from error
    note = f"{path.name}에서 읽은 분류기(클래스 {len(names)}개: {', '.join(names)})"
    return Classifier(model, names, kind, "file", note)
