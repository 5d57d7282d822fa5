"""메모리의 한도를 정한 프로세스에서 진짜로 모자라게 합니다. 조언이 나오고, 줄이면 됩니다."""

from pathlib import Path

import processes
import pytest

STATUS = Path("/proc/self/status")
pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="리눅스에서만 됩니다.")

SMALL_MACHINE = """
    import contextlib, io, json, resource
    from pathlib import Path
    import torch
    from torch import nn
    from course_utils import training

    torch.set_num_threads(1)
    model = nn.Sequential(nn.Conv2d(1, 256, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
                          nn.Flatten(), nn.Linear(256, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    images, labels = torch.zeros(512, 1, 64, 64), torch.arange(512) % 2
    fit = lambda size, count: training.fit(model, images[:count], labels[:count], num_epochs=1,
                                           optimizer=optimizer, batch_size=size, progress=False)
    fit(2, 4)  # 쓰는 라이브러리를 모두 불러옵니다.
    used = int(Path("/proc/self/status").read_text().partition("VmSize:")[2].split()[0]) << 10
    resource.setrlimit(resource.RLIMIT_AS, (used + (400 << 20), used + (400 << 20)))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        large = fit(512, 512)  # 출력 하나가 2.1 GB입니다.
    small = fit(16, 64)
    predicted = training.predict(model, images, batch_size=512)
    finite = all(value.isfinite().all() for value in model.parameters())
    print(json.dumps({"stopped": large["stopped"], "printed": printed.getvalue(),
                      "small": small["stopped"], "shape": list(predicted.shape),
                      "finite": bool(finite)}))
"""


def test_too_large_batch_gets_advice_and_a_smaller_one_works():
    told = processes.tell(processes.python(SMALL_MACHINE))
    assert "batch_size(512)를 절반으로" in told["stopped"]
    assert told["stopped"] in told["printed"]
    assert told["small"] is None
    assert told["shape"] == [512, 2]
    assert told["finite"]
