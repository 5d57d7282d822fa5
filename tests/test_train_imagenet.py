"""ImageNet 크기의 학습을, 산수와 torchvision과 손으로 쓴 한 걸음에 견줍니다.

프로세스를 여럿 띄우는 시험은 tests/faults/test_many_processes.py에 있습니다.
"""

import math
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import distributed, nn
from torch.nn import functional as F
from torchvision.transforms import functional as vision

from course_utils.alexnet import AlexNetOriginal
from course_utils.anatomy import dissect
from course_utils.train_imagenet import __main__ as command
from course_utils.train_imagenet import images, training
from course_utils.train_imagenet.images import SKIPPED, GlobalBatchSampler, ImageTree


@pytest.fixture
def alone():
    """프로세스가 하나인 모임입니다."""
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.fixture
def tree(tmp_path):
    """클래스 둘에 세 장씩. 픽셀마다 값이 다른 48×40 이미지입니다."""
    for name in ("개", "고양이"):
        (tmp_path / name).mkdir()
        for i in range(3):
            pixels = torch.randint(256, (40, 48, 3), generator=torch.Generator().manual_seed(i))
            Image.fromarray(pixels.to(torch.uint8).numpy()).save(tmp_path / name / f"{i}.png")
    return tmp_path


def shares(size, *, batch_size=12, epoch=0, done=0, seed=1):
    options = {"seed": seed, "epoch": epoch, "done": done}
    return [list(GlobalBatchSampler(50, batch_size, rank=rank, size=size, **options))
            for rank in range(size)]  # fmt: skip


# --- 나누기 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 12])
def test_the_whole_batch_does_not_depend_on_the_number_of_processes(size):
    whole = shares(1)[0]
    for step, batch in enumerate(whole):
        parts = [part[step] for part in shares(size)]
        assert sorted(key for part in parts for key in part) == sorted(batch)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("size", [1, 3])
def test_row_of_an_image_in_the_whole_batch_is_known_from_the_rank(size):
    whole = shares(1)[0]
    for rank, part in enumerate(shares(size)):
        for step, keys in enumerate(part):
            assert keys == [whole[step][row] for row in range(rank, 12, size)]


def test_an_epoch_uses_no_image_twice_and_only_full_batches():
    keys = [key for batch in shares(1)[0] for key in batch]
    assert len(keys) == len(set(keys)) == 48  # 50장에서 12장씩 네 번
    assert len(GlobalBatchSampler(50, 12, rank=0, size=1, seed=1, epoch=0)) == 4


def test_resumed_epoch_goes_on_with_the_remaining_batches():
    assert shares(2, done=3)[1] == shares(2)[1][3:]
    assert len(GlobalBatchSampler(50, 12, rank=0, size=1, seed=1, epoch=0, done=3)) == 1


def test_order_changes_with_the_epoch_and_the_seed():
    first = [index for _, index in shares(1)[0][0]]
    assert first != [index for _, index in shares(1, epoch=1)[0][0]]
    assert first != [index for _, index in shares(1, seed=2)[0][0]]


# --- 이미지 ---------------------------------------------------------------------------------------


def test_image_is_a_window_of_the_stored_square(tree):
    training = ImageTree(tree, stored=36, side=32, seed=3)
    square = ImageTree(tree, stored=36)[0, 0][0]
    image, label, alphas, index = training[5, 0]
    windows = square.unfold(1, 32, 1).unfold(2, 32, 1).flatten(1, 2).transpose(0, 1)
    found = [(window == other).all() for window in windows for other in (image, image.flip(2))]
    assert image.dtype == torch.uint8
    assert (label, index, alphas.shape) == (0, 0, (3,))
    assert sum(found) == 1


def test_stored_square_is_the_middle_of_the_shorter_side(tree):
    with Image.open(tree / "개" / "0.png") as opened:
        middle = opened.crop((4, 0, 44, 40))
    assert ImageTree(tree, stored=40)[0, 0][0].permute(1, 2, 0).numpy().tobytes() == (
        middle.tobytes()
    )


