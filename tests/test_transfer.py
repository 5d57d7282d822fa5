"""사전 학습된 모델을 찾고, 머리를 바꾸고, 저장하고 읽습니다. 바깥 네트워크는 쓰지 않습니다."""

import copy
import hashlib
import time

import numpy as np
import pytest
import torch
from PIL import Image
from servers import local_servers, send
from torch import nn
from torchvision.models import AlexNet_Weights, alexnet

from course_utils import training, transfer
from course_utils.checkpoint import ASSETS
from course_utils.data import scale_photos
from course_utils.data.sources import fetch
from course_utils.transfer.classifier import korean_names


@pytest.fixture(scope="module")
def small():
    return transfer.load_alexnet(offline=True, folder=ASSETS / "없는 폴더")


@pytest.fixture(scope="module")
def real_weights(tmp_path_factory):
    """torchvision과 모양이 같은 가중치 파일의 내용과 상태 사전입니다.

    값은 한 수를 늘린 것이어서(expand) 61,100,840개를 모두 쓰지 않아 파일이 작습니다.
    """
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in alexnet().state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    weights = {
        name: torch.randn(shape[0], *[1] * (len(shape) - 1), generator=generator).expand(shape)
        for name, shape in shapes.items()
    }
    path = tmp_path_factory.mktemp("weights") / "made"
    torch.save(weights, path)
    return path.read_bytes(), weights


def announce(monkeypatch, content, *, server="https://example.com"):
    """torchvision이 말하는 주소를 바꿉니다. 파일 이름에는 `content`의 체크섬이 있습니다."""
    name = f"alexnet-owt-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    monkeypatch.setattr(AlexNet_Weights.IMAGENET1K_V1.value, "url", f"{server}/{name}")
    return name


# --- 저장된 torchvision의 가중치 ------------------------------------------------------------------


def test_cached_file_gives_the_thousand_class_net(real_weights, tmp_path, monkeypatch, capsys):
    content, weights = real_weights
    (tmp_path / announce(monkeypatch, content)).write_bytes(content)
    net = transfer.load_alexnet(offline=True, folder=tmp_path)
    assert (net.kind, net.source, net.image_size) == ("torchvision", "cache", 224)
    assert len(net.class_names) == 1000
    assert net.class_names[281] == "tabby"  # ImageNet의 281번
    assert net.label(281) == "tabby (얼룩 고양이)"
    assert sum(value.numel() for value in net.model.parameters()) == 61_100_840
    assert torch.equal(net.model.classifier[6].bias, weights["classifier.6.bias"])
    assert all(value.requires_grad for value in net.model.parameters())
    assert "주의" not in capsys.readouterr().out
    photo = np.full((300, 400, 3), 128, np.uint8)
    assert transfer.prepare(net, [photo]).shape == (1, 3, 224, 224)
    assert len(transfer.top_k(net, photo)) == 5


@pytest.mark.parametrize("damage", [
    lambda content: content[: len(content) // 2],
    lambda content: content[:-300] + bytes([content[-300] ^ 1]) + content[-299:],
    lambda content: b"",
], ids=["truncated", "tampered", "empty"])  # fmt: skip
def test_damaged_file_is_refused_and_left_alone(
    damage, real_weights, tmp_path, monkeypatch, capsys
):
    path = tmp_path / announce(monkeypatch, real_weights[0])
    path.write_bytes(damage(real_weights[0]))
    assert transfer.load_alexnet(folder=tmp_path).kind == "small"  # 온라인이어도 그대로 둡니다.
    assert "지우고 다시 받으십시오" in capsys.readouterr().out
    assert path.read_bytes() == damage(real_weights[0])


# --- 내려받기 -------------------------------------------------------------------------------------


@pytest.fixture
def serve():
    """내용을 주면 이 컴퓨터의 서버에 올리고 주소를 돌려줍니다. `slow`면 열 글자 뒤에 멈춥니다."""
    with local_servers() as start_server:

        def start(content, *, slow=False, status=200):
            def answer(handler):
                sent = content[:10] if slow else content
                send(handler, sent, promised=len(content), status=status)
                time.sleep(10 * slow)

            return start_server(answer).rstrip("/")

        yield start


@pytest.fixture
def online(monkeypatch):
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)


def test_download_is_checked_saved_and_used_again(
    real_weights, tmp_path, monkeypatch, serve, online
):
    content = real_weights[0]
    place = tmp_path / "hub" / "checkpoints"
    name = announce(monkeypatch, content, server=serve(content))
    assert transfer.load_alexnet(folder=place).source == "download"
    assert [path.name for path in place.iterdir()] == [name]
    assert transfer.load_alexnet(folder=place, offline=True).source == "cache"


