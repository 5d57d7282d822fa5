"""1998년 LeNet-5를 MNIST 전체로 학습해 가중치와 기록을 남기는 명령입니다.

    python -m course_utils.commands.train_lenet              # 아래 둘 다, 시드 0, 1, 2
    python -m course_utils.commands.train_lenet plain        # 왜곡 없이
    python -m course_utils.commands.train_lenet distorted    # 무작위로 왜곡한 이미지로

끝난 시드는 `build/weights/`에 남으므로 다시 부르면 나머지만 학습합니다. 세 시드가 모두 끝나면
시드 0의 가중치와 모든 시드의 기록을 `course_utils/assets/`에 둡니다.
"""

import argparse
import sys
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import torch

from course_utils.augmentation import random_affine
from course_utils.checkpoint import ASSETS, load_pretrained, load_record, save_pretrained
from course_utils.data import ImageData, load_digits
from course_utils.lenet import LeNet5Original, discriminative_loss
from course_utils.training import fit, set_seed

BUILD = Path(__file__).resolve().parents[2] / "build" / "weights"
SEEDS = (0, 1, 2)
# --holdout으로, 학습 데이터의 마지막 10,000장을 떼어 놓고 골랐습니다(docs/가중치.md).
COMMON = {
    "learning_rate": 2e-3, "momentum": 0.9, "batch_size": 32, "schedule": "cosine", "rubbish": 10.0,
}  # fmt: skip
RECIPES = {
    "plain": COMMON | {"num_epochs": 20, "weight_decay": 0.01},
    "distorted": COMMON | {"num_epochs": 40, "weight_decay": 0.0},
}


def train(data: ImageData, *, kind: str, seed: int) -> tuple[LeNet5Original, dict]:
    """시드 하나로 처음부터 학습하고 모델과 `fit`의 기록을 돌려줍니다.

    Args:
        kind: "plain" 또는 "distorted".

    논문과 달리 확률적 대각 Levenberg-Marquardt 대신 모멘텀 SGD와 코사인 스케줄을 씁니다.
    """
    recipe = RECIPES[kind]
    set_seed(seed)
    model = LeNet5Original().to(memory_format=torch.channels_last)  # CPU에서 조금 더 빠릅니다.
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=recipe["learning_rate"],
        momentum=recipe["momentum"],
        weight_decay=recipe["weight_decay"],
    )
    num_steps = recipe["num_epochs"] * -(-len(data.train_images) // recipe["batch_size"])
    history = fit(
        model,
        data.train_images,
        data.train_labels,
        optimizer=optimizer,
        num_epochs=recipe["num_epochs"],
        batch_size=recipe["batch_size"],
        loss_function=partial(discriminative_loss, rubbish=recipe["rubbish"]),
        choose=torch.argmin,
        scheduler=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_steps),
        augment=random_affine if kind == "distorted" else None,
        test=(data.test_images, data.test_labels),
        progress=sys.stderr.isatty(),
    )
    del history["step_loss"]  # 수만 개의 값은 담지 않고 패스별 값만 남깁니다.
    return model, history


def main() -> None:
    parser = argparse.ArgumentParser(description="LeNet5Original의 가중치를 만듭니다.")
    parser.add_argument("kind", nargs="?", choices=RECIPES, help="없으면 둘 다 만듭니다")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--holdout", action="store_true", help="학습 데이터 끝 10,000장으로 재기만")
    options = parser.parse_args()
    data = load_digits()
    if data.name != "MNIST":
        raise SystemExit("가중치는 MNIST 전체로만 만듭니다. COURSE_DATA를 확인하십시오.")
    for kind in [options.kind] if options.kind else RECIPES:
        for seed in options.seeds:
            if options.holdout:
                _, history = train(hold_out(data), kind=kind, seed=seed)
                report(f"검증 {kind}_{seed}", history)
            else:
                make_run(data, kind=kind, seed=seed)
        if not options.holdout:
            ship(kind)


def hold_out(data: ImageData) -> ImageData:
    """학습 데이터의 마지막 10,000장을 테스트 데이터 자리에 둡니다. 설정을 고를 때 씁니다."""
    images, labels = data.train_images, data.train_labels
    return replace(
        data,
        train_images=images[:-10_000],
        train_labels=labels[:-10_000],
        test_images=images[-10_000:],
        test_labels=labels[-10_000:],
    )


def report(name: str, history: dict) -> None:
    """마지막 에폭의 학습과 테스트 오류율을 한 줄로 알립니다."""
    train, test = (100 * (1 - history[f"{part}_accuracy"][-1]) for part in ("train", "test"))
    print(f"{name}: 학습 오류율 {train:.2f}%, 테스트 오류율 {test:.2f}%", flush=True)


def make_run(data: ImageData, *, kind: str, seed: int) -> None:
    """아직 없는 시드라면 학습해서 `build/weights/`에 남깁니다."""
    name = f"{kind}_{seed}"
    if (BUILD / f"{name}.json").exists():
        if load_record(name, folder=BUILD)["recipe"] != RECIPES[kind]:
            raise SystemExit(f"build/weights/{name}은(는) 다른 설정의 결과입니다. 먼저 지우십시오.")
        return
    model, history = train(data, kind=kind, seed=seed)
    if history["stopped"]:
        raise SystemExit(history["stopped"])
    record = {
        "seed": seed,
        "date": date.today().isoformat(),
        "torch": torch.__version__,
        "recipe": RECIPES[kind],
        "history": history,
    }
    save_pretrained(model, record, name, folder=BUILD)
    report(name, history)


def ship(kind: str) -> None:
    """세 시드가 모두 있으면 시드 0의 가중치와 모든 기록을 `assets/`로 모읍니다."""
    names = [f"{kind}_{seed}" for seed in SEEDS]
    if not all((BUILD / f"{name}.json").exists() for name in names):
        return
    runs = [load_record(name, folder=BUILD) for name in names]
    model = LeNet5Original()
    load_pretrained(model, names[0], folder=BUILD)
    record = {
        "command": f"python -m course_utils.commands.train_lenet {kind}",
        "data": "MNIST 60,000 / 10,000",
        "torch": runs[0]["torch"],
        "recipe": runs[0]["recipe"],
        "shipped_seed": SEEDS[0],
        "runs": [{key: run[key] for key in ("seed", "date", "history")} for run in runs],
    }
    save_pretrained(model, record, f"lenet5_original_{kind}", folder=ASSETS)


if __name__ == "__main__":
    main()