def test_augmentation_depends_on_seed_epoch_and_number_only(tree):
    def draw(seed, epoch):
        return ImageTree(tree, stored=36, side=32, seed=seed)[epoch, 2]

    first, again = draw(0, 1), draw(0, 1)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[2], again[2])
    assert not torch.equal(first[2], draw(0, 2)[2])
    assert not torch.equal(first[2], draw(1, 1)[2])


def test_alphas_are_normal_with_deviation_one_tenth(tree):
    training = ImageTree(tree, stored=36, side=32)
    alphas = torch.stack([training[epoch, 0][2] for epoch in range(300)])
    assert alphas.mean().abs() < 4 * 0.1 / math.sqrt(alphas.numel())
    assert alphas.std().item() == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n"])
def test_unreadable_image_is_marked_and_named(tree, content):
    (tree / "개" / "1.png").write_bytes(content)
    training = ImageTree(tree, stored=36, side=32)
    assert training[0, 1][1] == SKIPPED
    assert training.name(1) == "개/1.png"


@pytest.mark.parametrize("empty", [True, False])
def test_folder_without_images_is_explained(tmp_path, empty):
    if empty:
        (tmp_path / "개").mkdir()
    with pytest.raises(FileNotFoundError, match="클래스마다 폴더가 있고"):
        ImageTree(tmp_path, stored=36)


def test_contents_change_with_the_name_of_one_file(tree):
    before = ImageTree(tree, stored=36).contents()
    (tree / "개" / "0.png").rename(tree / "개" / "9.png")
    assert ImageTree(tree, stored=36).contents() != before
    assert before.startswith("6-")


def test_ten_crops_are_those_of_torchvision():
    pixels = torch.arange(2 * 3 * 10 * 10).reshape(2, 3, 10, 10)
    ours = list(images.crops(pixels, 6, count=10))
    theirs = vision.ten_crop(pixels, 6)
    key = [crop.flatten().tolist() for crop in ours]
    assert sorted(key) == sorted(crop.flatten().tolist() for crop in theirs)
    assert torch.equal(next(images.crops(pixels, 6, count=1)), vision.center_crop(pixels, 6))


def test_colors_of_a_known_tree(tmp_path):
    """빨강만 0과 200인 두 이미지: 평균 (100, 50, 7), 빨강 축의 표준편차만 0이 아닙니다."""
    for name, red in (("a", 0), ("b", 200)):
        (tmp_path / name).mkdir()
        Image.new("RGB", (40, 40), (red, 50, 7)).save(tmp_path / name / "0.png")
    colors = images.measure_colors(ImageTree(tmp_path, stored=36))
    torch.testing.assert_close(colors["mean"], torch.tensor([100.0, 50.0, 7.0]))
    torch.testing.assert_close(colors["vectors"][:, 0], torch.tensor([1.0, 0.0, 0.0]))
    assert colors["deviations"][0].item() == pytest.approx(100, rel=0.01)
    assert colors["deviations"][1:].abs().max() < 1e-3


def test_colors_of_a_tree_without_readable_images_are_refused(tree):
    for file in tree.glob("*/*.png"):
        file.write_bytes(b"")
    with pytest.raises(ValueError, match="한 장도 읽지 못했습니다"):
        images.measure_colors(ImageTree(tree, stored=36))


@pytest.mark.parametrize(("standardized", "expected"), [(False, 50.0), (True, 2.0)])
def test_normalized_pixel_is_hand_arithmetic(standardized, expected):
    colors = {"mean": torch.tensor([100.0, 100, 100]), "deviation": torch.tensor(25.0),
              "vectors": torch.eye(3), "deviations": torch.tensor([10.0, 10, 10])}  # fmt: skip
    pixels = torch.full((1, 3, 2, 2), 140, dtype=torch.uint8)
    amounts = torch.ones(1, 3)  # 표준편차 하나씩 밝게: 140 + 10 - 100 = 50
    out = images.normalize(pixels, amounts, colors, standardized=standardized, dtype=torch.float32)
    assert (out == expected).all()


