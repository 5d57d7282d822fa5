"""분류기를 저장하고 읽고, 내 사진 폴더를 읽습니다."""

import copy
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from course_utils import checkpoint, training, transfer
from course_utils.checkpoint import ASSETS
from course_utils.transfer.classifier import KINDS, Kind
from course_utils.transfer.saving import FORMAT

NAMES = ("가", "나", "다")


@pytest.fixture(scope="module")
def small():
    return transfer.load_alexnet(offline=True, folder=ASSETS / "없는 폴더")


@pytest.fixture
def saved(small, tmp_path):
    model = transfer.replace_head(small.model, 3)
    return model, transfer.save_classifier(tmp_path / "mine.pt", model, NAMES, kind="small")


def test_loaded_classifier_answers_the_same(saved):
    model, path = saved
    loaded = transfer.load_classifier(path)
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    assert torch.equal(training.predict(model, images), training.predict(loaded.model, images))
    assert (loaded.class_names, loaded.kind, loaded.image_size) == (NAMES, "small", 32)
    assert not loaded.model.training
    assert [path.name for path in path.parent.iterdir()] == ["mine.pt"]


def test_torchvision_classifier_is_restored_as_one(tmp_path, monkeypatch):
    # 같은 구조를 작게 만들 수 없어, 종류를 되살리는 길만 작은 모델로 확인합니다.
    def net(num_classes):
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, num_classes))

    monkeypatch.setitem(KINDS, "torchvision", Kind(net, 224, {}))
    model = net(3)
    path = transfer.save_classifier(tmp_path / "a.pt", model, NAMES, kind="torchvision")
    loaded = transfer.load_classifier(path)
    assert (loaded.kind, loaded.image_size) == ("torchvision", 224)
    photo = np.zeros((300, 300, 3), np.uint8)
    assert transfer.prepare(loaded, [photo]).shape == (1, 3, 224, 224)


@pytest.mark.parametrize("damage", [
    lambda content: content[:-500] + bytes([content[-500] ^ 1]) + content[-499:],
    lambda content: content[: len(content) // 2], lambda _: b"", lambda _: b"hello",
])  # fmt: skip
def test_damaged_and_other_files_are_refused(saved, damage):
    path = saved[1]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"쓰지 않았습니다.*다시 저장하십시오"):
        transfer.load_classifier(path)


@pytest.mark.parametrize(("content", "hint"), [
    ({"weights": {}}, "분류기가 아니어서"), ([1, 2], "분류기가 아니어서"),
    ({"format": FORMAT}, "구조가 달라"),
    ({"format": FORMAT, "class_names": NAMES, "kind": "vgg", "weights": {}}, "구조가 달라"),
    ({"format": FORMAT, "class_names": NAMES, "kind": "small", "weights": {}}, "구조가 달라"),
])  # fmt: skip
def test_whole_file_with_something_else_is_told_apart(tmp_path, content, hint):
    checkpoint.save(tmp_path / "a.pt", content)
    with pytest.raises(ValueError, match=hint):
        transfer.load_classifier(tmp_path / "a.pt")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precision_is_saved_as_float32_in_the_home_folder(
    saved, tmp_path, monkeypatch, dtype
):
    monkeypatch.setenv("HOME", str(tmp_path))
    model = copy.deepcopy(saved[0]).to(dtype)
    transfer.save_classifier("~/half.pt", model, NAMES, kind="small")
    loaded = transfer.load_classifier("~/half.pt").model
    for one, two in zip(model.parameters(), loaded.parameters(), strict=True):
        assert two.dtype == torch.float32
        assert torch.equal(one.float(), two)


class Trap:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return type(self.mark).touch, (self.mark,)


def test_code_in_a_file_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "_parse", lambda *_: {})  # 쓸 때의 확인을 지나치게 합니다.
    checkpoint.save(tmp_path / "a.pt", {"format": Trap(tmp_path / "실행됨")})
    monkeypatch.undo()
    with pytest.raises(ValueError, match="쓰지 않았습니다"):
        transfer.load_classifier(tmp_path / "a.pt")
    assert not (tmp_path / "실행됨").exists()


