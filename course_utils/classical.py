"""딥러닝 이전의 방법입니다: 사람이 정한 특징(HOG, SIFT, 시각 단어)과 서포트 벡터 머신(SVM).

출처: Dalal, Triggs, CVPR 2005(HOG), Lowe, IJCV 2004(SIFT), Cortes, Vapnik, 1995(SVM).
이미지는 모두 값이 0~1인 흑백 배열이고, 특징은 한 행이 이미지 하나인 float32 `(N, D)`입니다.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from skimage.feature import SIFT, hog, match_descriptors
from sklearn.cluster import KMeans
from sklearn.svm import SVC

DESCRIPTOR_SIZE = 128  # SIFT 기술자의 길이: 4×4칸 × 방향 8개


def digit_pixels(images) -> np.ndarray:
    """`ImageData`의 숫자 `(N, 1, 32, 32)`를 둘레 두 줄을 떼고 0~1로 되돌립니다: `(N, 28, 28)`."""
    images = np.asarray(images, dtype=np.float32)
    if images.ndim != 4 or images.shape[1:] != (1, 32, 32):
        raise ValueError(f"숫자는 (N, 1, 32, 32)여야 하는데 {images.shape} 모양이 왔습니다.")
    return ((images[:, 0, 2:-2, 2:-2] + 0.1) / 1.275).clip(0, 1)  # data.normalize의 거꾸로


def pixel_features(images: np.ndarray) -> np.ndarray:
    """이미지 `(N, H, W)`의 픽셀을 그대로 한 줄로 폅니다: `(N, H·W)`."""
    images = _check_images(images)
    return images.reshape(len(images), -1)


def hog_features(
    images: np.ndarray, *, cell: int = 4, block: int = 2, orientations: int = 9
) -> np.ndarray:
    """칸마다 기울기의 방향을 센 히스토그램(HOG)입니다: `(N, 블록 수 · block² · orientations)`.

    Args:
        cell: 칸의 한 변(픽셀). 숫자의 획에 맞추어 4로 둡니다(논문의 사람 사진에서는 8).
        block: 함께 정규화하는 칸의 한 변. 블록은 한 칸씩 옮기므로 서로 겹칩니다.
        orientations: 0~180도를 나누는 수.
    """
    images = _check_images(images)
    if min(images.shape[1:]) < cell * block:
        raise ValueError(
            f"이미지의 한 변은 {cell * block}(칸 {cell} × 블록 {block}) 이상이어야 하는데 "
            f"{images.shape[1:]}입니다. cell을 줄이거나 이미지를 키우십시오."
        )
    rows = [
        hog(image, orientations=orientations, pixels_per_cell=(cell, cell),
            cells_per_block=(block, block))
        for image in images
    ]  # fmt: skip
    return np.asarray(rows, dtype=np.float32)


def hog_picture(image: np.ndarray, *, cell: int = 16, orientations: int = 9) -> np.ndarray:
    """칸마다 센 방향을 짧은 선으로 그린 그림 `(H, W)`입니다. 밝을수록 그 방향이 강합니다."""
    image = _check_images(np.asarray(image)[None])[0]
    _, picture = hog(
        image, orientations=orientations, pixels_per_cell=(cell, cell), cells_per_block=(1, 1),
        visualize=True,
    )  # fmt: skip
    return picture


def sift_features(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SIFT의 특징점 `(K, 2)`(행, 열)와 기술자 `(K, 128)`입니다. 하나도 없으면 K = 0입니다."""
    image = _check_images(np.asarray(image)[None])[0]
    extractor = SIFT()
    try:
        with warnings.catch_warnings():
            # 작은 이미지의 기술자가 모두 0이면 skimage가 0으로 나누며 알립니다. 아래에서 뺍니다.
            warnings.simplefilter("ignore", RuntimeWarning)
            extractor.detect_and_extract(image)
    except RuntimeError:  # skimage는 특징점이 없으면 오류를 냅니다.
        return np.zeros((0, 2)), np.zeros((0, DESCRIPTOR_SIZE), dtype=np.float32)
    descriptors = extractor.descriptors.astype(np.float32)
    kept = descriptors.any(axis=1)
    return extractor.keypoints[kept], descriptors[kept]