# --- 한 걸음 --------------------------------------------------------------------------------------


class Tiny(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.features = nn.Flatten()
        self.classifier = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Dropout(0.5),
                                        nn.Linear(8, num_classes))  # fmt: skip

    def forward(self, x):
        return self.classifier(self.features(x))


CHOICE = training.Choice(Tiny, side=2, stored=2)
COLORS = {"mean": torch.zeros(3), "deviation": torch.tensor(100.0), "vectors": torch.eye(3),
          "deviations": torch.ones(3)}  # fmt: skip


def batch_of(n):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (n, 3, 2, 2), generator=generator, dtype=torch.uint8)
    return pixels, torch.arange(n) % 3, torch.zeros(n, 3), torch.arange(n)


def one_step(batch, micro_batch):
    torch.manual_seed(0)
    model = training.build(CHOICE, 3, torch.device("cpu"))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    sampler = GlobalBatchSampler(99, len(batch[0]), rank=0, size=1, seed=0, epoch=0)
    scaler = training.GradScaler(enabled=False)
    state = training.State(model, optimizer, None, scaler, COLORS, CHOICE)
    options = Namespace(micro_batch=micro_batch, precision="float32")
    sums = training.train_step(state, batch, sampler, options, seed=5)
    return dict(model.module.named_parameters()), sums


@pytest.fixture
def plain_step():
    """PyTorch로 쓴 같은 한 걸음입니다. 셋째 이미지는 읽지 못한 것입니다."""
    pixels, labels, amounts, index = batch_of(6)
    labels[2] = SKIPPED
    torch.manual_seed(0)
    model = Tiny()
    torch.manual_seed(5)
    logits = model(pixels.float() / 100)
    used = labels != SKIPPED
    loss = F.cross_entropy(logits[used], labels[used])
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.1 * parameter.grad
    wrong = (logits[used].argmax(1) != labels[used]).sum()
    expected = torch.tensor([5 * loss.item(), wrong, 5], dtype=torch.float64)
    return (pixels, labels, amounts, index), dict(model.named_parameters()), expected


@pytest.mark.parametrize("micro_batch", [None, 1, 4, 6, 100])
def test_step_equals_plain_pytorch_however_it_is_cut(alone, plain_step, micro_batch):
    batch, expected, expected_sums = plain_step
    weights, sums = one_step(batch, micro_batch)
    torch.testing.assert_close(sums, expected_sums)
    for name, value in expected.items():
        torch.testing.assert_close(weights[name], value, msg=name)


def test_batch_of_unreadable_images_changes_nothing(alone):
    pixels, labels, amounts, index = batch_of(4)
    torch.manual_seed(0)
    before = dict(Tiny().named_parameters())
    weights, sums = one_step((pixels, torch.full_like(labels, SKIPPED), amounts, index), None)
    assert sums.tolist() == [0, 0, 0]
    assert all(torch.equal(weights[name], value) for name, value in before.items())


def test_models_of_the_command_drop_units_by_the_whole_batch(alone):
    model = training.build(training.MODELS["SmallAlexNet"], 3, torch.device("cpu")).module
    dropouts = [layer for layer in model.modules() if isinstance(layer, nn.Dropout)]
    assert len(dropouts) == 2
    assert all(isinstance(layer, training.BatchDropout) for layer in dropouts)


