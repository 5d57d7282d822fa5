"""사진 하나를 읽는 하나뿐인 방법입니다. 폴더를 읽을 때도 한 장을 물을 때도 같은 픽셀이 됩니다."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

LARGEST = 1 << 28  # 파일 하나의 바이트 수. zip 안의 파일이면 푼 뒤의 크기입니다.
SMALLEST = 8  # 한 변의 픽셀 수. 전체 픽셀 수는 Pillow의 한도(8,900만)를 따릅니다.
# 확장자와 내용이 달라도 됩니다. 그 밖의 형식은 다른 프로그램을 부르기도 하므로(EPS) 열지 않습니다.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
TO_JPEG = (
    "HEIC나 AVIF여서 읽지 못함. 사진 앱에서 JPEG로 내보내고, "
    "아이폰은 설정 > 카메라 > 포맷을 '높은 호환성'으로 바꾸십시오"
)


class Unfit(ValueError):
    """온전하지만 쓸 수 없는 파일입니다. 글이 그대로 알림이 됩니다."""


def read_photo(photo, *, side=None):
    """파일의 경로나 PIL 이미지를, 바로 세운 RGB 이미지로 돌려줍니다. 투명하면 흰 바탕에 놓습니다.

    16비트·12비트·정수·실수 흑백은 값의 범위를 보고 0~255로 옮기고, 움직이는 그림은 첫 장을 씁니다.
    `side`를 주면 큰 JPEG 파일을 변이 그 네 배보다 작지 않게 줄여 풀어 빠릅니다. 없는 파일이면
    FileNotFoundError, 읽지 못하면 이유를 적은 ValueError입니다.
    """
    if isinstance(photo, Image.Image):
        return _to_rgb(photo)
    path = Path(photo).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path} 파일이 없습니다. 경로를 확인하십시오.")
    try:
        return decode(read_file(path), side=side)[0]
    except Exception as error:  # 상한 파일은 무엇이든 낼 수 있습니다.
        raise ValueError(f"{path}을(를) 읽지 못했습니다: {reason(error)}.") from error


def to_pixels(content, *, side=32):
    """파일의 내용(bytes)을 uint8 `(side, side, 3)`과 바꾼 종류(없으면 None)로 돌려줍니다.

    짧은 변을 `side`로 줄이고 가운데 정사각형을 씁니다. 쓸 수 없는 파일이면 오류를 냅니다(`reason`).
    """
    image, kind = decode(content, side=side)
    return fit_square(image, side), kind


def decode(content, *, side=None):
    """파일의 내용을 `(RGB 이미지, 바꾼 종류나 None)`으로 풉니다."""
    if content[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftypmsf1"}:
        raise Unfit(TO_JPEG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.format == "PNG":  # Pillow는 그림을 풀 때 체크섬(CRC)을 보지 않습니다.
            image.verify()
            image = Image.open(io.BytesIO(content), formats=FORMATS)
        with image:
            if min(image.size) < SMALLEST:
                raise Unfit(f"{image.width}×{image.height}은 너무 작음")
            kind = _kind(image)
            if side:
                image.draft("RGB", (4 * side, 4 * side))
            rgb = _to_rgb(image)
    # JPEG의 경고는 EXIF가 상했다는 것뿐이지만 TIFF에서는 그림의 크기와 자리도 못 믿습니다.
    if warned and image.format == "TIFF":
        raise Unfit("내용이 깨짐")
    return rgb, kind


def fit_square(image, side):
    """RGB 이미지의 가운데 정사각형을 줄인 uint8 `(side, side, 3)`입니다."""
    if image.size != (side, side):
        image = ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
    return np.array(image)


def read_file(path):
    if path.stat().st_size > LARGEST:
        raise Unfit("너무 큼")
    return path.read_bytes()


def reason(error):
    """읽지 못한 이유를 짧은 우리말로 적습니다."""
    if isinstance(error, Image.UnidentifiedImageError):
        return "이미지로 읽을 수 없음"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "너무 큼"
    if isinstance(error, MemoryError):
        return "메모리가 모자람"
    if isinstance(error, PermissionError):
        return "읽을 권한이 없음"
    return str(error) if isinstance(error, Unfit) else "내용이 깨짐"


def _kind(image):
    if getattr(image, "n_frames", 1) > 1:
        return "움직이는 그림의 첫 장"
    known = {"RGB": None, "P": None, "L": "흑백", "1": "흑백", "CMYK": "CMYK"}
    return known.get(image.mode, f"{image.mode} 형식")


def _to_rgb(image):
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_bytes(np.asarray(image))
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _to_bytes(values):
    """8비트가 넘는 흑백을 8비트로 옮깁니다. Pillow가 그대로 바꾸면 모두 흰색이거나 검정입니다."""
    highest = np.nan_to_num(values).max(initial=0)
    if np.issubdtype(values.dtype, np.floating):  # 실수는 0~1일 수도, 0~255일 수도 있습니다.
        scale = 255 if highest <= 1 else 1
    else:  # 12비트는 16비트나 32비트의 칸에 담기므로 값을 보고 압니다.
        sizes = (8, 12, 16, int(highest).bit_length())
        scale = 2.0 ** (8 - next(bits for bits in sizes if highest < 1 << bits))
    return Image.fromarray((np.nan_to_num(values) * scale).clip(0, 255).astype(np.uint8))
