"""노트북 01의 연습문제: LeNet-5. 기대하는 값은 여기서 공식으로 따로 계산합니다."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.exercises.grading import (
    EMPTY,
    Verdict,
    attempt,
    close,
    each_case,
    find_blanks,
    grade,
    random_tensor,
    right,
    wrong,
)
from course_utils.lenet import C3_TABLE, LeNet5

SIZED_LAYERS = ("C1", "S2", "C3", "S4", "C5")


def check_sizes(answer: dict[str, int | None], *, input_size: int, kernel: int) -> Verdict:
    """합성곱(C)과 2×2 풀링(S)을 차례로 지난 한 변의 크기를 층마다 채웠는지 봅니다."""
    answer = {name: answer.get(name) for name in SIZED_LAYERS}  # 칸을 지우면 빈칸입니다.
    if blanks := find_blanks(answer):
        return blanks
    before = input_size
    for name, size in answer.items():
        after = before - kernel + 1 if name.startswith("C") else before // 2
        if size != after:
            if name.startswith("S") and size == before - 1:
                return wrong(f"{name}: 풀링의 스트라이드는 1이 아니라 2입니다.")
            if name.startswith("C") and size == before:
                return wrong(f"{name}: 패딩이 없으므로 크기가 줄어듭니다.")
            if name.startswith("C") and size == before - kernel:
                return wrong(f"{name}: 마지막에 1을 더하지 않았습니다.")
            return wrong(f"{name}: 바로 앞의 크기 {before}을(를) 공식에 넣어 보십시오.")
        before = after
    return right(" → ".join(map(str, [input_size, *answer.values()])))


def check_table_parameters(function: Callable[[tuple], int]) -> Verdict:
    """`function(table)`이 5×5 커널을 쓰는 연결표 합성곱의 파라미터 수를 내는지 봅니다."""
    tables = [((0, 1), (2,), (0, 1, 2)), ((0,),), tuple((i, (i + 1) % 6) for i in range(6))]
    links = torch.tensor([sum(map(len, table)) for table in tables])
    maps = torch.tensor([len(table) for table in tables])
    inputs = torch.tensor([1 + max(max(sources) for sources in table) for table in tables])
    return grade(
        each_case(function, [(table,) for table in tables]),
        (),
        25 * links + maps,
        mistakes=[
            (26 * links, "편향은 연결마다가 아니라 출력 맵마다 하나입니다."),
            (25 * links, "출력 맵마다 하나인 편향을 빠뜨렸습니다."),
            (25 * maps * inputs + maps, "모든 맵을 연결했습니다. 표에 있는 연결만 세십시오."),
        ],
        otherwise="연결 하나와 출력 맵 하나가 파라미터를 몇 개씩 갖는지 따로 세어 보십시오.",
        explanation="연결마다 25개, 출력 맵마다 편향 1개입니다.",
    )


def check_rubbish_logits(function: Callable[[Tensor, float], Tensor]) -> Verdict:
    """`function(penalties, j)`가 식 9를 교차 엔트로피로 만드는 로짓 `(N, 11)`을 내는지 봅니다."""
    penalties, j = random_tensor(4, 10).square() * 20, 7.0
    column = torch.full((4, 1), j)
    return grade(
        function,
        (penalties, j),
        torch.cat([-penalties, -column], dim=1),
        mistakes=[
            (-penalties, "쓰레기 클래스의 로짓 하나를 마지막 열에 더하십시오."),
            (
                torch.cat([penalties, column], dim=1),
                "벌점이 작을수록 답이므로 부호를 뒤집어야 합니다.",
            ),
            (
                torch.cat([-penalties, column], dim=1),
                "쓰레기 클래스의 로짓은 +j가 아니라 −j입니다.",
            ),
        ],
        otherwise="로짓은 −벌점 10개와 −j 하나입니다.",
        explanation="이 로짓에 교차 엔트로피를 쓰면 식 9와 값이 같습니다.",
    )


def check_lenet5(model_class: type[nn.Module]) -> Verdict:
    """`model_class()`가 `LeNet5`와 같은 신경망인지, 같은 파라미터를 넣은 출력으로 봅니다."""
    model = attempt(model_class)
    if isinstance(model, Verdict):
        return EMPTY if "ellipsis" in model.message else model
    ours, expected = list(model.parameters()), LeNet5()
    theirs = list(expected.parameters())
    for number, (mine, wanted) in enumerate(zip(ours, theirs, strict=False), start=1):
        if mine.shape != wanted.shape:
            return wrong(
                f"{number}번째 파라미터의 모양이 {tuple(mine.shape)}인데, "
                f"{tuple(wanted.shape)}이어야 합니다."
            )
    if len(ours) != len(theirs):
        return wrong(f"파라미터 텐서가 {len(ours)}개인데 {len(theirs)}개여야 합니다.")
    with torch.no_grad():
        for mine, wanted in zip(ours, theirs, strict=True):
            mine.copy_(wanted)
        images = random_tensor(3, 1, 32, 32)
        logits = attempt(model, images)
        if isinstance(logits, Verdict):
            return logits
        if not close(logits, expected(images)):
            return wrong("파라미터는 맞는데 출력이 다릅니다. S4의 풀링과 tanh의 자리를 보십시오.")
    return right("LeNet5와 출력이 같습니다. 파라미터는 61,706개입니다.")


def check_c3_table(function: Callable[[], list[tuple[int, ...]]]) -> Verdict:
    """`function()`이 논문의 연결표인지 봅니다. 묶음 안의 순서는 상관없습니다."""
    table = attempt(function)
    if table is None:
        return EMPTY
    if isinstance(table, Verdict):
        return table
    if len(table) != len(C3_TABLE):
        return wrong(f"C3의 맵은 {len(C3_TABLE)}개인데 {len(table)}개를 적었습니다.")
    for number, (mine, wanted) in enumerate(zip(table, C3_TABLE, strict=True)):
        if len(set(mine)) != len(wanted):
            return wrong(f"C3의 {number}번 맵은 {len(wanted)}개를 보는데 {len(set(mine))}개입니다.")
    groups = {"이웃한 3개": (0, 6), "이웃한 4개": (6, 12), "떨어진 4개": (12, 15), "전체": (15, 16)}
    for name, (low, high) in groups.items():
        mine, wanted = ({frozenset(s) for s in t[low:high]} for t in (table, C3_TABLE))
        if mine != wanted:
            missing = sorted(sorted(s) for s in wanted - mine)
            return wrong(f"'{name}'에 {missing[0]}이(가) 없습니다.")
    return right("연결 60개입니다.")


def check_accumulated_step(function: Callable) -> Verdict:
    """작은 배치들의 기울기를 쌓은 갱신이 한꺼번에 본 갱신과 같은지 봅니다."""

    def start() -> tuple[nn.Module, torch.optim.Optimizer]:
        model = nn.Linear(6, 3)
        with torch.no_grad():
            model.weight.copy_(random_tensor(3, 6))
            model.bias.zero_()
        model.weight.grad, model.bias.grad = torch.ones(3, 6), torch.ones(3)  # 앞 배치의 기울기
        return model, torch.optim.SGD(model.parameters(), lr=0.5)

    x, y = random_tensor(12, 6), torch.arange(12) % 3
    batches = list(zip(x.split(4), y.split(4), strict=True))

    def after(*, clear: bool, mean: bool) -> Tensor:
        model, optimizer = start()
        if clear:
            optimizer.zero_grad()
        for part, labels in batches:
            share = len(batches) if mean else 1
            (F.cross_entropy(model(part), labels) / share).backward()
        optimizer.step()
        return model.weight.detach()

    model, optimizer = start()
    before = model.weight.detach().clone()
    if isinstance(answer := attempt(function, model, optimizer, batches), Verdict):
        return answer
    now = model.weight.detach()
    if close(now, before):
        return EMPTY
    if close(now, after(clear=True, mean=True)):
        return right("배치 3개를 한꺼번에 본 것과 같습니다.")
    if close(now, after(clear=False, mean=True)):
        return wrong("앞에서 남은 기울기까지 더했습니다. 처음에 한 번 지우십시오.")
    if close(now, after(clear=True, mean=False)):
        return wrong("손실의 합이 되었습니다. 전체의 평균이 되게 나누십시오.")
    return wrong("한꺼번에 본 갱신과 다릅니다. step은 마지막에 한 번만 부릅니다.")
