"""여섯 혁신을 하나씩 켜고 끄는 실험입니다.

    python -m course_utils.experiments          # 모두 (make experiments)

`conditions`는 무엇을 바꾸는지, `runs`는 이어서 할 수 있는 학습, `records`는 담아 둔 기록입니다.
"""