@pytest.mark.parametrize(("options", "reason"), [
    ({"slow": True}, "제때 답이 오지 않음"), ({"status": 404}, "Not Found"), ({}, "SHA-256"),
])  # fmt: skip
def test_failed_download_leaves_nothing(
    options, reason, tmp_path, monkeypatch, serve, capsys, online
):
    announce(monkeypatch, b"abc", server=serve(b"a" * 100, **options))
    net = transfer.load_alexnet(folder=tmp_path, time_limit=0.3)
    assert net.kind == "small"
    assert reason in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_silent_server_is_left_in_time(serve):
    start = time.monotonic()
    with pytest.raises(ConnectionError, match="제때 답이 오지 않음"):
        fetch(serve(b"a" * 100, slow=True), 0.2)
    assert time.monotonic() - start < 5  # 서버는 10초 동안 말이 없습니다.


def test_offline_touches_no_network_and_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    net = transfer.load_alexnet(folder=tmp_path)
    told = capsys.readouterr().out
    assert (net.kind, net.source, net.image_size) == ("small", "embedded", 32)
    assert "오프라인" in told
    assert "작은 AlexNet" in told
    assert net.label(3) == "cat (고양이)"


# --- 입력과 답 ------------------------------------------------------------------------------------


def test_small_net_sees_what_it_was_trained_on(small):
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    expected = scale_photos(torch.from_numpy(images).permute(0, 3, 1, 2) / 255)
    torch.testing.assert_close(transfer.prepare(small, images), expected)


@pytest.mark.parametrize("image", [
    np.zeros((32, 32, 3), np.float32), np.zeros((3, 32, 32), np.uint8), np.zeros(32, np.uint8),
])  # fmt: skip
def test_wrong_photo_is_explained(small, image):
    with pytest.raises(ValueError, match="uint8"):
        transfer.prepare(small, [image])


def test_one_photo_may_be_given_without_a_list(small, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path)
    clear = np.dstack([pixels, np.full((50, 60), 255, np.uint8)])
    grey = pixels[:, :, 0]
    expected = transfer.prepare(small, [pixels, np.dstack([grey] * 3)])
    for same in (pixels, Image.fromarray(pixels), clear, path, str(path)):
        assert torch.equal(transfer.prepare(small, same), expected[:1])
    for same in (grey, Image.fromarray(grey)):
        assert torch.equal(transfer.prepare(small, same), expected[1:])


def test_no_photo_and_no_file_are_told(small, tmp_path):
    with pytest.raises(ValueError, match="한 장도 없습니다"):
        transfer.prepare(small, [])
    with pytest.raises(FileNotFoundError, match="경로를 확인"):
        transfer.top_k(small, tmp_path / "a.png")
    (tmp_path / "a.jpg").write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(ValueError, match="JPEG로"):
        transfer.top_k(small, tmp_path / "a.jpg")


def test_answers_are_sorted_probabilities(small):
    answers = transfer.top_k(small, np.zeros((50, 50, 3), np.uint8), k=20)
    values = [value for _, value in answers]
    assert len(answers) == 10  # 클래스가 열 개뿐입니다.
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1, abs=1e-5)


def test_every_korean_name_belongs_to_a_known_class(small):
    known = {*AlexNet_Weights.IMAGENET1K_V1.meta["categories"], *small.class_names}
    names = korean_names()
    assert set(names) <= known
    assert set(small.class_names) <= set(names)
    assert all(any("가" <= letter <= "힣" for letter in korean) for korean in names.values())


# --- 머리와 몸통 ----------------------------------------------------------------------------------


def test_new_head_has_the_new_classes_and_the_old_model_stays(small):
    model = transfer.replace_head(small.model, 3)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 3)
    assert small.model.classifier[-1].out_features == 10
    assert torch.equal(model.features.conv1.weight, small.model.features.conv1.weight)
    with torch.device("meta"):
        head = transfer.replace_head(alexnet(), 7).classifier[6]
    assert (head.in_features, head.out_features) == (4096, 7)


@pytest.mark.parametrize("options", [
    {"dtype": torch.float64}, {"dtype": torch.bfloat16}, {"device": "meta"},
])  # fmt: skip
def test_new_head_follows_the_dtype_and_device_of_the_old(small, options):
    model = transfer.replace_head(copy.deepcopy(small.model).to(**options), 3)
    assert len({(weight.dtype, weight.device) for weight in model.parameters()}) == 1


def test_model_without_a_linear_head_and_one_class_are_told(small):
    with pytest.raises(ValueError, match="classifier가 없습니다"):
        transfer.replace_head(nn.Linear(3, 3), 2)
    with pytest.raises(ValueError, match="둘 이상"):
        transfer.replace_head(small.model, 1)


def test_features_then_head_equal_the_whole_net(small):
    images = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    features = transfer.extract_features(small.model, images, batch_size=2)
    assert features.shape == (5, 256)
    with torch.no_grad():
        torch.testing.assert_close(
            small.model.classifier[-1](features), training.predict(small.model, images)
        )
    assert isinstance(small.model.classifier[-1], nn.Linear)


def test_starting_over_forgets_every_weight(small):
    model = transfer.start_over(small.model, 10)
    pairs = zip(model.parameters(), small.model.parameters(), strict=True)
    assert not any(torch.equal(one, two) for one, two in pairs)
