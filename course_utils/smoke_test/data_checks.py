"""학습하지 않고 보는 것: 픽셀의 범위, 레이블의 번호, 겹치는 이미지. 데이터는 받은 그대로 봅니다."""

import torch
from torch import Tensor

from course_utils.smoke_test.inputs import Sample
from course_utils.smoke_test.report import Report

# PyTorch의 초깃값에서 첫 층의 출력은 입력의 제곱평균제곱근(RMS)의 1/√3배쯤입니다. RMS가 4이면
# 유닛의 약 39 %가 |z| > 2, 곧 tanh의 기울기가 0.07보다 작은 곳에서 시작합니다. 입력이 0.1배이면
# 첫 층의 기울기도 0.1배입니다. 보통의 0~1 픽셀(MNIST의 RMS는 0.33)은 그 사이에 듭니다.
RMS_RANGE = (0.1, 4.0)
# 시험의 평균이 표준편차의 절반만큼 다르거나 이미지 한 장의 대비가 1.5배 다르고, 그 차이가 우연의
# 5배(정규 분포에서 170만 번에 한 번)를 넘어야 합니다.
LARGEST_SHIFT, LARGEST_RATIO, CLEAR = 0.5, 1.5, 5.0
# 픽셀을 1/255 단위로 반올림하면 오차의 표준편차가 0.29/255입니다. 대비(표준편차)가 범위의 5 %인
# 이미지와 그 사본의 상관은 0.9997이므로 그보다 조금 낮게 잡습니다. 대비가 더 낮은 이미지는 다른
# 이미지와도 우연히 닮으므로(밤하늘의 조각) 견주지 않습니다.
TWIN_CORRELATION, TWIN_CONTRAST = 0.9995, 0.05
# 널리 쓰는 데이터에도 같은 이미지가 몇 장은 섞여 있으므로, 100장에 한 장부터 말합니다.
TWIN_SHARE, FEWEST_TWINS = 0.01, 3
CONSTANT_SHARE = 0.05  # 가장자리가 검은 사진의 조각에는 한 색인 이미지가 조금 있습니다.
MAJORITY = 0.95  # 한 가지로만 답해도 95 %를 맞히면 정확도로는 배움을 가릴 수 없습니다.
MOST_COMPARED = 70_000  # 이보다 많은 학습 이미지는 이만큼만 견줍니다.


def check_pixels(sample: Sample, part: str, report: Report) -> bool:
    """학습해 볼 수 있는 값이면 참입니다."""
    images = sample.images
    finite = images.flatten(1).isfinite().all(dim=1)
    if not finite.all():
        report.add(
            "not_finite",
            f"{part} 이미지 {len(images):,}장 가운데 {int((~finite).sum()):,}장에 NaN이나 무한대가 "
            "있습니다.",
            "0으로 나눈 곳이 있는지 전처리를 살피십시오. images.isfinite().all()로 확인합니다.",
        )
        return False
    constant = (images.flatten(1).amax(dim=1) == images.flatten(1).amin(dim=1)).float().mean()
    report.figures[f"{part}에서 한 색인 이미지의 비율"] = float(constant)
    if constant > CONSTANT_SHARE:
        report.add(
            "constant_images",
            f"{part} 이미지의 {constant:.0%}가 모든 픽셀이 같은 값입니다.",
            "이미지를 몇 장 그려 보십시오. 정수로 나누었거나(// 255) 빈 배열일 수 있습니다.",
        )
        return bool(constant < 1)
    return True


def check_scale(sample: Sample, part: str, report: Report) -> bool:
    """입력의 크기가 학습하기에 알맞으면 참입니다."""
    rms = sample.images.square().mean(dim=(0, 2, 3)).sqrt()
    report.figures[f"{part} 픽셀의 평균"] = sample.images.mean().item()
    report.figures[f"{part} 픽셀의 표준편차"] = sample.images.std().item()
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
    """학습과 시험을 같은 방법으로 정규화한 것으로 보이면 참입니다."""
    means, deviations = [], []
    for images in (train.images, test.images):
        flat = images.flatten(1)
        means.append(flat.mean(dim=1))
        deviations.append(flat.std(dim=1))
    shift = (means[1].mean() - means[0].mean()).abs()
    ratio = deviations[1].mean() / deviations[0].mean().clamp_min(1e-12)
    far = shift > LARGEST_SHIFT * train.images.std() and shift > CLEAR * _noise(means)
    gap = (deviations[1].mean() - deviations[0].mean()).abs()
    bent = max(ratio, 1 / ratio.clamp_min(1e-12)) > LARGEST_RATIO
    bent = bent and gap > CLEAR * _noise(deviations)
    if not (far or bent):
        return True
    report.add(
        "scale_differs",
        f"학습 이미지는 평균 {means[0].mean():.3g}, 한 장의 표준편차 {deviations[0].mean():.3g}인데"
        f" 시험 이미지는 {means[1].mean():.3g}, {deviations[1].mean():.3g}입니다.",
        "학습에서 잰 평균과 표준편차를 시험에도 그대로 쓰십시오.",
    )
    return False


