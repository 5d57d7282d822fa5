"""제출한 노트북을 채점합니다. 명령은 `tools/grade.py`, 강사가 볼 설명은 `docs/강의안내.md`입니다.

    course.py       우리 노트북에서 연습문제와 채점하는 줄을 읽습니다
    submissions.py  제출한 파일을 읽고, 어느 노트북의 어느 문제인지 알아봅니다
    student.py      학생의 코드를 도는 프로세스. guard.py가 할 수 없는 일을 정합니다
    session.py      그 프로세스를 켜고, 묻고, 제한 시간에 끕니다. 값은 codec.py로 오갑니다
    judge.py        받은 값을 이쪽 프로세스의 검사로 채점합니다
"""
