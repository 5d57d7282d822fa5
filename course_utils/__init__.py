"""LeNet-5와 AlexNet 강의를 받치는 작은 모듈입니다. import만으로는 아무것도 불러오지 않습니다."""

__version__ = "0.1.0"