def test_evaluation_counts_hand_made_answers(alone, tree):
    """늘 2번을 답하고 0번을 그다음으로 꼽는 모델: 레이블 0, 1의 top-1은 모두 틀립니다."""

    class Fixed(nn.Module):
        def __init__(self, num_classes):
            super().__init__()
            self.classifier = nn.Sequential(nn.Linear(1, num_classes))

        def forward(self, x):
            return torch.tensor([[5.0, 0, 9, 4, 3, 2, 1]]).expand(len(x), -1)

    choice = training.Choice(Fixed, side=32, stored=36)
    model = training.build(choice, 7, torch.device("cpu"))
    (tree / "고양이" / "0.png").write_bytes(b"")
    state = training.State(model, None, None, None, COLORS, choice)
    options = Namespace(precision="float32", workers=0)
    result = training.evaluate(state, ImageTree(tree, stored=36), options, num_crops=10,
                               batch_size=4)  # fmt: skip
    assert result == {"error": 1.0, "top5_error": 2 / 5, "images": 5}
    assert model.training


# --- 중간 저장과 기록 -----------------------------------------------------------------------------


def save_three(folder):
    for step in (10, 20, 30):
        training.save_checkpoint(folder, {"step": step}, step=step)
    return sorted(folder.glob("*.pt"))


def test_newest_checkpoint_is_found_and_read(tmp_path):
    save_three(tmp_path)
    path, refused = training.find_checkpoint(tmp_path)
    assert torch.load(path, weights_only=True) == {"step": 30}
    assert refused == []


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_cut_checkpoint_is_refused_and_the_one_before_it_is_used(tmp_path, share):
    newest = save_three(tmp_path)[-1]
    content = newest.read_bytes()
    newest.write_bytes(content[: int(share * len(content))])
    path, refused = training.find_checkpoint(tmp_path)
    assert torch.load(path, weights_only=True) == {"step": 20}
    assert refused == [newest.name]


