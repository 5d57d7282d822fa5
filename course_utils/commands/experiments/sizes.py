"""데이터의 크기(노트북 02)의 기록을 만듭니다. 끝난 것은 `build/data_size/`에 남습니다."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import skimage
import sklearn
import torch

from course_utils.checkpoint import ASSETS, load_record, write_json
from course_utils.data import ImageData, load_digits
from course_utils.data_size import METHODS, RECIPES, measure, name_of

BUILD = Path(__file__).resolve().parents[3] / "build" / "data_size"
SIZES = (100, 300, 1_000, 3_000, 10_000, 60_000)


def all_tasks(seeds: Sequence[int]) -> list[tuple[str, int, int]]:
    """`(방법, 크기, 시드)`들입니다. 전체를 쓰는 SVM에는 무작위가 없어 시드 하나만 합니다."""
    return [
        (method, size, seed) for size in SIZES for seed in seeds for method in METHODS
        if method == "lenet" or size < SIZES[-1] or seed == seeds[0]
    ]  # fmt: skip


@lru_cache(maxsize=1)
def load_mnist() -> ImageData:
    data = load_digits()
    if data.name != "MNIST":
        raise RuntimeError("기록은 MNIST로만 만듭니다. COURSE_DATA를 확인하십시오.")
    return data


def work(method: str, size: int, seed: int, *, folder: Path = BUILD) -> str:
    """실험 하나를 스레드 하나로 하고 한 줄로 알립니다. 이미 있으면 읽기만 합니다."""
    torch.set_num_threads(1)
    name, recipe = name_of(method, size, seed), RECIPES[method]
    if (folder / f"{name}.json").exists():
        record = load_record(name, folder=folder)
        if record["recipe"] != recipe:
            raise RuntimeError(f"{folder.name}/{name}은(는) 다른 설정의 결과이니 먼저 지우십시오.")
    else:
        record = measure(method, load_mnist(), size=size, seed=seed)
        record |= {"recipe": recipe, "date": date.today().isoformat()}
        write_json(folder / f"{name}.json", record, indent=None)
    return f"{name}: 오류율 {record['error']:.2f}%, {record['seconds']:.0f}초"


def ship(seeds: Sequence[int], *, folder: Path = BUILD, target: Path = ASSETS) -> None:
    """끝난 실험들을 기록 하나로 모읍니다."""
    names = [name_of(*task) for task in all_tasks(seeds)]
    runs = {name: load_record(name, folder=folder) for name in names}
    kept = ("error", "seconds", "date")
    write_json(target / "data_size.json", {
        "command": "python -m course_utils.commands.experiments data_size",
        "data": "MNIST, 테스트 10,000장",
        "torch": torch.__version__, "sklearn": sklearn.__version__, "skimage": skimage.__version__,
        "threads": 1, "sizes": SIZES, "seeds": list(seeds), "recipes": RECIPES,
        "runs": {name: {key: run[key] for key in kept} for name, run in runs.items()},
    })  # fmt: skip
