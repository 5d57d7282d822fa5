"""데이터를 읽어, 학습하지 않고 보는 것: 픽셀의 범위, 레이블의 번호, 겹치는 이미지.

무엇을 주든 `(N, C, H, W)` 이미지와 정수 레이블의 `Sample`로 읽고, 본 것을 `Report`에 적습니다.
"""

import time
from dataclasses import dataclass, field
from html import escape
from itertools import chain

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset, default_collate

from course_utils.tables import Table

SIDE = 32  # LeNet의 입력
SMALLEST_SIDE, MOST_CLASSES = 8, 1000
FEWEST = 4  # 시간이 모자라도 이만큼은 읽습니다.
# PyTorch의 초깃값에서 첫 층의 출력은 입력의 제곱평균제곱근(RMS)의 1/√3배쯤입니다. RMS가 4이면
# 유닛의 약 39%가 |z| > 2, 곧 tanh의 기울기가 0.07보다 작은 곳에서 시작합니다. 입력이 0.1배이면
# 첫 층의 기울기도 0.1배입니다. 보통의 0~1 픽셀(MNIST의 RMS는 0.33)은 그 사이에 듭니다.
RMS_RANGE = (0.1, 4.0)
# 테스트의 평균이 표준편차의 절반만큼 다르거나 이미지 한 장의 대비가 1.5배 다르고, 그 차이가 우연의
# 5배(정규 분포에서 170만 번에 한 번)를 넘어야 합니다.
LARGEST_SHIFT, LARGEST_RATIO, CLEAR = 0.5, 1.5, 5.0
# 이웃한 줄은 세 줄 떨어진 줄보다 닮습니다. reshape로 채널을 옮기면 거꾸로 됩니다.
ROW_RATIO = 0.75
# 픽셀을 1/255 단위로 반올림하면 오차의 표준편차가 0.29/255입니다. 대비(표준편차)가 범위의 5%인
# 이미지와 그 사본의 상관은 0.9997이므로 그보다 조금 낮게 잡습니다. 대비가 더 낮은 이미지는 다른
# 이미지와도 우연히 닮으므로(밤하늘의 조각) 비교하지 않습니다.
TWIN_CORRELATION, TWIN_CONTRAST = 0.9995, 0.05
# 널리 쓰는 데이터에도 같은 이미지가 몇 장은 섞여 있으므로, 100장에 한 장부터 말합니다.
TWIN_SHARE, FEWEST_TWINS = 0.01, 3
CONSTANT_SHARE = 0.05  # 가장자리가 검은 사진의 조각에는 단색 이미지가 조금 있습니다.
MAJORITY = 0.95  # 한 가지로만 답해도 95%를 맞히면 정확도로는 학습을 가릴 수 없습니다.
FEWEST_LABELS = 50  # 읽다 만 표본이 이보다 적으면 클래스의 수와 비율을 탓하지 않습니다.
MOST_COMPARED = 70_000  # 이보다 많은 학습 이미지는 이만큼만 비교합니다.


# 측정값의 이름 → (보고서에 쓰는 말, 쓰는 법)
FIGURES = {
    "train_samples": ("학습 표본", "{:,}"),
    "train_constant": ("학습에서 단색 이미지의 비율", "{:.1%}"),
    "test_constant": ("테스트에서 단색 이미지의 비율", "{:.1%}"),
    "train_mean": ("학습 픽셀의 평균", "{:.3g}"),
    "train_std": ("학습 픽셀의 표준편차", "{:.3g}"),
    "test_mean": ("테스트 픽셀의 평균", "{:.3g}"),
    "test_std": ("테스트 픽셀의 표준편차", "{:.3g}"),
    "num_classes": ("클래스", "{:,}"),
    "majority": ("가장 많은 클래스의 비율", "{:.1%}"),
    "leaked": ("학습에도 있는 테스트 이미지의 비율", "{:.1%}"),
    "held_out_accuracy": ("검증 이미지의 정확도", "{:.1%}"),
    "chance": ("무작위 추측", "{:.1%}"),
    "test_accuracy": ("테스트 정확도", "{:.1%}"),
    "overfit_accuracy": ("배치 하나를 외운 정확도", "{:.1%}"),
    "first_loss": ("배우기 전의 손실", "{:.3g}"),
    "given_rate_loss": ("주신 학습률의 손실", "{:.3g}"),
    "best_loss": ("가장 작은 손실", "{:.3g}"),
    "seconds": ("걸린 시간", "{:.1f}초"),
}
KEYS = {"학습": "train", "테스트": "test"}  # 문장에 쓰는 이름 → 측정값의 이름


