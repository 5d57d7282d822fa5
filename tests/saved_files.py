"""저장한 가중치, 분류기, 체크포인트, 제출한 노트북을 망가뜨려 읽히고 판정합니다."""

import copy
import json
import sys
from functools import partial
from pathlib import Path

import mutations
import torch
from torch import nn

from course_utils import transfer
from course_utils.checkpoint import load_pretrained, save_pretrained
from course_utils.commands.experiments import runs
from course_utils.transfer.classifier import KINDS, Kind

SETTINGS = {"seed": 1, "condition": {"epochs": 1}}
HISTORY = {"train_loss": [0.5], "test_loss": [0.25]}


class Tiny(nn.Module):
    """분류기처럼 `classifier`의 마지막이 머리인 아주 작은 모델입니다."""

    def __init__(self, num_classes=3):
        super().__init__()
        self.classifier = nn.Sequential(nn.Linear(4, num_classes))

    def forward(self, x):
        return self.classifier(x[:, 0, 0, :4])


KINDS.setdefault("tiny", Kind(Tiny, 32, KINDS["small"].options))


def make(kind, folder):
    """온전한 파일들의 `{이름: 내용}`과, 그 파일이 담은 모델입니다."""
    torch.manual_seed(0)
    model = Tiny()
    if kind == "pretrained":
        save_pretrained(model, {"command": "시험"}, "a", folder=folder)
    elif kind == "classifier":
        transfer.save_classifier(folder / "a.pt", model, "가나다", kind="tiny")
    else:
        runs.save(folder / "a.ckpt", model, optimizer_of(model), SETTINGS, HISTORY)
    return {path.name: path.read_bytes() for path in folder.iterdir()}, model


def optimizer_of(model):
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def judge(kind, folder, expected):
    """거절하면 모델이 그대로여야 하고, 읽으면 저장한 것과 같아야 합니다."""
    torch.manual_seed(1)
    model = Tiny()
    before, refused = copy.deepcopy(model.state_dict()), None
    try:
        if kind == "pretrained":
            load_pretrained(model, "a", folder=folder)
        elif kind == "classifier":
            loaded = transfer.load_classifier(folder / "a.pt")
            assert loaded.class_names == tuple("가나다")
            model = loaded.model
        else:
            history = runs.restore(folder / "a.ckpt", model, optimizer_of(model), SETTINGS)
            assert history in (None, HISTORY)
            refused = history is None
    except (ValueError, FileNotFoundError) as error:
        refused = not mutations.refused_in_korean(error)
    wanted = before if refused else expected.state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(value, wanted[name])
    return not refused


def cases(kind, count, seed, folder):
    """`(망가뜨린 법, 판정하는 함수)`들입니다."""
    if kind == "notebook":
        yield from notebook_cases(count, seed, folder)
        return
    files, expected = make(kind, folder)
    for number, name in enumerate(files):
        # 온전한 파일 하나를 함께 읽어, 늘 거절만 하는 것이 아님을 봅니다.
        share = count // len(files) - 1
        changed = mutations.mutations([files[name]], share, seed=seed + number)
        for _, way, content in [("", "온전함", files[name]), *changed]:
            (folder / name).write_bytes(content)
            yield way, partial(judge, kind, folder, expected)
        (folder / name).write_bytes(files[name])


def notebook_cases(count, seed, folder):
    """채점기가 제출 파일을 읽습니다. 읽거나, 한국어로 이유를 말해야 합니다."""
    root = Path(__file__).parents[1]
    sys.path.insert(0, str(root / "tools"))
    from grading.submissions import Unreadable, load_course, read_submission

    course = load_course()
    notebook = json.loads((root / "notebooks" / "01_lenet5.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell.pop("outputs", None)
    content = json.dumps(notebook, ensure_ascii=False).encode()
    path = folder / "제출.ipynb"

    def judge_notebook():
        try:
            read_submission(path, course)
        except Unreadable as error:
            return mutations.refused_in_korean(error)
        return True

    for _, way, changed in mutations.mutations([content], count, seed=seed):
        path.write_bytes(changed)
        yield way, judge_notebook
