"""실험들을 몇 프로세스로 나누어 합니다.

새 프로세스가 다시 불러올 수 있도록 `__main__`과 다른 파일에 둡니다.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import torch

from course_utils.data import ImageData, load_photos
from course_utils.experiments.conditions import CONDITIONS
from course_utils.experiments.runs import run

BUILD = Path(__file__).resolve().parents[2] / "build" / "experiments"


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
    """학습 데이터에서 `every`장마다 한 장을 떼어 시험 데이터 대신 씁니다."""
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