@dataclass(frozen=True)
class Finding:
    """잘못되어 보이는 것 하나입니다. `code`는 프로그램이 가려 쓰는 이름입니다."""

    code: str
    message: str
    fix: str


@dataclass
class Report:
    """`smoke_test`의 결과입니다. `print`하거나 셀의 마지막 줄에 두면 읽을 수 있게 보입니다.

    `findings`는 고쳐야 할 것, `notices`는 오류라고 할 수 없거나 아직 가릴 수 없는 것, `figures`는
    측정한 값(이름 → 수)입니다. 정확도는 0과 1 사이, 시간은 초입니다. 아무것도 찾지 못한 것은 고장이
    없다는 뜻이 아닙니다. 볼 수 없는 것은 `smoke_test`의 설명에 적혀 있습니다.
    """

    findings: list[Finding] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def codes(self) -> list[str]:
        """찾은 것의 이름들입니다. 같은 이름은 한 번만 나옵니다."""
        return list(dict.fromkeys(finding.code for finding in self.findings))

    def add(self, code: str, message: str, fix: str) -> None:
        self.findings.append(Finding(code, message, fix))

    def _verdict(self) -> str:
        if self.ok:
            return "✓ 잘못되어 보이는 것을 찾지 못했습니다."
        return f"✗ 잘못되어 보이는 것을 {len(self.findings)}가지 찾았습니다."

    def __str__(self) -> str:
        lines = [self._verdict()]
        for number, finding in enumerate(self.findings, start=1):
            lines += [f"{number}. {finding.message}", f"   → {finding.fix}"]
        lines += [f"참고: {notice}" for notice in self.notices]
        if self.figures:
            lines.append("측정값: " + ", ".join(map(" ".join, self._figure_texts())))
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{escape(self._verdict())}</b></p>"]
        if self.findings:
            rows = [(finding.message, finding.fix) for finding in self.findings]
            parts.append(Table(["관찰", "고치는 법"], rows)._repr_html_())
        if self.notices:
            items = "".join(f"<li>{escape(notice)}</li>" for notice in self.notices)
            parts.append(f"<p>참고</p><ul>{items}</ul>")
        if self.figures:
            table = Table(["측정한 것", "값"], self._figure_texts())
            parts.append(f"<details><summary>측정값</summary>{table._repr_html_()}</details>")
        return "".join(parts)

    def _figure_texts(self) -> list[tuple[str, str]]:
        return [(FIGURES[name][0], FIGURES[name][1].format(value))
                for name, value in self.figures.items()]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sample:
    """`images`는 받은 값 그대로의 float32, `labels`는 int64, `is_pil`은 PIL로 받았는지입니다.

    `whole`은 텐서로 받았을 때의 이미지 전부, `rows`는 그 가운데 표본의 번호입니다.
    """

    images: Tensor
    labels: Tensor
    total: int | None
    is_pil: bool
    whole: Tensor | None = None
    rows: Tensor | None = None


def read_sample(source, limit: int, *, part: str, report: Report, deadline: float) -> Sample:
    """`source`에서 무작위로 `limit`개까지 꺼냅니다. 알아볼 수 없으면 ValueError입니다.

    Args:
        source: `(이미지 텐서, 레이블 텐서)`, Dataset, DataLoader. IterableDataset은 앞에서부터
            읽습니다.
        part: 문장에 쓰는 이름("학습" 또는 "테스트").
        deadline: `time.monotonic()`으로 측정한 마감. 느린 Dataset은 이때까지만 읽습니다.
    """
    whole = rows = None
    if _is_pair(source):
        images, labels = (_as_tensor(values, part) for values in source)
        total, is_pil = len(images), False
        rows = torch.randperm(total)[:limit]
        whole, images, labels = images, images[rows], labels[rows]
    else:
        images, labels, total, is_pil = _read_items(source, limit, part, report, deadline)
    images = _arrange(images, part, report)
    return Sample(images, _whole_numbers(labels, part, report), total, is_pil, whole, rows)


