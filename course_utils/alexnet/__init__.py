"""AlexNet의 모델들: 교육용, 2012년의 두 열, 32×32용, Fig. 1의 네 층, LeNet-5에서 온 사다리."""

from course_utils.alexnet.full import AlexNet, AlexNetOriginal, ColumnLRN, hang_over_edge
from course_utils.alexnet.inputs import check_images
from course_utils.alexnet.ladder import LadderNet
from course_utils.alexnet.small import FourLayerNet, SmallAlexNet

__all__ = [
    "AlexNet",
    "AlexNetOriginal",
    "ColumnLRN",
    "FourLayerNet",
    "LadderNet",
    "SmallAlexNet",
    "check_images",
    "hang_over_edge",
]
