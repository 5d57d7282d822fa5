"""강의의 데이터를 준비합니다. `data/` 폴더와 네트워크를 만지는 곳은 이 폴더 하나뿐입니다."""

from course_utils.data.digits import center_digit, load_digits, normalize, pad_to_32
from course_utils.data.photos import load_photos, scale_photos
from course_utils.data.pictures import read_photo
from course_utils.data.sources import ImageData

__all__ = [
    "ImageData",
    "center_digit",
    "load_digits",
    "load_photos",
    "normalize",
    "pad_to_32",
    "read_photo",
    "scale_photos",
]
