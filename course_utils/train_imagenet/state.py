"""학습의 상태입니다. 이것만 있으면 어디서든 같은 학습을 이어 갑니다."""

from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import ReduceLROnPlateau

from course_utils import checkpoint
from course_utils.train_imagenet import records
from course_utils.train_imagenet.processes import fail, from_first, say
from course_utils.train_imagenet.settings import MOMENTUM, WEIGHT_DECAY

# torch 2.2에는 torch.amp.GradScaler가 없습니다.
GradScaler = getattr(torch.amp, "GradScaler", torch.cuda.amp.GradScaler)


@dataclass
class State:
    """난수의 상태는 들지 않습니다: 모든 무작위가 시드와 걸음의 번호로 정해집니다.

    `epoch`와 `step`(그 에폭에서 마친 걸음), 그 에폭의 `[손실의 합, 틀린 수, 센 수]`, 읽지 못해
    건너뛴 이미지의 이름.
    """

    model: DistributedDataParallel
    optimizer: torch.optim.Optimizer
    scheduler: ReduceLROnPlateau
    scaler: GradScaler
    colors: dict
    epoch: int = 0
    step: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    skipped: list[str] = field(default_factory=list)

    def pack(self) -> dict:
        """중간 저장에 담을 dict입니다. `weights_only=True`로 읽을 수 있는 것만 듭니다."""
        return {
            "model": self.model.module.state_dict(), "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(), "scaler": self.scaler.state_dict(),
            "colors": self.colors, "epoch": self.epoch, "step": self.step, "sums": self.sums,
            "skipped": self.skipped,
        }  # fmt: skip

    def unpack(self, saved: dict) -> None:
        self.model.module.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.scheduler.load_state_dict(saved["scheduler"])
        self.scaler.load_state_dict(saved["scaler"])
        for name in ("epoch", "step", "sums", "skipped"):
            setattr(self, name, saved[name])


def start(model: DistributedDataParallel, colors: dict, options: Namespace) -> State:
    """논문의 SGD와 학습률 규칙입니다 (Krizhevsky 2012, §5)."""
    optimizer = torch.optim.SGD(
        model.parameters(), lr=options.lr, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
    )
    # 논문은 손으로 세 번 1/10로 줄였습니다. 여기서는 같은 규칙을 코드가 지킵니다.
    scheduler = ReduceLROnPlateau(
        optimizer, factor=0.1, patience=options.patience, min_lr=options.lr / 1000
    )
    return State(model, optimizer, scheduler, GradScaler(enabled=options.precision == "float16"),
                 colors)  # fmt: skip


def save(state: State, settings: dict, folder: Path, *, steps: int) -> None:
    """중간 저장을 합니다. 못 하면 알리고 학습은 계속합니다."""
    try:
        records.save_checkpoint(
            folder, {"settings": settings} | state.pack(), step=state.epoch * steps + state.step
        )
    except (OSError, RuntimeError) as error:
        say(f"주의: 중간 저장을 하지 못했습니다({error}). 앞선 것은 그대로입니다. "
            "디스크의 빈 자리를 확인하십시오.")  # fmt: skip


def find_saved(folder: Path, settings: dict) -> dict | None:
    """이어서 시작할 중간 저장을 읽습니다. 없으면 None, 다른 설정의 것이면 모두 끝냅니다."""
    path, refused = from_first(lambda: records.find_checkpoint(folder))
    if refused:
        after = f"{path.name}에서 이어집니다." if path else "처음부터 시작합니다."
        say(f"주의: {', '.join(refused)}은(는) 내용이 상해 쓰지 않습니다. {after}")
    if path is None:
        return None
    saved = checkpoint.load(path)
    changed = [name for name, value in settings.items() if saved["settings"].get(name) != value]
    if changed:
        told = ", ".join(f"{name}: {saved['settings'].get(name)} → {settings[name]}"
                         for name in changed)  # fmt: skip
        fail(f"{folder}에는 다른 설정으로 하던 학습이 있습니다({told}). 그 설정으로 이어 가거나 "
             "--out에 다른 폴더를 적으십시오.")  # fmt: skip
    return saved