def _is_pair(source) -> bool:
    if not isinstance(source, tuple | list) or len(source) != 2:
        return False
    images, labels = source
    if not isinstance(images, Tensor | np.ndarray) or images.ndim < 3:
        return False
    if not isinstance(labels, Tensor | np.ndarray | list):
        return False
    if len(images) != len(labels) or len(images) == 0:
        raise ValueError(
            f"이미지({len(images)}장)와 레이블({len(labels)}개)의 수가 같고 1 이상이게 하십시오."
        )
    return True


def _as_tensor(values, part: str) -> Tensor:
    try:
        tensor = values if isinstance(values, Tensor) else torch.as_tensor(np.array(values))
    except TypeError as error:
        raise ValueError(f"{part} 데이터에 수가 아닌 값이 있습니다. 수로 바꾸십시오.") from error
    if tensor.is_complex():
        raise ValueError(f"{part} 데이터가 복소수입니다. 실수 텐서로 바꾸십시오.")
    return tensor.detach().cpu()


def _read_items(source, limit, part, report, deadline):
    """Dataset이나 DataLoader에서 한 장씩 꺼냅니다. 샘플러가 고르는 것 안에서만 꺼냅니다."""
    dataset, is_loader = getattr(source, "dataset", source), isinstance(source, DataLoader)
    indices, collate = None, None
    if isinstance(dataset, IterableDataset) and (is_loader or dataset is source):
        batched = is_loader and source.batch_size is not None
        items = chain.from_iterable(zip(*batch[:2], strict=True) for batch in source
                                    ) if batched else iter(source)  # fmt: skip
        report.notices.append(
            f"{part} 데이터는 차례로만 읽을 수 있어 앞의 {limit:,}장까지만 보았습니다."
        )
    elif is_loader:
        collate = None if source.collate_fn is default_collate else source.collate_fn
        sampler = source.batch_sampler
        indices = list(source.sampler) if sampler is None else list(chain.from_iterable(sampler))
    elif isinstance(source, str | bytes | dict) or not all(
        hasattr(source, name) for name in ("__getitem__", "__len__")
    ):
        raise ValueError(
            f"{part} 데이터로 {type(source).__name__}이(가) 왔습니다. Dataset, DataLoader, "
            "(이미지 텐서, 레이블 텐서) 가운데 하나를 주십시오."
        )
    else:
        dataset, indices = source, range(len(source))
    total = None
    if indices is not None:
        indices = list(dict.fromkeys(map(int, indices)))  # 복원 추출한 것은 한 번만 셉니다.
        total = len(indices)
        items = (dataset[indices[i]] for i in torch.randperm(total)[:limit].tolist())
    taken = []
    for item in items:
        taken.append(item)
        if len(taken) >= limit or (len(taken) >= FEWEST and time.monotonic() > deadline):
            break
    if not taken:
        raise ValueError(f"{part} 데이터가 비어 있습니다. 길이가 1 이상이어야 합니다.")
    if len(taken) < limit and time.monotonic() > deadline:
        report.notices.append(f"{part} 데이터를 읽는 것이 느려 {len(taken):,}장만 보았습니다.")
    if collate is not None and source.batch_sampler is not None:
        images, labels = collate(taken)[:2]
        return images, torch.as_tensor(labels), total, False
    for item in taken:
        if not isinstance(item, tuple | list) or len(item) < 2:
            raise ValueError(
                f"{part} 데이터의 한 항목이 (이미지, 레이블)이 아니라 {type(item).__name__}입니다. "
                "(이미지, 레이블)을 내는 Dataset으로 감싸십시오."
            )
    images = [_one_image(item[0], part) for item in taken]
    is_pil = hasattr(taken[0][0], "convert")
    if is_pil:
        report.notices.append(
            f"{part} Dataset이 PIL 이미지를 내므로 0~255를 평균 0, 표준편차 1로 맞추어 보았습니다. "
            "정규화까지 확인하려면 transform을 넣은 Dataset을 주십시오."
        )
    labels = _as_tensor([np.asarray(item[1]).tolist() for item in taken], part)
    if len({image.shape for image in images}) == 1:
        return torch.stack(images), labels, total, is_pil
    if any(image.ndim != 3 for image in images) or len({len(image) for image in images}) > 1:
        raise ValueError(f"{part} 이미지마다 차원이나 채널의 수가 다릅니다. 같게 맞추십시오.")
    report.notices.append(f"{part} 이미지의 크기가 서로 달라 모두 {SIDE}×{SIDE}로 맞추었습니다.")
    return torch.cat([resize(image[None].float()) for image in images]), labels, total, is_pil


