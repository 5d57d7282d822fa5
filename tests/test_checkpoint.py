"""가중치 파일: 쓰고 읽으면 같고, 상한 파일은 쓰지 않으며, 없는 것을 몰래 내려받지 않습니다."""

import hashlib
import threading
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import AlexNet_Weights

from course_utils.checkpoint import (
    load,
    load_pretrained,
    load_record,
    save,
    save_pretrained,
    write_atomically,
)
from course_utils.transfer import cached_torchvision_alexnet


@pytest.fixture
def saved(tmp_path):
    model = nn.Linear(3, 2)
    save_pretrained(model, {"command": "python -m 이것"}, "small", folder=tmp_path)
    return model, tmp_path


def test_saved_weights_come_back_equal_with_their_record(saved):
    model, folder = saved
    other = nn.Linear(3, 2)
    record = load_pretrained(other, "small", folder=folder)
    assert torch.equal(model.weight, other.weight)
    assert record["command"] == "python -m 이것"
    assert not other.training


def flip_one_bit(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [flip_one_bit, lambda content: content[: len(content) // 2]],
                         ids=["one bit", "half a file"])  # fmt: skip
def test_tampered_weights_are_refused(saved, damage):
    _, folder = saved
    (folder / "small.pt").write_bytes(damage((folder / "small.pt").read_bytes()))
    other = nn.Linear(3, 2)
    before = other.weight.clone()
    with pytest.raises(ValueError, match="기록과 다릅니다"):
        load_pretrained(other, "small", folder=folder)
    assert torch.equal(other.weight, before)


def test_missing_weights_say_what_to_do_and_an_unknown_name_what_is_there(saved):
    _, folder = saved
    with pytest.raises(FileNotFoundError, match="small"):
        load_record("large", folder=folder)
    (folder / "small.pt").unlink()
    with pytest.raises(FileNotFoundError, match="다시 받으십시오"):
        load_pretrained(nn.Linear(3, 2), "small", folder=folder)


def test_failed_write_leaves_no_half_written_file(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        save_pretrained(nn.Linear(1, 1), {}, "small", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- torchvision이 내려받아 둔 AlexNet ------------------------------------------------------------


def make_download(folder, weights, monkeypatch):
    """torchvision처럼 이름 지은 파일의 경로입니다. 주소도 그 이름으로 바꿉니다."""
    torch.save(weights, folder / "temporary")
    name = hashlib.sha256((folder / "temporary").read_bytes()).hexdigest()[:8]
    path = (folder / "temporary").rename(folder / f"alexnet-owt-{name}.pth")
    url = f"https://example.com/models/{path.name}"
    monkeypatch.setattr(AlexNet_Weights.IMAGENET1K_V1.value, "url", url)
    return path


@pytest.fixture
def fake_weights(tmp_path, monkeypatch):
    weights = {"features.0.weight": torch.arange(6.0).view(1, 2, 3)}
    return make_download(tmp_path, weights, monkeypatch), weights


def test_cached_file_with_the_right_hash_is_loaded(fake_weights):
    path, weights = fake_weights
    loaded = cached_torchvision_alexnet(path.parent)
    assert list(loaded) == list(weights)
    torch.testing.assert_close(loaded["features.0.weight"], weights["features.0.weight"])


def test_half_a_download_is_refused(fake_weights):
    path, _ = fake_weights
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="지우고 다시 받으십시오") as caught:
        cached_torchvision_alexnet(path.parent)
    assert str(path) in str(caught.value)


def test_no_folder_and_other_files_give_none(fake_weights):
    path, _ = fake_weights
    path.rename(path.with_name("alexnet-owt-00000000.pth"))
    assert cached_torchvision_alexnet(path.parent) is None
    assert cached_torchvision_alexnet(path.parent / "없는 폴더") is None


def test_cache_folder_of_torch_hub_is_searched_by_default(fake_weights, monkeypatch):
    path, _ = fake_weights
    monkeypatch.setattr("torch.hub._hub_dir", None)  # set_dir을 부르지 않은 처음의 상태
    monkeypatch.setenv("TORCH_HOME", str(path.parent / "home"))
    assert cached_torchvision_alexnet() is None
    place = path.parent / "home" / "hub" / "checkpoints"
    place.mkdir(parents=True)
    path.rename(place / path.name)
    assert list(cached_torchvision_alexnet()) == ["features.0.weight"]


class Trap:
    """풀리는 순간 `mark` 파일을 만드는 물건입니다."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_file_that_runs_code_is_not_run(tmp_path, monkeypatch):
    mark = tmp_path / "실행됨"
    make_download(tmp_path, {"features.0.weight": Trap(mark)}, monkeypatch)
    with pytest.raises(Exception, match="weights_only"):
        cached_torchvision_alexnet(tmp_path)
    assert not mark.exists()


def test_real_file_name_carries_a_hash():
    name = AlexNet_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    prefix = name.removesuffix(".pth").rpartition("-")[2]
    assert len(prefix) >= 8
    assert int(prefix, 16) >= 0


# --- 상한 기록, 다른 모델, 한 폴더에 함께 쓰기 ----------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe", b'{"sha256": 3}'])
def test_damaged_record_is_explained(saved, content):
    _, folder = saved
    (folder / "small.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"상했|기록과 다릅니다"):
        load_pretrained(nn.Linear(3, 2), "small", folder=folder)


def test_weights_of_another_model_are_refused_and_change_nothing(saved):
    _, folder = saved
    for other in (nn.Linear(3, 5), nn.Linear(3, 2, bias=False), nn.Conv2d(1, 1, 3)):
        before = other.weight.clone()
        with pytest.raises(ValueError, match="구조가 다른 모델"):
            load_pretrained(other, "small", folder=folder)
        assert torch.equal(other.weight, before)


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path):
    # 스레드들은 프로세스 번호가 같습니다. 한 폴더를 함께 쓰는 컨테이너들도 그렇습니다.
    contents = [bytes([number]) * 100_000 for number in range(8)]
    start = threading.Barrier(8)

    def write(content):
        start.wait(timeout=30)
        for _ in range(5):
            write_atomically(tmp_path / "폴더" / "a.bin", content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in (tmp_path / "폴더").iterdir()] == ["a.bin"]
    assert (tmp_path / "폴더" / "a.bin").read_bytes() in contents


# --- 파일 하나로 된 체크포인트 --------------------------------------------------------------------


def test_a_saved_state_comes_back_with_every_type(tmp_path):
    state = {"half": torch.ones(2, dtype=torch.bfloat16), "epoch": 3, "names": ["가", "나"]}
    save(tmp_path / "a.pt", state)
    ordinary = torch.load(tmp_path / "a.pt", weights_only=True)  # 보통의 torch 파일이기도 합니다.
    for again in (load(tmp_path / "a.pt"), ordinary):
        assert torch.equal(again.pop("half"), state["half"])
        assert again == {"epoch": 3, "names": ["가", "나"]}


@pytest.mark.parametrize("place", [0, 100, -33, -1])
def test_one_changed_byte_anywhere_is_refused(tmp_path, place):
    save(tmp_path / "a.pt", {"weight": torch.arange(100)})
    content = bytearray((tmp_path / "a.pt").read_bytes())
    content[place] ^= 1
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ValueError, match="끊겼거나 바뀐"):
        load(tmp_path / "a.pt")


def test_what_cannot_be_read_back_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="단순한 값이 아닌"):
        save(tmp_path / "a.pt", {"layer": nn.Linear(1, 1)})
    assert list(tmp_path.iterdir()) == []