def match(first: np.ndarray, second: np.ndarray, *, ratio: float = 0.7) -> np.ndarray:
    """서로 가장 가까운 기술자의 짝 `(M, 2)`입니다.

    둘째로 가까운 것과의 거리보다 `ratio`배 넘게 가깝지 않으면 헷갈리는 것으로 보고 버립니다
    (Lowe 2004의 비율 검사).
    """
    if len(first) < 2 or len(second) < 2:  # 둘째로 가까운 것이 없으면 비교할 수 없습니다.
        return np.zeros((0, 2), dtype=int)
    return match_descriptors(first, second, max_ratio=ratio, cross_check=True)


def learn_words(descriptors: Sequence[np.ndarray], *, num_words: int = 50, seed: int = 0) -> KMeans:
    """모든 기술자를 `num_words`개의 무리로 나눕니다. 무리의 가운데가 시각 단어입니다."""
    everything = np.concatenate([np.zeros((0, DESCRIPTOR_SIZE), np.float32), *descriptors])
    if len(everything) < num_words:
        raise ValueError(
            f"기술자가 {len(everything)}개뿐이라 단어 {num_words}개를 만들 수 없습니다. "
            "이미지를 더 넣거나 num_words를 줄이십시오."
        )
    return KMeans(num_words, n_init=1, random_state=seed).fit(everything)


def word_histograms(words: KMeans, descriptors: Sequence[np.ndarray]) -> np.ndarray:
    """이미지마다 단어가 나온 비율 `(N, 단어 수)`입니다. 특징점이 없는 이미지는 모두 0입니다."""
    rows = np.zeros((len(descriptors), words.n_clusters), dtype=np.float32)
    for row, found in zip(rows, descriptors, strict=True):
        if len(found):
            row += np.bincount(words.predict(found), minlength=len(row)) / len(found)
    return rows


def linear_svm(features: np.ndarray, labels: np.ndarray, *, c: float = 1.0) -> SVC:
    """직선(초평면)으로 가르는 SVM입니다. `c`가 클수록 틀린 점을 덜 봐줍니다."""
    return _fit(SVC(kernel="linear", C=c), features, labels)


def rbf_svm(
    features: np.ndarray, labels: np.ndarray, *, c: float = 5.0, gamma: float | str = "scale"
) -> SVC:
    """가우시안(RBF) 커널로 휘어진 경계를 만드는 SVM입니다.

    `gamma`의 기본값은 1 / (특징 수 × 특징의 분산)이고, 학습 특징만으로 정해집니다.
    """
    return _fit(SVC(kernel="rbf", C=c, gamma=gamma, cache_size=1000), features, labels)


def error_rate(model: SVC, features: np.ndarray, labels: np.ndarray) -> float:
    """틀린 비율(%)입니다."""
    return 100 * float(np.mean(model.predict(features) != np.asarray(labels)))


def _fit(model: SVC, features: np.ndarray, labels: np.ndarray) -> SVC:
    features, labels = np.asarray(features), np.asarray(labels)
    if features.ndim != 2 or len(features) != len(labels):
        raise ValueError(
            f"특징은 (N, D), 레이블은 (N,)이어야 하는데 {features.shape}와 {labels.shape}입니다. "
            "이미지라면 pixel_features나 hog_features를 먼저 부르십시오."
        )
    if len(np.unique(labels)) < 2:
        raise ValueError("클래스가 하나뿐이라 가를 것이 없습니다. 레이블을 확인하십시오.")
    return model.fit(features, labels)


def _check_images(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images, dtype=np.float32)
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(
            f"흑백 이미지 (N, H, W)여야 하는데 {images.shape} 모양이 왔습니다. 컬러 사진은 "
            "skimage.color.rgb2gray로 바꾸십시오."
        )
    if not ((images >= 0) & (images <= 1)).all():  # NaN도 여기서 걸립니다.
        raise ValueError("픽셀은 0~1이어야 합니다. 0~255라면 255로 나누십시오.")
    return images
