"""명령의 인자와 모델의 표입니다."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from course_utils.alexnet import AlexNet, AlexNetOriginal, SmallAlexNet

# Krizhevsky 2012, §5
MOMENTUM, WEIGHT_DECAY = 0.9, 0.0005
PRECISIONS = ("float32", "bfloat16", "float16", "float64")


@dataclass(frozen=True)
class Choice:
    """모델과 그 모델이 보는 이미지입니다.

    `stored`는 가운데 정사각형을 줄인 크기, `side`는 거기서 잘라 모델에 넣는 크기입니다(픽셀).
    `standardized`가 거짓이면 논문처럼 0~255인 픽셀에서 평균만 뺍니다. 초기값 N(0, 0.01)이 그 크기에
    맞습니다. PyTorch의 초기값을 쓰는 모델은 표준편차로도 나눕니다.
    """

    make: type[nn.Module]
    side: int
    stored: int = 256  # Krizhevsky 2012, §2
    standardized: bool = True


MODELS = {
    "AlexNetOriginal": Choice(AlexNetOriginal, side=224, standardized=False),
    "AlexNet": Choice(AlexNet, side=227),
    "SmallAlexNet": Choice(SmallAlexNet, side=32, stored=36),  # 명령을 연습할 때 씁니다.
}


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"1 이상이어야 합니다: {text}")
    return value


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """명령의 인자를 읽습니다. 기본값은 논문의 값입니다."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.train_imagenet",
        description="AlexNet을 2012년의 방법으로 학습합니다. 꺼지면 같은 명령으로 이어집니다.",
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="train/클래스/이미지, val/클래스/이미지가 든 폴더")
    add("--out", type=Path, default=Path("alexnet-run"), help="중간 저장과 기록을 둘 폴더")
    add("--model", choices=MODELS, default="AlexNetOriginal", help="SmallAlexNet은 연습용입니다")
    add("--epochs", type=positive, default=90)
    add("--batch-size", type=positive, default=128, help="모든 프로세스를 합한 한 걸음의 이미지 수")
    add("--micro-batch", type=positive, help="한 번에 계산할 장수. 메모리가 모자라면 줄이십시오")
    add("--lr", type=float, default=0.01, help="처음 학습률")
    add("--patience", type=int, default=5, help="검증 오류가 이 에폭 수만큼 멈추면 학습률을 1/10로")
    add("--precision", choices=PRECISIONS, default=PRECISIONS[0],
        help="16비트는 혼합 정밀도, float64는 확인용")
    add("--workers", type=int, help="프로세스마다 이미지를 읽는 일꾼의 수")
    add("--log-every", type=positive, default=50, help="기록을 남기는 걸음 수")
    add("--save-every", type=positive, default=500, help="중간 저장을 하는 걸음 수")
    add("--seed", type=int, default=0)
    add("--dry-run", action="store_true", help="계획을 보이고 두 걸음만 해 봅니다")
    add("--evaluate", action="store_true", help="학습하지 않고 마지막 중간 저장을 평가합니다")
    options = parser.parse_args(arguments)
    if options.workers is None:
        local = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        options.workers = min(8, max(1, (os.cpu_count() or 1) // local))
    return options


def recipe(options: argparse.Namespace, contents: str) -> dict:
    """결과를 정하는 설정입니다. 이것이 다르면 이어서 학습할 수 없습니다.

    프로세스의 수와 `--micro-batch`는 들지 않습니다: 바뀌어도 같은 전체 배치로 같은 계산을 합니다.
    """
    names = ("model", "batch_size", "lr", "patience", "precision", "seed")
    return {name: getattr(options, name) for name in names} | {"data": contents}
