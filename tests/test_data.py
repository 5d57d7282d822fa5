"""데이터 사다리의 시험입니다. 고장은 되도록 진짜로 일으킵니다(루프백 서버, 작은 디스크)."""

import errno
import gzip
import hashlib
import json
import math
import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
import torch
import torch.nn.functional as F
from servers import local_servers, send
from torchvision.datasets import MNIST

from course_utils.data import digits as data
from course_utils.data import sources

REAL_FILES = dict(data.MNIST_FILES)
# 아래 fixture가 COURSE_DATA를 지우기 전에 읽습니다.
REAL_RAW = sources.choose_folder(None, Path.is_dir, "")[0] / "MNIST" / "raw"
NAMES = list(REAL_FILES)
REPOSITORY = sources.PROJECT_FOLDER


def idx_bytes(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def make_files(train_count):
    """MNIST와 같은 형식의 작은 파일 네 개를 {이름: 내용}으로 만듭니다."""
    random = np.random.default_rng(0)
    shapes = [(train_count, 28, 28), (train_count,), (10, 28, 28), (10,)]
    arrays = (random.integers(0, 10, shape, dtype=np.uint8) for shape in shapes)
    return {name: idx_bytes(array) for name, array in zip(NAMES, arrays, strict=True)}


def checksums(files):
    return {name: hashlib.md5(body).hexdigest() for name, body in files.items()}


def put(folder, files):
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, body in files.items():
        (raw / name).write_bytes(body)
    return raw


def files_under(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def embedded_arrays():
    """1,797장을 키우는 데 0.5초쯤 걸리므로 한 번만 합니다."""
    return data._embedded()


@pytest.fixture(autouse=True)
def files(monkeypatch, tmp_path, embedded_arrays):
    """모든 시험은 작은 가짜 MNIST와 빈 저장소에서 시작하고, 닿는 서버가 없습니다."""
    repository = tmp_path / "repository"
    (repository / "notebooks").mkdir(parents=True)
    (repository / "pyproject.toml").touch()
    small = make_files(30)
    monkeypatch.setattr(data, "MNIST_FILES", checksums(small))
    monkeypatch.setattr(sources, "PROJECT_FOLDER", repository)
    monkeypatch.setattr(data, "_embedded", lambda: embedded_arrays)
    monkeypatch.setattr(MNIST, "mirrors", [])
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    monkeypatch.chdir(repository / "notebooks")
    return small


@pytest.fixture
def embedded():
    return data.load_digits(offline=True)


@pytest.fixture
def folder(tmp_path):
    """있지만 비어 있는, 사용자가 준 데이터 폴더입니다."""
    (tmp_path / "given").mkdir()
    return tmp_path / "given"


@pytest.fixture
def serve(monkeypatch):
    """`answer(handler, 이름)`대로 답하는 루프백 서버를 열어 torchvision의 서버 목록에 더합니다."""
    with local_servers() as start_server:

        def start(answer):
            address = start_server(
                lambda handler: answer(handler, handler.path.removeprefix("/").removesuffix(".gz"))
            )
            monkeypatch.setattr(MNIST, "mirrors", [*MNIST.mirrors, address])
            return address

        yield start


def honest(files):
    return lambda handler, name: send(handler, gzip.compress(files[name]))


@pytest.fixture
def output(capsys):
    """화면에 나온 줄들입니다. 오류 출력이 있으면 실패합니다."""

    def read():
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out.splitlines()

    return read


def assert_fell_to_embedded(loaded, lines, *reasons):
    warning, note = lines
    assert (loaded.source, loaded.name, loaded.note) == ("embedded", "scikit-learn digits", note)
    for reason in ("주의:", *reasons):
        assert reason in warning


# 저장된 파일


def test_cached_files_equal_what_torchvision_reads(folder, files, output):
    put(folder, files)
    loaded = data.load_digits(root=folder)
    oracle = MNIST(folder, train=True)
    assert (loaded.source, loaded.class_names) == ("cache", tuple("0123456789"))
    assert output() == [loaded.note]
    expected = F.pad(oracle.data.double(), (2, 2, 2, 2)) / 255 * 1.275 - 0.1  # 테두리는 바탕
    torch.testing.assert_close(loaded.train_images, expected[:, None].float())
    assert loaded.test_images.shape == (10, 1, 32, 32)
    assert torch.equal(loaded.train_labels, oracle.targets)
    assert torch.equal(loaded.test_labels, MNIST(folder, train=False).targets)


@pytest.mark.parametrize("place", [".", "MNIST/raw"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_files_put_there_by_hand_are_found(folder, files, place, packed):
    (folder / place).mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        if packed:
            (folder / place / f"{name}.gz").write_bytes(gzip.compress(body))
        else:  # Kaggle의 이름
            (folder / place / name.replace("-idx", ".idx")).write_bytes(body)
    assert data.load_digits(root=folder).source == "cache"


def damage_half(body):
    return body[: len(body) // 2]


def damage_one_byte(body):
    return body[:-1] + bytes([body[-1] ^ 1])


@pytest.mark.parametrize("damage", [damage_half, damage_one_byte])
@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
def test_damaged_file_is_named_not_used_and_left_untouched(
    folder, files, serve, output, damage, online
):
    raw = put(folder, files)
    path = raw / NAMES[0]
    path.write_bytes(damage(files[NAMES[0]]))
    before, written = path.read_bytes(), path.stat().st_mtime_ns
    serve(honest(files))
    loaded = data.load_digits(root=folder, offline=not online)
    assert loaded.source == ("download" if online else "embedded")
    warning = output()[0]
    for part in (str(path), "md5", "지우거나 옮긴 뒤 다시 실행"):
        assert part in warning
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, written)
    assert files_under(raw) == set(NAMES)


def test_damaged_gzip_file_is_named(folder, files, output):
    raw = put(folder, {f"{name}.gz": gzip.compress(body) for name, body in files.items()})
    path = raw / f"{NAMES[2]}.gz"
    path.write_bytes(damage_half(path.read_bytes()))
    loaded = data.load_digits(root=folder, offline=True)
    assert_fell_to_embedded(loaded, output(), str(path), "지우거나")


# 경로


@pytest.mark.parametrize("working_folder", [".", "notebooks"])
def test_relative_course_data_works_from_both_folders(monkeypatch, tmp_path, files, working_folder):
    put(tmp_path / "lent" / "data", files)
    monkeypatch.setenv("COURSE_DATA", "../lent/data")
    monkeypatch.chdir(sources.PROJECT_FOLDER / working_folder)
    assert data.load_digits(offline=True).source == "cache"


def test_default_folder_is_in_the_home_cache_when_installed(monkeypatch, tmp_path, files):
    (sources.PROJECT_FOLDER / "pyproject.toml").unlink()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    put(tmp_path / "home" / ".cache" / "cnn-origins", files)
    assert data.load_digits(offline=True).source == "cache"


@pytest.mark.parametrize(
    ("option", "is_file"), [("root", False), ("root", True), ("COURSE_DATA", False)]
)
def test_wrong_path_is_named_and_never_created(
    monkeypatch, tmp_path, files, serve, output, option, is_file
):
    wrong = tmp_path / "dtaa"
    if is_file:
        wrong.write_text("사용자의 글")
    if option == "COURSE_DATA":
        monkeypatch.setenv("COURSE_DATA", str(wrong))
    serve(honest(files))
    assert data.load_digits(root=wrong if option == "root" else None).source == "download"
    warning = output()[0]
    for part in (option, str(wrong), "확인하십시오"):
        assert part in warning
    assert not wrong.is_dir()
    assert files_under(sources.PROJECT_FOLDER / "data" / "MNIST" / "raw") == set(NAMES)


# 내려받기


def test_download_is_silent_and_next_time_comes_from_the_cache(files, serve, output):
    serve(honest(files))
    first = data.load_digits()
    assert output() == [first.note]
    MNIST.mirrors.clear()
    second = data.load_digits()
    assert output() == [second.note]
    assert (first.source, second.source) == ("download", "cache")
    assert torch.equal(first.train_images, second.train_images)
    assert files_under(sources.PROJECT_FOLDER / "data") == {f"MNIST/raw/{name}" for name in NAMES}


def test_download_asks_for_the_files_torchvision_knows():
    assert [f"{name}.gz" for name in NAMES] == [name for name, _ in MNIST.resources]


@pytest.mark.parametrize("fault", ["lacking", "silent"])
def test_next_mirror_is_asked_when_the_first_fails(files, serve, fault):
    def answer(handler, name):
        if name != NAMES[1]:
            honest(files)(handler, name)
        elif fault == "lacking":
            handler.send_error(404)
        else:
            time.sleep(10)

    serve(answer)
    serve(honest(files))
    assert data.load_digits(time_limit=4).source == "download"


def test_refused_connection_falls_to_embedded(monkeypatch, output):
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:1/"])
    loaded = data.load_digits()
    assert_fell_to_embedded(loaded, output(), "내려받지 못했습니다", "127.0.0.1:1", "연결을 확인")
    assert not (sources.PROJECT_FOLDER / "data").exists()


@pytest.fixture
def silent():
    """연결은 받지만 아무 말도 하지 않는 서버의 주소입니다."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_silent_servers_cannot_outlast_the_time_limit_together(monkeypatch, output, silent):
    monkeypatch.setattr(MNIST, "mirrors", [silent] * 10)
    started = time.monotonic()
    loaded = data.load_digits(time_limit=0.5)
    assert time.monotonic() - started < 10
    assert_fell_to_embedded(loaded, output(), "time_limit을 0.5초보다 늘려")
    assert not (sources.PROJECT_FOLDER / "data").exists()


@pytest.mark.parametrize("rest", [b"X-Slow: ", b"Content-Length: 10000\r\n\r\n"])
def test_dripping_server_cannot_outlast_the_time_limit(serve, output, rest):
    def drip(handler, name):
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n" + rest)
        for _ in range(2000):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    serve(drip)
    started = time.monotonic()
    loaded = data.load_digits(time_limit=0.3)
    assert time.monotonic() - started < 10
    assert_fell_to_embedded(loaded, output(), "내려받지 못했습니다")


LIES = {
    "half": lambda body: gzip.compress(body)[:100],
    "other digits": lambda body: gzip.compress(damage_one_byte(body)),
    "login page": lambda body: b"<html>Wi-Fi login</html>",
    "bomb": lambda body: gzip.compress(bytes(10_000_000)),
}


@pytest.mark.parametrize("lie", LIES)
def test_lying_server_leaves_nothing_behind(files, serve, output, lie):
    promised = 10_000 if lie == "half" else None
    serve(lambda handler, name: send(handler, LIES[lie](files[name]), promised=promised))
    assert_fell_to_embedded(data.load_digits(), output(), "md5")
    assert not (sources.PROJECT_FOLDER / "data").exists()


def test_server_that_dies_after_three_files_leaves_nothing_behind(files, serve, output):
    def dying(handler, name):
        if name != NAMES[3]:
            honest(files)(handler, name)

    serve(dying)
    assert_fell_to_embedded(data.load_digits(), output(), "내려받지 못했습니다")
    assert not (sources.PROJECT_FOLDER / "data").exists()


def test_two_fetches_at_once_both_end_well(folder, files, serve):
    both_asked = threading.Barrier(2)

    def together(handler, name):
        both_asked.wait(timeout=60)  # 둘이 같은 파일을 청할 때까지 답하지 않습니다.
        honest(files)(handler, name)

    serve(together)
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda root: data.load_digits(root=root), [folder, folder]))
    assert [loaded.source for loaded in both] == ["download", "download"]
    assert files_under(folder) == {f"MNIST/raw/{name}" for name in NAMES}
    assert data.load_digits(root=folder, offline=True).source == "cache"


@pytest.mark.parametrize("switch", ["1", "true", "YES", "offline=True"])
def test_offline_never_opens_a_socket(monkeypatch, output, switch):
    opened = []
    monkeypatch.setattr(socket, "socket", lambda *_, **__: opened.append(1))
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    data.load_digits()
    assert opened  # 감시가 작동한다는 증거입니다.
    opened.clear()
    output()
    monkeypatch.setenv("COURSE_OFFLINE", "" if switch == "offline=True" else switch)
    loaded = data.load_digits(offline=switch == "offline=True")
    assert_fell_to_embedded(loaded, output(), "오프라인")
    assert opened == []


# 저장할 수 없는 폴더: 받은 것은 메모리에서 쓰고, 폴더에는 아무것도 남기지 않습니다.


def test_write_that_breaks_off_halfway_leaves_nothing(folder, files, serve, output):
    serve(honest(files))
    limit = len(files[NAMES[0]]) // 2  # 첫 파일의 절반에서 운영체제가 쓰기를 끊습니다.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        loaded = data.load_digits(root=folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert loaded.source == "download"
    warning, _ = output()
    for part in ("저장하지 못해", str(folder), "빈 공간과 쓰기 권한"):
        assert part in warning
    assert files_under(folder) == set()


def can_mount():
    command = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False


LOAD = """
import json, sys
from pathlib import Path
from torchvision.datasets import MNIST
from course_utils.data import digits

address, sums, *folders = sys.argv[1:]
MNIST.mirrors, digits.MNIST_FILES = [address], json.loads(sums)
for folder in folders:
    source = digits.load_digits(root=folder).source
    print(source, [path.name for path in Path(folder).rglob("*") if path.is_file()])
"""


def test_real_full_and_real_read_only_disk_leave_nothing(tmp_path, serve):
    if not can_mount():
        pytest.skip("이 컴퓨터에서는 작은 디스크를 따로 붙일 수 없습니다(unshare -Urm).")
    large = make_files(1000)  # 784 kB: 256 kB 디스크에 들어가지 않습니다.
    full, read_only = tmp_path / "full", tmp_path / "read_only"
    full.mkdir()
    read_only.mkdir()
    mounts = (
        f"mount -t tmpfs -o size=256k tmpfs {full} && mount -t tmpfs -o ro tmpfs {read_only} && "
        'exec "$@"'
    )
    result = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", mounts, "sh", sys.executable, "-c", LOAD,
         serve(honest(large)), json.dumps(checksums(large)), full, read_only],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("download []\n") == 2
    for reason in (errno.ENOSPC, errno.EROFS):
        assert os.strerror(reason) in result.stdout


# 함께 든 숫자


def test_embedded_digits_are_split_1437_to_360_evenly_by_class(embedded):
    train_counts = embedded.train_labels.bincount()
    test_counts = embedded.test_labels.bincount()
    assert (train_counts.sum(), test_counts.sum()) == (1437, 360)
    total = np.bincount(sklearn.datasets.load_digits().target)
    assert (train_counts + test_counts).tolist() == total.tolist()
    assert np.abs(test_counts.numpy() - total * 360 / 1797).max() < 1


def test_embedded_digits_have_the_geometry_of_mnist(embedded):
    ink = (embedded.train_images[:, 0] + 0.1).double()
    assert ink.shape[1:] == (32, 32)
    boxes = torch.stack([(ink.amax(dim=2) > 1e-6).sum(1), (ink.amax(dim=1) > 1e-6).sum(1)])
    assert boxes.amax() <= 20
    assert boxes.amax(dim=0).median() == 20
    positions = torch.arange(32, dtype=torch.float64)
    for axis in (1, 2):
        center = ink.sum(dim=3 - axis) @ positions / ink.sum(dim=(1, 2))
        assert (center - 16).abs().median() < 0.5  # 28×28의 14번 픽셀은 32×32에서 16번입니다.
    assert embedded.train_images.min() == np.float32(-0.1)
    assert embedded.train_images.max() <= 1.1751


def test_nearest_neighbour_reads_the_embedded_digits(embedded):
    # 레이블과 이미지의 짝이 어긋나면 10% 근처로 떨어집니다.
    test, train = embedded.test_images.flatten(1), embedded.train_images.flatten(1)
    nearest = torch.cdist(test, train).argmin(dim=1)
    correct = embedded.train_labels[nearest] == embedded.test_labels
    assert correct.float().mean() > 0.95


# 픽셀


@pytest.mark.filterwarnings("error")
def test_normalize_follows_lecun_1998():
    pixels = np.array([0, 100, 255], dtype=np.uint8)
    read_only = np.frombuffer(pixels.tobytes(), dtype=np.uint8)
    expected = torch.tensor([-0.1, 0.4, 1.175])  # 100 / 255 × 1.275 - 0.1 = 0.4
    for same in (pixels, torch.from_numpy(pixels), pixels.astype(float), read_only):
        torch.testing.assert_close(data.normalize(same), expected)
    assert pixels.tolist() == [0, 100, 255]


def test_pad_to_32_adds_two_zeros_on_each_side():
    padded = data.pad_to_32(np.full((3, 28, 28), 7, dtype=np.uint8))
    assert (padded.shape, padded.dtype) == ((3, 32, 32), np.uint8)
    assert padded.sum() == padded[:, 2:30, 2:30].sum() == 3 * 28 * 28 * 7


@pytest.mark.parametrize("shape", [(28,), (784, 1), (2, 32, 32)])
def test_pad_to_32_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match="모양이 왔습니다"):
        data.pad_to_32(np.zeros(shape))


def draw_box(shape, top, left, height, width, ink=255):
    drawing = np.zeros(shape, dtype=np.uint8)
    drawing[top : top + height, left : left + width] = ink
    return drawing


@pytest.mark.parametrize(
    ("size", "scaled"), [((40, 10), (20, 5)), ((5, 10), (10, 20)), ((1, 300), (1, 20))]
)
def test_center_digit_scales_the_longer_side_to_20(size, scaled):
    assert data.center_digit(draw_box((400, 400), 3, 5, *size))["scale"].shape == scaled


def test_center_digit_smooths_when_shrinking():
    stripes = np.zeros((200, 196), dtype=np.uint8)
    stripes[:, ::5] = 255
    inside = data.center_digit(stripes)["scale"][:, 3:-3]
    assert np.allclose(inside, 255 / 5, atol=10)  # 건너뛰어 뽑으면 줄을 맞히거나 놓칩니다.


def test_center_digit_keeps_a_stroke_that_is_one_pixel_wide():
    stroke = np.zeros((60, 60), dtype=np.uint8)
    stroke[10:50, 30] = np.linspace(50, 250, 40)
    scale = data.center_digit(stroke)["scale"]
    assert scale.shape == (20, 1)
    # 40픽셀을 둘씩 모은 것과 같은 기울기입니다.
    pairs = stroke[10:50, 30].reshape(20, 2).mean(axis=1)
    assert np.allclose(scale[:, 0], pairs, atol=3)


def test_center_digit_does_not_depend_on_where_the_digit_was_drawn():
    digit = np.random.default_rng(1).integers(1, 256, (50, 40), dtype=np.uint8)
    pads = []
    for top, left in [(0, 0), (150, 160), (30, 7)]:
        canvas = np.zeros((200, 200), dtype=np.uint8)
        canvas[top : top + 50, left : left + 40] = digit
        pads.append(data.center_digit(canvas)["pad"])
    assert (pads[0] == pads).all()


@pytest.mark.parametrize("flip", [1, -1])
def test_center_digit_puts_the_mass_in_the_middle(flip):
    heavy_top = draw_box((100, 100), 20, 20, 60, 60, ink=120)
    heavy_top[20:40, 20:80] = 255
    center = data.center_digit(heavy_top[::flip])["center"].astype(float)
    for axis in (0, 1):
        position = center.sum(axis=1 - axis) @ np.arange(28) / center.sum()
        assert abs(position - 14) < 0.5001


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        (np.zeros((280, 280), dtype=np.uint8), "아직 아무것도 그리지 않았습니다"),
        (np.full((9, 9), 1e-40), "아직 아무것도 그리지 않았습니다"),
        (np.zeros((0, 0)), "아직 아무것도 그리지 않았습니다"),
        (np.zeros((28, 28, 3)), "2차원"),
        (np.full((28, 28), 256.0), "255"),
        (np.full((28, 28), -1.0), "255"),
        (np.full((28, 28), math.nan), "255"),
    ],
)
def test_center_digit_explains_what_it_cannot_use(drawing, message):
    with pytest.raises(ValueError, match=message):
        data.center_digit(drawing)


# 진짜 MNIST


def test_full_mnist_equals_torchvision(monkeypatch):
    if not all((REAL_RAW / name).exists() for name in NAMES):
        pytest.skip("COURSE_DATA나 data/에 MNIST 전체가 없습니다.")
    monkeypatch.setattr(data, "MNIST_FILES", REAL_FILES)
    loaded = data.load_digits(root=REAL_RAW.parents[1], offline=True)
    assert loaded.source == "cache"
    for train, images, labels in (
        (True, loaded.train_images, loaded.train_labels),
        (False, loaded.test_images, loaded.test_labels),
    ):
        oracle = MNIST(REAL_RAW.parents[1], train=train)
        assert torch.equal(labels, oracle.targets)
        pixels = ((images[:, 0, 2:30, 2:30] + 0.1) * 200).round().to(torch.uint8)
        assert torch.equal(pixels, oracle.data)
    # MNIST를 다시 가운데로 옮겨도 그대로여야 우리 단계가 MNIST의 것과 같습니다.
    kept = [np.array_equal(data.center_digit(digit)["center"], digit) for digit in pixels[:500]]
    assert np.mean(kept) > 0.99
