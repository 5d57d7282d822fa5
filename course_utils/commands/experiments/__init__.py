"""노트북에 담은 실험입니다: 데이터의 크기(02), 여섯 혁신(04), LeNet-5에서 AlexNet까지(05).

    python -m course_utils.commands.experiments          # 모두 (make experiments)
"""