def test_missing_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="경로"):
        transfer.load_classifier(tmp_path / "a.pt")


@pytest.mark.parametrize(("names", "kind", "hint"), [
    (("가", "나"), "small", "이름은 2개"), (NAMES, "vgg", "vgg"),
    (NAMES, "torchvision", "구조가 달라"),
])  # fmt: skip
def test_what_cannot_be_saved_is_refused(small, tmp_path, names, kind, hint):
    model = transfer.replace_head(small.model, 3)
    with pytest.raises(ValueError, match=hint):
        transfer.save_classifier(tmp_path / "a.pt", model, names, kind=kind)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("layer", "change", "hint"), [
    ("conv1", nn.Conv2d(3, 24, 7, padding=3), "구조가 달라"), ("relu1", nn.Tanh(), "계산이 달라"),
])  # fmt: skip
def test_changed_body_is_refused_when_it_is_saved(small, tmp_path, layer, change, hint):
    model = transfer.replace_head(small.model, 3)
    assert hasattr(model.features, layer)
    setattr(model.features, layer, change)
    with pytest.raises(ValueError, match=hint):
        transfer.save_classifier(tmp_path / "a.pt", model, NAMES, kind="small")
    assert list(tmp_path.iterdir()) == []


# --- 내 사진 폴더 ---------------------------------------------------------------------------------


def make_photos(folder, counts, *, ending="jpg"):
    for level, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.full((40, 60, 3), 60 * level + number, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.{ending}")


def test_every_fifth_photo_is_kept_for_the_test(small, tmp_path):
    make_photos(tmp_path, {"나": 10, "가": 5}, ending="png")
    data = transfer.load_folder(tmp_path, classifier=small)
    assert data.class_names == ("가", "나")
    assert data.train_labels.bincount().tolist() == [4, 8]
    assert data.test_labels.bincount().tolist() == [1, 2]
    assert data.train_images.shape == (12, 3, 32, 32)
    # '나'가 먼저 만들어져 값 0-9를, '가'가 60-64를 가집니다. 시험은 다섯째 사진입니다.
    values = (data.test_images[:, 0, 16, 16] * 0.25 + 0.5) * 255
    assert values.round().tolist() == [64, 4, 9]


def test_zip_is_read_like_the_folder_and_limits_are_shared(small, tmp_path):
    make_photos(tmp_path / "사진", {"가": 10, "나": 3})
    archive = shutil.make_archive(tmp_path / "사진", "zip", tmp_path / "사진")
    first, second = (transfer.load_folder(path, classifier=small, max_train=8, max_test=2)
                     for path in (tmp_path / "사진", archive))  # fmt: skip
    assert torch.equal(first.train_images, second.train_images)
    assert first.train_labels.bincount().tolist() == [4, 2]
    assert first.test_labels.bincount().tolist() == [1, 1]


@pytest.mark.parametrize(("counts", "hint"), [
    ({}, "없음"), ({"가": 3}, "둘 이상"), ({"가": 3, "나": 1}, "두 장 이상"),
])  # fmt: skip
def test_folder_without_enough_photos_is_explained(small, tmp_path, counts, hint):
    make_photos(tmp_path, counts)
    with pytest.raises(ValueError, match=hint):
        transfer.load_folder(tmp_path, classifier=small)


@pytest.mark.parametrize("path", ["없음", "", " "])
def test_missing_and_empty_path_is_told(small, path):
    with pytest.raises(ValueError, match="폴더가 없습니다"):
        transfer.load_folder(path, classifier=small)


def test_folder_and_top_k_see_the_same_pixels(small, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # 옆으로 누워 저장되었으니 세워 보라는 뜻입니다.
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    for name in ("가/1", "가/2", "나/1", "나/2"):
        path = tmp_path / f"{name}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).resize((90, 60)).save(path, quality=95, exif=exif)
    data = transfer.load_folder(tmp_path, classifier=small)
    with Image.open(path) as image:
        for same in (path, image):
            assert torch.equal(transfer.prepare(small, same)[0], data.test_images[-1])
