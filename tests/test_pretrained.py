"""함께 담은 가중치: 쓰고 읽으면 같고, 상한 파일은 쓰지 않습니다."""

import pytest
import torch
from torch import nn

from course_utils.pretrained import load_pretrained, load_record, save_pretrained


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


def test_only_the_two_files_remain(saved):
    assert sorted(path.name for path in saved[1].iterdir()) == ["small.json", "small.pt"]


def test_tampered_weights_are_refused(saved):
    _, folder = saved
    content = bytearray((folder / "small.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "small.pt").write_bytes(content)
    other = nn.Linear(3, 2)
    before = other.weight.clone()
    with pytest.raises(ValueError, match="기록과 다릅니다"):
        load_pretrained(other, "small", folder=folder)
    assert torch.equal(other.weight, before)


def test_half_a_file_is_refused(saved):
    _, folder = saved
    content = (folder / "small.pt").read_bytes()
    (folder / "small.pt").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="기록과 다릅니다"):
        load_pretrained(nn.Linear(3, 2), "small", folder=folder)


def test_missing_weights_say_what_to_do(saved):
    _, folder = saved
    (folder / "small.pt").unlink()
    with pytest.raises(FileNotFoundError, match="다시 받으십시오"):
        load_pretrained(nn.Linear(3, 2), "small", folder=folder)


def test_unknown_name_lists_what_is_there(saved):
    with pytest.raises(FileNotFoundError, match="small"):
        load_record("large", folder=saved[1])


def test_failed_write_leaves_no_half_written_file(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        save_pretrained(nn.Linear(1, 1), {}, "small", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
