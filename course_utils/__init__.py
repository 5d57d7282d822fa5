"""LeNet-5와 AlexNet 강의를 받치는 작은 모듈입니다. import만으로는 아무것도 불러오지 않습니다."""

__version__ = "0.1.0"


def __getattr__(name: str):
    """`course_utils.smoke_test(...)`를 처음 쓸 때 그 모듈을 불러옵니다(PEP 562)."""
    if name == "smoke_test":
        from importlib import import_module

        return import_module("course_utils.smoke_test")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