def _one_image(image, part: str) -> Tensor:
    """PIL 이미지는 uint8 `(C, H, W)`로, 나머지는 받은 모양 그대로 텐서로 바꿉니다."""
    if hasattr(image, "convert"):
        image = image.convert("L" if image.mode in ("1", "L", "I;16", "I", "F") else "RGB")
        pixels = torch.from_numpy(np.array(image))
        return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)
    if not isinstance(image, Tensor | np.ndarray):
        raise ValueError(
            f"{part} 데이터의 이미지가 {type(image).__name__}입니다. 텐서나 PIL 이미지여야 합니다."
        )
    return _as_tensor(image, part)


def resize(images: Tensor) -> Tensor:
    """`(N, C, 32, 32)`로 바꿉니다."""
    if images.shape[-2:] == (SIDE, SIDE):
        return images
    return F.interpolate(images, size=(SIDE, SIDE), mode="bilinear", antialias=True)


def _arrange(images: Tensor, part: str, report: Report) -> Tensor:
    """float32 `(N, C, H, W)`로 바꿉니다."""
    shape = tuple(images.shape)
    if images.ndim == 3:
        images = images[:, None]
        report.notices.append(f"{part} 이미지에 채널 차원이 없어 더했습니다: {shape}")
    elif images.ndim == 4 and shape[1] not in (1, 3) and shape[3] in (1, 3):
        images = images.permute(0, 3, 1, 2)
        report.add(
            "channels_last",
            f"{part} 이미지가 (N, 높이, 너비, 채널) 순서입니다: {shape}",
            "images.permute(0, 3, 1, 2)로 채널을 앞으로 옮기십시오.",
        )
    if images.ndim != 4 or images.shape[1] not in (1, 3) or min(images.shape[2:]) < SMALLEST_SIDE:
        raise ValueError(
            f"{part} 이미지는 (N, 1 또는 3, 높이, 너비)이고 변이 {SMALLEST_SIDE}픽셀 이상이어야 "
            f"하는데 {shape}이(가) 왔습니다. 채널을 1개나 3개로 고르고 차원의 순서를 맞추십시오."
        )
    return images.float()


def _whole_numbers(labels: Tensor, part: str, report: Report) -> Tensor:
    """int64 `(N,)`로 바꿉니다."""
    if labels.ndim == 2 and labels.shape[1] > 1:
        report.notices.append(f"{part} 레이블이 원-핫으로 보여 가장 큰 칸의 번호로 바꾸었습니다.")
        return labels.argmax(dim=1)
    if labels.ndim != 1:
        shape = tuple(labels.shape)
        report.add(
            "label_type",
            f"{part} 레이블의 모양이 (N,)이 아니라 {shape}입니다.",
            "labels.flatten()으로 한 이미지에 번호 하나가 되게 하십시오.",
        )
        labels = labels.reshape(len(labels), -1)[:, 0]
    if labels.is_floating_point():
        if not torch.equal(labels, labels.round()):  # NaN도 여기서 걸립니다.
            raise ValueError(f"{part} 레이블에 정수가 아닌 값이 있습니다. 번호로 바꾸십시오.")
        report.add(
            "label_type",
            f"{part} 레이블이 정수가 아니라 {labels.dtype}입니다.",
            "labels.long()으로 바꾸십시오. 교차 엔트로피는 정수 번호를 받습니다.",
        )
    if len(labels.unique()) > MOST_CLASSES:
        raise ValueError(f"{part} 클래스가 {MOST_CLASSES:,}개를 넘습니다. 나누어 확인하십시오.")
    return labels.long()


