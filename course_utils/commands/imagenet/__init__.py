"""ImageNet 크기의 이미지 폴더로 AlexNet을 논문의 방법대로 학습하는 명령입니다.

    torchrun --standalone --nproc-per-node=8 -m course_utils.commands.imagenet --data 폴더

프로세스가 하나면 `python -m course_utils.commands.imagenet --data 폴더`도 됩니다. 쓰는 법과
ImageNet 전체에 드는 시간, 메모리, 네트워크는 docs/이미지넷.md에 있습니다.
"""
