"""사전 학습된 AlexNet을 내 문제에 씁니다: 불러오기, 머리 바꾸기, 내 사진 읽기, 저장하기."""

from course_utils.transfer.classifier import Classifier, load_folder, prepare, top_k
from course_utils.transfer.heads import extract_features, replace_head, start_over
from course_utils.transfer.loading import cached_torchvision_alexnet, load_alexnet
from course_utils.transfer.saving import load_classifier, save_classifier

__all__ = [
    "Classifier",
    "cached_torchvision_alexnet",
    "extract_features",
    "load_alexnet",
    "load_classifier",
    "load_folder",
    "prepare",
    "replace_head",
    "save_classifier",
    "start_over",
    "top_k",
]