def check_pixels(sample: Sample, part: str, report: Report) -> bool:
    """학습해 볼 수 있는 값이면 참입니다."""
    images = sample.images
    # 텐서로 받았으면 표본 밖의 이미지까지 모두 봅니다.
    everything = images if sample.whole is None else sample.whole
    finite = torch.cat([rows.flatten(1).isfinite().all(dim=1) for rows in everything.split(1000)])
    if not finite.all():
        report.add(
            "not_finite",
            f"{part} 이미지 {len(everything):,}장 가운데 {int((~finite).sum()):,}장에 NaN이나 "
            "무한대가 있습니다.",
            "0으로 나눈 곳이 있는지 전처리를 살피십시오. images.isfinite().all()로 확인합니다.",
        )
        return False
    constant = (images.flatten(1).amax(dim=1) == images.flatten(1).amin(dim=1)).float().mean()
    report.figures[f"{KEYS[part]}_constant"] = float(constant)
    if constant > CONSTANT_SHARE:
        report.add(
            "constant_images",
            f"{part} 이미지의 {constant:.0%}가 모든 픽셀이 같은 값입니다.",
            "이미지를 몇 장 그려 보십시오. 정수로 나누었거나(// 255) 빈 배열일 수 있습니다.",
        )
        return bool(constant < 1)
    if images.shape[1] == 3 and images.shape[2] > 3:
        near, far = ((images[:, :, step:] - images[:, :, :-step]).abs().mean() for step in (1, 3))
        if far < ROW_RATIO * near:
            report.add(
                "reshaped",
                f"{part} 이미지에서 이웃한 줄보다 세 줄 떨어진 줄이 더 닮았습니다. 채널을 "
                "reshape로 옮겨 픽셀이 뒤섞인 것으로 보입니다.",
                "reshape나 view가 아니라 images.permute(0, 3, 1, 2)로 옮기고, 한 장 그려 보십시오.",
            )
    return True


def check_scale(sample: Sample, part: str, report: Report) -> bool:
    """입력의 크기가 학습하기에 알맞으면 참입니다."""
    rms = sample.images.square().mean(dim=(0, 2, 3)).sqrt()
    report.figures[f"{KEYS[part]}_mean"] = sample.images.mean().item()
    report.figures[f"{KEYS[part]}_std"] = sample.images.std().item()
    if RMS_RANGE[0] <= rms.min() and rms.max() <= RMS_RANGE[1]:
        return True
    low, high = sample.images.min().item(), sample.images.max().item()
    seen = "정규화하지 않은 것" if rms.max() > RMS_RANGE[1] else "두 번 나눈 것"
    report.add(
        "input_scale",
        f"{part} 픽셀이 {low:.3g}~{high:.3g}이고 평균 {sample.images.mean():.3g}, 표준편차 "
        f"{sample.images.std():.3g}입니다. {seen}으로 보입니다.",
        "학습 데이터의 평균을 빼고 표준편차로 나누십시오. 평균 0, 표준편차 1에 가까우면 됩니다.",
    )
    return False


