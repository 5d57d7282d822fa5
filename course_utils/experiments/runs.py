"""이어서 할 수 있는 학습입니다. 에폭마다 저장하므로 도중에 꺼져도 잃는 것은 한 에폭뿐입니다."""

import copy
import json
import math
import sys
from datetime import date
from pathlib import Path

import torch
from torch import Tensor, nn

from course_utils import checkpoint
from course_utils.checkpoint import load_pretrained, save_pretrained
from course_utils.data import ImageData
from course_utils.experiments.conditions import Condition, build, make_augment, make_inputs
from course_utils.training import evaluate, fit, predict, set_seed

CURVES = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")


class MixedPrecision(nn.Module):
    """순전파를 bfloat16으로 계산하고 로짓을 float32로 돌려줍니다. 가중치는 float32 그대로입니다."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, dtype=torch.bfloat16):
            return self.model(images).float()


def run(condition: Condition, data: ImageData, *, seed: int, name: str, folder: Path) -> dict:
    """조건 하나를 시드 하나로 끝까지 학습하고 기록을 돌려줍니다.

    끝난 실험은 `folder/{name}.json`을 읽기만 합니다. 도중에 꺼진 실험은 마지막 에폭부터 이어서
    하며, 에폭마다 시드를 새로 정하므로 끊지 않은 것과 값이 같습니다. 중단했거나, 손실이 NaN이거나,
    같은 이름으로 다른 설정의 결과가 있으면 RuntimeError입니다.
    """
    settings = {"seed": seed, "condition": condition.settings()}
    recipe = condition.recipe
    set_seed(1000 * seed)
    model = build(condition, num_classes=len(data.class_names))
    if (folder / f"{name}.json").exists():
        return finished(model, settings, name, folder)
    images, test_images = make_inputs(condition, data)
    images = images.contiguous(memory_format=torch.channels_last)
    augment = make_augment(condition, images)
    model = MixedPrecision(model.to(memory_format=torch.channels_last))
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe["learning_rate"], momentum=recipe["momentum"],
        weight_decay=recipe["weight_decay"],
    )  # fmt: skip
    test = test_images[::5], data.test_labels[::5]  # 곡선은 다섯 장에 한 장으로 측정합니다.
    if condition.target:
        test = images, data.train_labels
    saved = folder / f"{name}.ckpt"
    history = restore(saved, model, optimizer, settings) or {curve: [] for curve in CURVES}
    for epoch in range(len(history["train_loss"]), recipe["num_epochs"]):
        if condition.target and max(history["test_accuracy"], default=0) >= condition.target:
            break
        set_seed(1000 * seed + 1 + epoch)
        optimizer.param_groups[0]["lr"] = learning_rate(recipe, epoch)
        new = fit(
            model, images, data.train_labels, optimizer=optimizer, num_epochs=1, test=test,
            batch_size=recipe["batch_size"], augment=augment, progress=sys.stderr.isatty(),
        )  # fmt: skip
        if new["stopped"]:
            raise RuntimeError(f"{name}: {new['stopped']} 같은 명령을 다시 실행하면 이어서 합니다.")
        for curve in CURVES:
            history[curve] += [round(value, 5) for value in new[curve]]
        save(saved, model, optimizer, settings, history)
    record = settings | {
        "data": f"{data.name}, 학습 {len(images):,}장, 시험 {len(test_images):,}장",
        "date": date.today().isoformat(), "torch": torch.__version__,
        "precision": "bfloat16", "threads": torch.get_num_threads(),
        "history": history,
    }  # fmt: skip
    if not condition.target:
        record |= ten_crop_result(model, test_images, data.test_labels)
    save_pretrained(model.model, record, name, folder=folder)
    saved.unlink(missing_ok=True)
    return record


def learning_rate(recipe: dict, epoch: int) -> float:
    """그 에폭의 학습률입니다. "cosine"은 0까지 내려가고 "constant"는 그대로입니다."""
    if recipe["schedule"] == "constant":
        return recipe["learning_rate"]
    return recipe["learning_rate"] * 0.5 * (1 + math.cos(math.pi * epoch / recipe["num_epochs"]))


def ten_crop_result(model: nn.Module, images: Tensor, labels: Tensor) -> dict:
    """한 장으로 본 정확도와, 열 장의 확률을 평균해 본 정확도입니다(Krizhevsky 2012, §4.1)."""
    from course_utils.augmentation import ten_crops

    chunks = [torch.stack([predict(model, crop).softmax(dim=1) for crop in ten_crops(part)])
              .mean(dim=0) for part in images.split(1000)]  # fmt: skip
    ten = (torch.cat(chunks).argmax(dim=1) == labels).float().mean().item()
    one = evaluate(model, images, labels)["accuracy"]
    return {"one_crop_accuracy": round(one, 5), "ten_crop_accuracy": round(ten, 5)}


def finished(model: nn.Module, settings: dict, name: str, folder: Path) -> dict:
    """끝난 실험의 기록입니다. 설정이 다르거나 가중치가 없거나 상했으면 RuntimeError입니다."""
    try:
        record = load_pretrained(model, name, folder=folder)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise RuntimeError(f"{name}의 결과를 쓸 수 없으니 지우고 다시 하십시오: {error}") from error
    if {key: record.get(key) for key in settings} != settings:
        raise RuntimeError(f"{folder.name}/{name}은(는) 다른 설정의 결과이니 먼저 지우십시오.")
    return record


def save(path: Path, model: nn.Module, optimizer, settings: dict, history: dict) -> None:
    """에폭 하나의 끝을 통째로 남깁니다."""
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    checkpoint.save(path, state | {"record": json.dumps(settings | {"history": history})})


def restore(path: Path, model: nn.Module, optimizer, settings: dict) -> dict | None:
    """저장해 둔 에폭을 되살리고 기록을 돌려줍니다. 없거나, 상했거나, 설정이 다르면 None입니다.

    쓸 수 없을 때에는 모델과 옵티마이저를 부르기 전 그대로 둡니다.
    """
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    try:
        state = checkpoint.load(path)
        record = json.loads(state["record"])
        history = record.pop("history")
        if record != settings:
            raise ValueError("다른 설정입니다.")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    except FileNotFoundError:
        return None
    except Exception as error:  # 상한 파일은 무엇이든 낼 수 있습니다.
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        print(f"{path.name}을(를) 쓸 수 없어 처음부터 시작합니다: {error}", flush=True)
        return None
    return history