def test_checkpoint_with_one_changed_bit_is_refused(tmp_path):
    newest = save_three(tmp_path)[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    assert training.find_checkpoint(tmp_path)[1] == [newest.name]


def test_old_tar_format_of_torch_is_refused_unread(tmp_path):
    (tmp_path / "checkpoint-000000001.pt").write_bytes(b"not a zip")
    assert training.find_checkpoint(tmp_path) == (None, ["checkpoint-000000001.pt"])


def test_three_checkpoints_are_kept_and_no_part_is_left(tmp_path):
    for step in range(5):
        training.save_checkpoint(tmp_path, {"step": step}, step=step)
    assert [path.name[:20] for path in sorted(tmp_path.iterdir())] == [
        "checkpoint-000000002", "checkpoint-000000003", "checkpoint-000000004",
    ]  # fmt: skip


def test_failed_save_leaves_the_older_ones(tmp_path):
    before = save_three(tmp_path)

    class Unsavable:
        def __reduce__(self):
            raise OSError(28, "디스크가 찼습니다")

    with pytest.raises(OSError, match="찼습니다"):
        training.save_checkpoint(tmp_path, {"step": Unsavable()}, step=40)
    assert sorted(tmp_path.iterdir()) == before


def test_rows_after_the_resumed_step_are_forgotten(tmp_path):
    for step in range(1, 6):
        training.append_row(tmp_path, {"step": step})
    with (tmp_path / training.LOG).open("a") as stream:
        stream.write('{"step": 6, "lo')  # 쓰다가 꺼졌습니다.
    assert [row["step"] for row in training.read_rows(tmp_path)] == [1, 2, 3, 4, 5]
    training.keep_rows(tmp_path, until=3)
    assert [row["step"] for row in training.read_rows(tmp_path)] == [1, 2, 3]


# --- 설정과 계획 ----------------------------------------------------------------------------------


def test_defaults_are_those_of_the_paper():
    options = command.parse(["--data", "x"])
    assert (options.model, options.epochs, options.batch_size, options.lr, options.precision) == (
        "AlexNetOriginal", 90, 128, 0.01, "float32")  # fmt: skip
    assert (training.MOMENTUM, training.WEIGHT_DECAY) == (0.9, 0.0005)
    choice = training.MODELS["AlexNetOriginal"]
    assert (choice.stored, choice.side, choice.standardized) == (256, 224, False)


@pytest.mark.parametrize("wrong", [["--batch-size", "0"], ["--model", "VGG"], []])
def test_wrong_arguments_are_refused(wrong, capsys):
    data = ["--data", "x"] if wrong else []
    with pytest.raises(SystemExit) as ended:
        command.parse(data + wrong)
    assert ended.value.code == 2


def test_number_of_processes_is_not_part_of_the_recipe():
    few = command.recipe(command.parse(["--data", "x"]), "6-ab")
    more = command.recipe(command.parse(["--data", "x", "--micro-batch", "4"]), "6-ab")
    assert few == more
    assert "6-ab" in few.values()


@pytest.mark.parametrize(("size", "expected"), [(1, 0), (2, 4e6), (4, 6e6)])
def test_ring_sends_two_times_all_but_one_share(size, expected):
    assert command.ring_bytes(1_000_000, size) == expected


def test_plan_of_imagenet_is_hand_arithmetic():
    options = command.parse(["--data", "x", "--micro-batch", "8"])
    told = command.describe(options, 1_281_167, 50_000, 1000, 60_965_224, 8)
    for part in ("10,009", "900,810", "8개가 16장까지", "2조각", "732 MB", "427 MB", "488 MB"):
        assert part in told


def imagenet_numbers():
    """docs/이미지넷.md 5절의 수를 모델과 산수에서 다시 냅니다."""
    layers = dissect(AlexNetOriginal(), (3, 224, 224))
    parameters = sum(layer.parameters for layer in layers)
    flops = 6 * sum(layer.macs for layer in layers)
    images, epochs = 1_281_167, 90
    told = [f"{flops / 1e9:.2f} GFLOP", f"{12 * parameters / 1e6:.0f} MB"]
    told += [f"{flops * images * epochs / 1e17:.1f} × 10¹⁷"]
    told += [f"{flops * images * epochs / 1e14 / 3600:.1f}시간"]
    told += [f"{sum(layer.training_bytes(n) for layer in layers) / 1e9:.2f} GB" for n in (16, 128)]
    told += [f"초당 {1.2e6 * epochs / 5.5 / 86400:.0f}장이었습니다"]
    for hours in (24, 3, 1):
        rate = images * epochs / hours / 3600
        told += [f"| {hours}시간 | 초당 {rate:,.0f}장 | {rate / 331:.1f} | {rate / 2190:.1f} |"]
    for size, batch, hours in ((8, 128, 24), (8, 1024, 24), (8, 1024, 3), (64, 8192, 3)):
        num_steps = images // batch * epochs
        sent = command.ring_bytes(parameters, size)
        told += [f"| {size} | {batch:,} | {num_steps:,} | {sent / 1e6:.0f} MB | {hours}시간 | "
                 f"초당 {sent * num_steps / hours / 3600 / 1e9:.1f} GB |"]  # fmt: skip
    return told


def test_numbers_of_the_guide_follow_from_the_model():
    guide = (Path(__file__).parents[1] / "docs" / "이미지넷.md").read_text(encoding="utf-8")
    assert [told for told in imagenet_numbers() if told not in guide] == []


def test_small_batches_swing_the_original_as_the_guide_says():
    torch.manual_seed(0)
    model = AlexNetOriginal().eval()
    inputs = []
    model.classifier.fc8.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
    with torch.no_grad():
        model(60 * torch.randn(1, 3, 224, 224))
    squares = inputs[0].square().sum().item()
    assert squares == pytest.approx(7_400, rel=0.02)
    assert 0.01 * squares / 128 == pytest.approx(0.6, abs=0.05)
    assert 0.01 * squares * 2 / 4 == pytest.approx(37, abs=0.5)