def check_same_scale(train: Sample, test: Sample, report: Report) -> bool:
    """학습과 테스트를 같은 방법으로 정규화한 것으로 보이면 참입니다."""
    means, deviations = [], []
    for images in (train.images, test.images):
        flat = images.flatten(1)
        means.append(flat.mean(dim=1))
        deviations.append(flat.std(dim=1))
    shift = (means[1].mean() - means[0].mean()).abs()
    ratio = deviations[1].mean() / deviations[0].mean().clamp_min(1e-12)
    _check_channel_order(train.images, test.images, report)
    far = shift > LARGEST_SHIFT * train.images.std() and shift > CLEAR * _noise(means)
    gap = (deviations[1].mean() - deviations[0].mean()).abs()
    bent = max(ratio, 1 / ratio.clamp_min(1e-12)) > LARGEST_RATIO
    bent = bent and gap > CLEAR * _noise(deviations)
    if not (far or bent):
        return True
    report.add(
        "scale_differs",
        f"학습 이미지는 평균 {means[0].mean():.3g}, 한 장의 표준편차 {deviations[0].mean():.3g}인데"
        f" 테스트 이미지는 {means[1].mean():.3g}, {deviations[1].mean():.3g}입니다.",
        "학습에서 측정한 평균과 표준편차를 테스트에도 그대로 쓰십시오.",
    )
    return False


def _check_channel_order(train: Tensor, test: Tensor, report: Report) -> None:
    """빨강과 파랑의 차이가 테스트에서 부호만 바뀌었으면 한쪽이 BGR입니다."""
    if train.shape[1] != 3:
        return
    gaps = [(images[:, 0] - images[:, 2]).flatten(1).mean(dim=1) for images in (train, test)]
    first, second = (gap.mean() for gap in gaps)
    if (first - second).abs() > 2 * CLEAR * _noise(gaps) and (
        (first + second).abs() < (first - second).abs() / 4
    ):
        report.add(
            "channel_order",
            f"빨강과 파랑의 차이가 학습에서는 {first:.3g}, 테스트에서는 {second:.3g}입니다. 한쪽이 "
            "RGB가 아니라 BGR로 보입니다.",
            "cv2.imread로 읽었다면 cv2.cvtColor(image, cv2.COLOR_BGR2RGB)로 바꾸십시오.",
        )


def _noise(pair: list[Tensor]) -> Tensor:
    """두 무리의 평균의 차이가 우연히 흔들리는 크기입니다."""
    variances = [values.var() / len(values) if len(values) > 1 else values.var(correction=0)
                 for values in pair]  # fmt: skip
    return sum(variances).sqrt()


def check_labels(train: Sample, test: Sample | None, report: Report) -> bool:
    """학습해 볼 수 있는 레이블이면 참입니다."""
    classes, counts = train.labels.unique(return_counts=True)
    report.figures["num_classes"] = len(classes)
    is_partial = train.total != len(train.labels) and len(train.labels) < FEWEST_LABELS
    if is_partial and len(classes) == 1:
        report.notices.append("읽은 학습 이미지가 적고 모두 한 클래스여서 학습해 보지 않았습니다.")
        return False
    if len(classes) == 1:
        report.add(
            "one_class",
            f"학습 표본 {len(train.labels):,}장의 레이블이 모두 {int(classes[0])}입니다.",
            "레이블을 읽는 곳과, 데이터를 앞에서부터 잘라 한 클래스만 남지 않았는지 보십시오.",
        )
        return False
    lowest, highest = int(classes[0]), int(classes[-1])
    if lowest == 1 and highest == len(classes):
        report.add(
            "label_offset",
            f"레이블이 0이 아니라 1부터 {highest}까지입니다.",
            "labels - 1로 0부터 시작하게 하십시오.",
        )
    elif lowest < 0 or _is_sparse(train.labels, len(classes), highest):
        report.add(
            "label_range",
            f"레이블이 {len(classes)}가지인데 {lowest}부터 {highest}까지 듬성듬성합니다.",
            "labels.unique(return_inverse=True)로 0부터 빈 번호 없이 다시 매기십시오.",
        )
    largest = counts.max().item() / len(train.labels)
    report.figures["majority"] = largest
    if largest > MAJORITY and not is_partial:
        report.add(
            "imbalance",
            f"학습 레이블의 {largest:.1%}가 {int(classes[counts.argmax()])}번 클래스입니다.",
            "드문 클래스를 더 모으거나 고르게 뽑고, 정확도 대신 클래스별 정확도를 보십시오.",
        )
    if test is not None:
        strange = ~torch.isin(test.labels, classes)
        # 드문 클래스는 표본에 빠질 수 있으므로 20장에 한 장부터 말합니다.
        if strange.float().mean() > 0.05 and not is_partial:
            names = test.labels[strange].unique().tolist()[:5]
            report.add(
                "label_range",
                f"테스트 레이블 {names}이(가) 학습에는 없습니다.",
                "학습과 테스트가 클래스에 같은 번호를 매기는지, 나누기 전에 섞었는지 보십시오.",
            )
    return True


