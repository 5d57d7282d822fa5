"""ImageNet 크기의 학습을, 산수와 torchvision과 손으로 쓴 한 스텝과 비교합니다.

프로세스를 여럿 띄우는 테스트는 tests/faults/test_many_processes.py에 있습니다.
"""

import math
import unicodedata
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from torch import distributed, nn
from torch.nn import functional as F

from course_utils.alexnet import AlexNetOriginal
from course_utils.anatomy import dissect
from course_utils.commands.imagenet import __main__ as command
from course_utils.commands.imagenet import images, processes, training
from course_utils.commands.imagenet.images import SKIPPED, ImageTree, batches


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
    return [batches(50, batch_size, rank=rank, size=size, **options) for rank in range(size)]


# --- 나누기 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 12])
def test_the_whole_batch_does_not_depend_on_the_number_of_processes(size):
    whole = shares(1)[0]
    for rank, part in enumerate(shares(size)):
        for step, keys in enumerate(part):
            assert keys == [whole[step][row] for row in range(rank, 12, size)]


def test_an_epoch_uses_no_image_twice_and_only_full_batches():
    keys = [key for batch in shares(1)[0] for key in batch]
    assert len(keys) == len(set(keys)) == 48  # 50장에서 12장씩 네 번


def test_resumed_epoch_goes_on_with_the_remaining_batches():
    assert shares(2, done=3)[1] == shares(2)[1][3:]
    assert len(shares(2, done=3)[1]) == 1


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
    assert training.names[1] == "개/1.png"


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


def test_colors_of_a_known_tree(tmp_path):
    """빨강만 0과 200인 두 이미지: 평균 (100, 50, 7), 빨강 축의 표준편차만 0이 아닙니다."""
    for name, red in (("a", 0), ("b", 200)):
        (tmp_path / name).mkdir()
        Image.new("RGB", (40, 40), (red, 50, 7)).save(tmp_path / name / "0.png")
    colors = images.measure_colors(images.read_some(ImageTree(tmp_path, stored=36), 1000))
    torch.testing.assert_close(colors["mean"], torch.tensor([100.0, 50.0, 7.0]))
    torch.testing.assert_close(colors["vectors"][:, 0], torch.tensor([1.0, 0.0, 0.0]))
    assert colors["deviations"][0].item() == pytest.approx(100, rel=0.01)
    assert colors["deviations"][1:].abs().max() < 1e-3


@pytest.mark.parametrize("num_broken", [1, 6])
def test_folder_of_broken_images_is_refused_before_training(tree, num_broken):
    for file in sorted(tree.glob("*/*.png"))[:num_broken]:
        file.write_bytes(b"")
    with pytest.raises(ValueError, match=rf"6장 가운데 {num_broken}장을 읽지.*개/0.png"):
        images.read_some(ImageTree(tree, stored=36), 100)


# --- 숨은 파일과 이름 -----------------------------------------------------------------------------


def apple_double(tree):
    for file in list(tree.glob("*/*.png")):
        file.with_name(f"._{file.name}").write_bytes(b"\x00\x05\x16\x07" + bytes(60))


def hidden_folders(tree):
    for name in (".ipynb_checkpoints", "__MACOSX", ".git"):
        (tree / name).mkdir()
        (tree / name / "0.png").write_bytes((tree / "개" / "0.png").read_bytes())
        (tree / "개" / name).mkdir()
        (tree / "개" / name / "0.png").write_bytes((tree / "개" / "0.png").read_bytes())


def empty_hidden_folder(tree):
    (tree / ".ipynb_checkpoints").mkdir()


def other_files(tree):
    (tree / "README.txt").write_text("읽어 두기")
    (tree / "개" / "Thumbs.db").write_bytes(b"x")
    (tree / "loose.png").write_bytes((tree / "개" / "0.png").read_bytes())


def loop(tree):
    (tree / "개" / "loop").symlink_to("..", target_is_directory=True)


def decomposed(tree):
    (tree / "고양이").rename(tree / unicodedata.normalize("NFD", "고양이"))


@pytest.mark.parametrize(
    "change", [apple_double, hidden_folders, empty_hidden_folder, other_files, loop, decomposed]
)
def test_same_images_are_read_beside_files_of_the_system(tree, change):
    """숨은 것은 데이터가 아니고, 되돌아가는 링크는 한 번만 가고, 풀어쓴 한글은 같은 이름입니다."""
    before = ImageTree(tree, stored=36)
    change(tree)
    after = ImageTree(tree, stored=36)
    assert (after.classes, after.contents()) == (["개", "고양이"], before.contents())
    assert all(after[0, index][1] != SKIPPED for index in range(6))


def test_files_of_other_kinds_are_named(tree):
    (tree / "개" / "9.heic").write_bytes(b"x")
    assert ImageTree(tree, stored=36).others == ["개/9.heic"]


def test_nested_folders_belong_to_the_class_above(tree):
    (tree / "개" / "갈색").mkdir()
    (tree / "개" / "0.png").rename(tree / "개" / "갈색" / "0.png")
    read = ImageTree(tree, stored=36)
    assert (read.classes, len(read)) == (["개", "고양이"], 6)
    assert "개/갈색/0.png" in read.names