def _noise(pair: list[Tensor]) -> Tensor:
    """두 무리의 평균의 차이가 우연히 흔들리는 크기입니다."""
    variances = [values.var() / len(values) if len(values) > 1 else values.var(correction=0)
                 for values in pair]  # fmt: skip
    return sum(variances).sqrt()


def check_labels(train: Sample, test: Sample | None, report: Report) -> bool:
    """학습해 볼 수 있는 레이블이면 참입니다."""
    classes, counts = train.labels.unique(return_counts=True)
    report.figures["클래스"] = len(classes)
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
    report.figures["가장 많은 클래스의 비율"] = largest
    if largest > MAJORITY:
        report.add(
            "imbalance",
            f"학습 레이블의 {largest:.1%}가 {int(classes[counts.argmax()])}번 클래스입니다.",
            "드문 클래스를 더 모으거나 고르게 뽑고, 정확도 대신 클래스마다의 정확도를 보십시오.",
        )
    if test is not None:
        strange = ~torch.isin(test.labels, classes)
        # 드문 클래스는 표본에 빠질 수 있으므로 20장에 한 장부터 말합니다.
        if strange.float().mean() > 0.05:
            names = test.labels[strange].unique().tolist()[:5]
            report.add(
                "label_range",
                f"시험 레이블 {names}이(가) 학습에는 없습니다.",
                "학습과 시험이 클래스에 같은 번호를 매기는지, 나누기 전에 섞었는지 보십시오.",
            )
    return True


def _is_sparse(labels: Tensor, num_classes: int, highest: int) -> bool:
    """표본이 넉넉한데(번호마다 20장꼴) 번호의 절반이 비어 있으면 참입니다."""
    return num_classes < (highest + 1) / 2 and len(labels) >= 20 * num_classes


def check_twins(train: Sample, test: Sample | None, report: Report) -> None:
    """학습에 같은 이미지가 다른 레이블로 있는지, 시험 이미지가 학습에도 있는지 봅니다."""
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
    twins |= _exact_twins(train, test)
    leaked = int((twins & test_usable).sum())
    report.figures["학습에도 있는 시험 이미지의 비율"] = leaked / len(test.labels)
    if leaked >= max(FEWEST_TWINS, TWIN_SHARE * len(test.labels)):
        report.add(
            "leak",
            f"시험 이미지 {len(test.labels):,}장 가운데 {leaked:,}장이 학습 데이터에도 있습니다.",
            "먼저 학습과 시험으로 나눈 뒤에 복사·증강하고, 겹치는 이미지를 시험에서 빼십시오.",
        )


def _directions(images: Tensor) -> tuple[Tensor, Tensor]:
    """평균을 빼고 길이를 1로 한 이미지(밝기와 배율이 달라도 같음)와, 견줄 만한 대비인지입니다."""
    flat = images.flatten(1)
    span = flat.max() - flat.min()
    flat = flat - flat.mean(dim=1, keepdim=True)
    usable = flat.std(dim=1) > TWIN_CONTRAST * span
    return flat / flat.norm(dim=1, keepdim=True).clamp_min(1e-12), usable


def _exact_twins(train: Sample, test: Sample) -> Tensor:
    """텐서로 받았으면 표본이 아니라 학습 데이터 전부에서 똑같은 이미지를 찾습니다."""
    if train.whole is None or test.whole is None or train.whole.dtype != test.whole.dtype:
        return torch.zeros(len(test.labels), dtype=torch.bool)
    seen = set(_fingerprints(train.whole[:MOST_COMPARED]))
    return torch.tensor([print_ in seen for print_ in _fingerprints(test.whole[test.rows])])


def _fingerprints(images: Tensor) -> list[int]:
    return [hash(image.tobytes()) for image in images.contiguous().view(torch.uint8).numpy()]