def _is_sparse(labels: Tensor, num_classes: int, highest: int) -> bool:
    """표본이 넉넉한데(번호마다 20장꼴) 번호의 절반이 비어 있으면 참입니다."""
    return num_classes < (highest + 1) / 2 and len(labels) >= 20 * num_classes


def check_twins(train: Sample, test: Sample | None, report: Report) -> None:
    """학습에 같은 이미지가 다른 레이블로 있는지, 테스트 이미지가 학습에도 있는지 봅니다."""
    train_rows, train_usable = _directions(train.images)
    similar = train_rows @ train_rows.T > TWIN_CORRELATION
    similar &= train_usable[:, None] & train_usable
    conflicts = int((similar & (train.labels[:, None] != train.labels)).any(dim=1).sum())
    if conflicts >= max(FEWEST_TWINS, TWIN_SHARE * len(train.labels)):
        report.add(
            "conflicting_labels",
            f"학습 표본 {len(train.labels):,}장 가운데 {conflicts:,}장은 같은 이미지가 다른 "
            "레이블로 또 있습니다.",
            "이미지와 레이블의 순서가 함께 섞이는지, 같은 파일이 두 폴더에 있는지 보십시오.",
        )
    if test is None or test.images.shape[1:] != train.images.shape[1:]:
        return
    test_rows, test_usable = _directions(test.images)
    twins = ((test_rows @ train_rows.T > TWIN_CORRELATION) & train_usable).any(dim=1)
    flipped_rows, _ = _directions(test.images.flip(3))
    flipped = ((flipped_rows @ train_rows.T > TWIN_CORRELATION) & train_usable).any(dim=1)
    if train.whole is not None and test.whole is not None and (
        train.whole.dtype == test.whole.dtype
    ):  # 텐서로 받았으면 표본이 아니라 학습 데이터 전부에서 똑같은 이미지를 찾습니다.
        seen, chosen = set(_fingerprints(train.whole[:MOST_COMPARED])), test.whole[test.rows]
        twins |= torch.tensor([print_ in seen for print_ in _fingerprints(chosen)])
        # 채널이 마지막이면 너비는 뒤에서 둘째 차원입니다.
        width = -2 if chosen.ndim == 4 and chosen.shape[1:] != test.images.shape[1:] else -1
        flipped |= torch.tensor([print_ in seen for print_ in _fingerprints(chosen.flip(width))])
    num_flipped = int((flipped & ~twins & test_usable).sum())
    leaked = int(((twins | flipped) & test_usable).sum())
    report.figures["leaked"] = leaked / len(test.labels)
    if leaked >= max(FEWEST_TWINS, TWIN_SHARE * len(test.labels)):
        report.add(
            "leak",
            f"테스트 이미지 {len(test.labels):,}장 가운데 {leaked:,}장이 학습 데이터에도 있습니다."
            + (f" {num_flipped:,}장은 좌우로 뒤집혀 있습니다." if num_flipped else ""),
            "먼저 학습과 테스트로 나눈 뒤에 복사·증강하고, 겹치는 이미지를 테스트에서 빼십시오.",
        )


def _directions(images: Tensor) -> tuple[Tensor, Tensor]:
    """평균을 빼고 길이를 1로 한 이미지(밝기와 배율이 달라도 같음)와, 비교할 만한 대비인지입니다."""
    flat = images.flatten(1)
    span = flat.max() - flat.min()
    flat = flat - flat.mean(dim=1, keepdim=True)
    usable = flat.std(dim=1) > TWIN_CONTRAST * span
    return flat / flat.norm(dim=1, keepdim=True).clamp_min(1e-12), usable


def _fingerprints(images: Tensor) -> list[int]:
    return [hash(image.tobytes()) for image in images.contiguous().view(torch.uint8).numpy()]