@pytest.mark.parametrize(("standardized", "expected"), [(False, 50.0), (True, 2.0)])
def test_normalized_pixel_is_hand_arithmetic(standardized, expected):
    colors = {"mean": torch.tensor([100.0, 100, 100]), "deviation": torch.tensor(25.0),
              "vectors": torch.eye(3), "deviations": torch.tensor([10.0, 10, 10])}  # fmt: skip
    pixels = torch.full((1, 3, 2, 2), 140, dtype=torch.uint8)
    amounts = torch.ones(1, 3)  # 표준편차 하나씩 밝게: 140 + 10 - 100 = 50
    out = images.normalize(pixels, amounts, colors, standardized=standardized, dtype=torch.float32)
    assert (out == expected).all()


# --- 한 스텝 --------------------------------------------------------------------------------------


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


def options_of(*extra):
    return command.parse(["--data=x", "--lr=0.1", "--workers=0", *extra])


def start(choice=CHOICE, num_classes=3):
    return training.start(options_of(), choice, num_classes, COLORS, torch.device("cpu"))


def one_step(batch, monkeypatch, *extra):
    monkeypatch.setattr(training, "MOMENTUM", 0)
    monkeypatch.setattr(training, "WEIGHT_DECAY", 0)
    state = start()
    options = options_of(f"--batch-size={len(batch[0])}", *extra)
    sums = training.train_step(state, batch, options, seed=5)
    return dict(state.model.module.named_parameters()), sums


@pytest.fixture
def plain_step():
    """PyTorch로 쓴 같은 한 스텝입니다. 셋째 이미지는 읽지 못한 것입니다."""
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


@pytest.mark.parametrize("cut", [[], *([f"--micro-batch={n}"] for n in (1, 4, 6, 100))])
def test_step_equals_plain_pytorch_however_it_is_cut(alone, plain_step, cut, monkeypatch):
    batch, expected, expected_sums = plain_step
    weights, sums = one_step(batch, monkeypatch, *cut)
    torch.testing.assert_close(sums, expected_sums)
    for name, value in expected.items():
        torch.testing.assert_close(weights[name], value, msg=name)


def test_batch_of_unreadable_images_changes_nothing(alone, monkeypatch):
    pixels, labels, amounts, index = batch_of(4)
    torch.manual_seed(0)
    before = dict(Tiny().named_parameters())
    batch = (pixels, torch.full_like(labels, SKIPPED), amounts, index)
    weights, sums = one_step(batch, monkeypatch)
    assert sums.tolist() == [0, 0, 0]
    assert all(torch.equal(weights[name], value) for name, value in before.items())


def test_models_of_the_command_drop_units_by_the_whole_batch(alone):
    model = start(training.MODELS["SmallAlexNet"]).model.module
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

    state = start(training.Choice(Fixed, side=32, stored=36), 7)
    (tree / "고양이" / "0.png").write_bytes(b"")
    result = training.evaluate(state, ImageTree(tree, stored=36), options_of(), num_crops=10)
    assert result == {"error": 1.0, "top5_error": 2 / 5, "images": 5}
    assert state.model.module.training


# --- 체크포인트와 기록 ----------------------------------------------------------------------------


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


OUT_OF_RANGE = """--workers=-1 --lr=-0.1 --lr=nan --lr=inf --lr=0 --lr=빠르게 --patience=-1
--epochs=0 --epochs=1.5 --batch-size=0 --micro-batch=0 --log-every=0 --save-every=-5
--seed=-1 --seed=99999999999 --model=Alexnet --precision=int8"""


@pytest.mark.parametrize("wrong", OUT_OF_RANGE.split())
def test_options_out_of_range_are_refused_at_the_start(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        command.parse(["--data=x", wrong])
    assert ended.value.code == 2
    assert wrong.split("=")[0] in capsys.readouterr().err


def test_home_is_known_in_every_path():
    options = command.parse(["--data=~/이미지", "--out=~/결과"])
    assert (options.data, options.out) == (Path.home() / "이미지", Path.home() / "결과")


def test_folder_that_cannot_be_written_is_told_before_training(tmp_path):
    (tmp_path / "file").write_text("폴더가 아님")
    with pytest.raises(ValueError, match="쓸 수 있는 폴더를 적으십시오"):
        command.make_folder(tmp_path / "file")


@pytest.mark.parametrize(("options", "refused"), [
    # 배치 하나는 3 × 32² × 128 = 393,216바이트. 워커마다 둘과 쓰고 있는 하나.
    (["--workers=0"], False), (["--workers=1"], True), (["--workers=1", "--batch-size=64"], False),
])  # fmt: skip
def test_small_shared_memory_is_told_at_the_start(tmp_path, monkeypatch, options, refused):
    monkeypatch.setattr(command, "SHARED_MEMORY", tmp_path)
    usage = SimpleNamespace(free=1_000_000)
    monkeypatch.setattr(command.shutil, "disk_usage", lambda _: usage)
    options = command.parse(["--data=x", "--model=SmallAlexNet", *options])
    check = partial(command.check_shared_memory, options, num_train=1280, num_val=10, size=1)
    if refused:
        with pytest.raises(ValueError, match=r"1.0 MB인데.*1.2 MB가 듭니다.*--workers.*--shm-size"):
            check()
    else:
        check()


def test_fewer_gpus_than_processes_is_told(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    device = processes.connect()
    distributed.destroy_process_group()
    assert device.type == "cpu"
    assert "GPU는 1개라 모두 CPU에서" in capsys.readouterr().out


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
    gpu = torch.device("cuda")
    told = command.describe(options, 1_281_167, 50_000, 1000, 60_965_224, 8, gpu)
    for part in ("GPU 하나(NCCL)", "10,009", "900,810", "8개가 16장까지", "2조각", "732 MB",
                 "427 MB", "488 MB"):  # fmt: skip
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
