"""scikit-image와 scikit-learn에 든 실제 사진에서 32×32 조각을 잘라 냅니다.

사진 한 장이 클래스 하나입니다. 사진을 48×48 칸으로 나누어 네 칸에 한 칸을 테스트에 쓰고 조각은 칸
안에서만 자르므로, 학습과 테스트에 함께 든 픽셀은 없습니다.
"""

import numpy as np

# 클래스 이름 → 패키지와 함수가 돌려주는 사진. 모두 내려받지 않아도 패키지 안에 있습니다.
PHOTOS = {
    "우주인": "astronaut", "고양이": "chelsea", "커피": "coffee", "은하": "hubble_deep_field",
    "조직": "immunohistochemistry", "오토바이": "motorcycle", "망막": "retina", "로켓": "rocket",
    "정자": "china.jpg", "꽃": "flower.jpg",
}  # fmt: skip
BLOCK, SIDE, SHORTEST = 48, 32, 400
STRIDES = {"train": 8, "test": 16}  # 테스트 조각은 서로 덜 겹치게 자릅니다.
COUNTS = {"train": 350, "test": 50}  # 클래스마다 쓰는 조각의 수


def load_photo(name):
    """사진 한 장을 uint8 `(H, W, 3)`으로 읽습니다. 큰 사진은 짧은 변이 400쯤 되게 줄입니다."""
    if name.endswith(".jpg"):
        from sklearn.datasets import load_sample_image

        photo = load_sample_image(name)
    else:
        from skimage import data

        photo = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
    factor = max(1, min(photo.shape[:2]) // SHORTEST)
    height, width = (side // factor * factor for side in photo.shape[:2])
    # factor×factor 칸의 평균이어서, 줄인 픽셀 2개가 원래의 한 픽셀을 나누어 갖지 않습니다.
    parts = photo[:height, :width].reshape(height // factor, factor, width // factor, factor, -1)
    return parts.mean(axis=(1, 3)).round().astype(np.uint8)


def patch_corners(height, width):
    """{"train": 조각의 왼쪽 위 `(M, 2)`, "test": …}입니다."""
    corners = {"train": [], "test": []}
    for row in range(height // BLOCK):
        for column in range(width // BLOCK):
            part = "test" if (row + 2 * column) % 4 == 0 else "train"
            inside = range(0, BLOCK - SIDE + 1, STRIDES[part])
            corners[part] += [(BLOCK * row + y, BLOCK * column + x) for y in inside for x in inside]
    return {part: np.array(places) for part, places in corners.items()}


def cut_photos():
    """`(학습 이미지, 레이블, 테스트 이미지, 레이블, 클래스 이름들)`이고 이미지는 uint8입니다."""
    images, labels = {"train": [], "test": []}, {"train": [], "test": []}
    for label, name in enumerate(PHOTOS.values()):
        photo = load_photo(name)
        for part, corners in patch_corners(*photo.shape[:2]).items():
            chosen = np.linspace(0, len(corners) - 1, COUNTS[part]).round().astype(int)
            images[part] += [photo[y : y + SIDE, x : x + SIDE] for y, x in corners[chosen]]
            labels[part] += [label] * COUNTS[part]
    arrays = [np.array(part[key]) for key in ("train", "test") for part in (images, labels)]
    return *arrays, tuple(PHOTOS)
