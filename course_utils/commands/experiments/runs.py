"""이어서 할 수 있는 학습과, 그것을 몇 프로세스로 나누어 하는 곳입니다.

에폭마다 저장하므로 도중에 꺼져도 잃는 것은 한 에폭뿐입니다. 새 프로세스가 다시 불러올 수 있도록
`__main__`과 다른 파일에 둡니다.
"""

import copy
import json
import math
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from datetime import date
from pathlib import Path

import torch
from torch import Tensor, nn

from course_utils import checkpoint
from course_utils.augmentation import ten_crops
from course_utils.checkpoint import load_pretrained, save_pretrained
from course_utils.commands.experiments.conditions import (
    CONDITIONS,
    Condition,
    build,
    make_augment,
    make_inputs,
)
from course_utils.data import ImageData, load_photos
from course_utils.training import evaluate, fit, pick_device, predict, set_seed

BUILD = Path(__file__).resolve().parents[3] / "build" / "experiments"
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
    device = pick_device()
    images, test_images = (part.to(device) for part in make_inputs(condition, data))
    images = images.contiguous(memory_format=torch.channels_last)
    augment = make_augment(condition, images)
    model = MixedPrecision(model.to(device, memory_format=torch.channels_last))
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe["learning_rate"], momentum=recipe["momentum"],
        weight_decay=recipe["weight_decay"],
    )  # fmt: skip
    test = test_images[::5], data.test_labels[::5]  # 곡선은 5장에 1장으로 측정합니다.
    if condition.target:  # 학습 데이터로 측정합니다. 많으면 10,000장쯤만 봅니다.
        every = max(1, len(images) // 10_000)
        test = images[::every], data.train_labels[::every]
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
        "data": f"{data.name}, 학습 {len(images):,}장, 테스트 {len(test_images):,}장",
        "date": date.today().isoformat(), "torch": torch.__version__,
        "precision": "bfloat16", "threads": torch.get_num_threads(), "device": device.type,
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
    """한 장으로 본 정확도와, 10장의 확률을 평균해 본 정확도입니다(Krizhevsky 2012, §4.1)."""
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
    if not same_settings(record, settings):
        raise RuntimeError(f"{folder.name}/{name}은(는) 다른 설정의 결과이니 먼저 지우십시오.")
    return record


def same_settings(record: dict, settings: dict) -> bool:
    """시드와 조건이 같은지 봅니다. 한국어 이름(label)은 결과를 바꾸지 않아 보지 않습니다."""
    condition = {key: value for key, value in record["condition"].items() if key != "label"}
    return {"seed": record["seed"], "condition": condition} == settings


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
        if not same_settings(record, settings):
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


def work(condition: str, seed: int) -> str:
    """실험 하나를 합니다. 스레드가 하나여서 몇 프로세스로 나누어도 값이 같습니다."""
    torch.set_num_threads(1)
    chosen = CONDITIONS[condition]
    recipe = chosen.recipe
    data = load_photos(max_train=recipe["num_train"], max_test=recipe["num_test"])
    if data.name != "CIFAR-10":
        raise RuntimeError("기록은 CIFAR-10으로만 만듭니다. COURSE_DATA를 확인하십시오.")
    if "held_out" in recipe:
        data = hold_out(data, recipe["held_out"])
    name = f"{condition}_{seed}"
    history = run(chosen, data, seed=seed, name=name, folder=BUILD)["history"]
    return f"{name}: {len(history['train_loss'])}에폭, 정확도 {history['test_accuracy'][-1]:.4f}"


def hold_out(data: ImageData, every: int) -> ImageData:
    """학습 데이터에서 `every`장마다 한 장을 떼어 테스트 데이터 대신 씁니다."""
    held = torch.arange(len(data.train_labels)) % every == every - 1
    images, labels = data.train_images, data.train_labels
    return replace(
        data, train_images=images[~held], train_labels=labels[~held],
        test_images=images[held], test_labels=labels[held],
    )  # fmt: skip


def end_with_parent() -> None:
    """부모가 죽으면 이 프로세스도 끝냅니다. 하던 에폭은 버리고, 저장한 에폭에서 이어집니다."""

    def wait() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def work_all(tasks: list[tuple], jobs: int, work: Callable[..., str] = work) -> None:
    """차례로 `jobs`개씩 나누어 하고, 끝날 때마다 알립니다."""
    spawn = multiprocessing.get_context("spawn")
    options = {"mp_context": spawn, "initializer": end_with_parent}
    if sys.version_info >= (3, 11):
        options["max_tasks_per_child"] = 1
    with ProcessPoolExecutor(jobs, **options) as pool:
        for future in as_completed([pool.submit(work, *task) for task in tasks]):
            print(future.result(), flush=True)
