"""노트북에 담은 실험입니다: 데이터의 크기(02), 여섯 혁신(04), LeNet-5에서 AlexNet까지(05).

    python -m course_utils.experiments          # 모두 (make experiments)

`conditions`는 무엇을 바꾸는지, `runs`는 이어서 할 수 있는 학습, `records`는 담아 둔 기록입니다.
`data_size`는 학습 방법이 달라 혼자 씁니다.
"""
