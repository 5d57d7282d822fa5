"""위젯마다 사람이 하는 일입니다. 그림의 대체 텍스트로 찾으므로 Lab과 Voilà에서 똑같이 합니다."""

import re

from driver import changes, drag, draw_seven, middle, took

USES = 20  # 지연 시간을 측정하는 횟수

# 노트북 → {위젯을 만드는 이름: 그림의 대체 텍스트가 시작하는 말이나 CSS 클래스}
WIDGETS = {
    "00_start": {
        "LiveLeNet": ".course-live",
        "convolution_stepper": "사진 조각 위의 3×3 창",
        "pooling_stepper": "사진 조각 위의 창, 창 속의 값",
        "Predict": ".course-predict",
    },
    "01_lenet5": {
        "lenet_map": ".course-map",
        "mistakes_viewer": "행이 정답",
        "c3_table": "LeCun 1998 Table I",
        "digit_recognizer": "그린 숫자를 다듬는",
        "stress_test": "망가뜨린 숫자",
        "LiveCurve": "학습 중의 손실",
        "Predict": ".course-predict",
    },
    "02_ai_winter": {
        "quiet_years_timeline": "1957년부터",
        "vanishing_gradients": "층 번호에 따른",
        "Predict": ".course-predict",
    },
    "03_alexnet": {
        "size_calculator": "출력 크기의 식",
        "architecture_explorer": "2012년 AlexNet의 구조",
        "kernel_viewer": "첫 층의 커널",
        "Predict": ".course-predict",
    },
    "04_innovations": {
        "activation_explorer": "왼쪽은 활성 함수",
        "dropout_masks": "출력 256개",
        "augmentation_gallery": "원본 사진과 바꾼 사진",
        "Predict": ".course-predict",
    },
    "05_comparison": {"kernel_stacks": "왼쪽은 큰 커널 하나", "Predict": ".course-predict"},
    "06_transfer": {"occlusion_test": "회색 네모로 한 곳을", "Predict": ".course-predict"},
    "deep/04_lrn": {"lrn_explorer": "왼쪽은 채널을 평균한 맵"},
}


def wait_for_text(root, words):
    """낭독되는 글에 `words`가 나올 때까지 기다립니다. 안 나오면 TimeoutError입니다."""
    root.locator("[role=status]").filter(has_text=words).wait_for()


def use_every_control(root):
    """슬라이더, 목록, 확인란, 단추를 하나씩 마우스와 키보드로 씁니다. 쓸 때마다 바뀌어야 합니다."""
    page = root.page
    for handle in root.locator(".noUi-handle").all():
        at_top = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        handle.focus()
        changes(root, lambda key=at_top: page.keyboard.press("ArrowLeft" if key else "ArrowRight"))
        x, y = middle(handle)
        track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()
        center = track["x"] + track["width"] / 2
        end = track["x"] + track["width"] * (0.2 if x > center else 0.8)
        changes(root, lambda x=x, y=y, end=end: drag(page, (x, y), (end, y)))
    for select in root.locator("select").all():
        page.wait_for_timeout(500)  # 앞의 목록에서 고른 것이 이 목록의 보기를 바꾸기도 합니다.
        index = select.evaluate("node => node.selectedIndex")
        select.focus()
        changes(root, lambda i=index: page.keyboard.press("ArrowUp" if i else "ArrowDown"))
        page.wait_for_timeout(500)
        last = select.evaluate("node => node.options.length - 1")
        now = select.evaluate("node => node.selectedIndex")
        other = 0 if now == last else last
        changes(root, lambda s=select, other=other: s.select_option(index=other))
    for box in root.locator("input[type=checkbox]").all():
        changes(root, box.click)
        box.focus()
        changes(root, lambda: page.keyboard.press("Space"))
    for button in root.locator("button.jupyter-button").filter(has_not_text="재생").all():
        _press(root, button)
    for play in root.get_by_role("button", name="재생").all():
        changes(root, play.click)
        changes(root, lambda: None)  # 저절로 한 칸 더 갑니다.
        root.get_by_role("button", name="멈춤").press("Enter")
        play.wait_for()


def click_picture(root, x, y, words):
    """그림의 픽셀 (x, y)를 누르면 `words`가 나옵니다."""
    picture = root.locator("img.widget-image").last
    scale = picture.evaluate("node => node.clientWidth / node.naturalWidth")
    picture.click(position={"x": scale * x, "y": scale * y})
    wait_for_text(root, words)


# 그림을 누르는 위젯 → (x, y, 나올 말)
CLICKS = {
    "convolution_stepper": (730, 95, "출력 2행 3열"),
    "pooling_stepper": (730, 95, "출력 2행 3열"),
    "mistakes_viewer": (78, 74, "정답 0, 모델의 답 0"),
    "quiet_years_timeline": (833, 132, "ResNet"),
    "kernel_viewer": (30, 60, "0번 커널"),
    "occlusion_test": (165, 175, "지금의 답"),
}


def _press(root, button):
    """단추를 마우스와 키보드로 누릅니다. 이미 그 상태이면 안 바뀔 수 있어 먼저 흩뜨립니다."""
    for press in (button.click, lambda: (button.focus(), root.page.keyboard.press("Enter"))):
        if handles := root.locator(".noUi-handle").all():
            handles[0].focus()
            now, low = (handles[0].get_attribute(f"aria-value{name}") for name in ("now", "min"))
            key = "ArrowRight" if float(now) <= float(low) + 1 else "ArrowLeft"
            changes(root, lambda key=key: root.page.keyboard.press(key))
            # 슬라이더의 값은 앞의 값을 커널이 처리한 뒤에 가고, 단추의 값은 바로 갑니다.
            root.page.wait_for_timeout(500)
        changes(root, press)


def slider_latencies(root):
    """첫 슬라이더를 한 칸씩 `USES`번 움직여 새 그림까지 걸린 시간(ms)들입니다."""
    handle = root.locator(".noUi-handle").first
    handle.focus()
    root.page.wait_for_timeout(500)  # 앞에서 한 일의 그림이 늦게 올 수 있습니다.
    times = []
    for _ in range(USES):
        now, high = (float(handle.get_attribute(f"aria-value{name}")) for name in ("now", "max"))
        key = "ArrowLeft" if now >= high else "ArrowRight"
        press = lambda key=key: root.page.keyboard.press(key)  # noqa: E731
        times.append(took(root, "keydown", "picture", press))
    return times


def toggle_connections(root):
    """C3 연결표: 마우스로 하나 끊으면 25개 줄고, 키보드로 되돌리면 60,000개입니다."""
    first = root.get_by_role("button", name="S2 0번과 C3 0번")
    first.click()
    wait_for_text(root, "59,975")
    root.page.keyboard.press("Space")
    wait_for_text(root, "60,000")
    root.page.keyboard.press("ArrowRight")
    assert root.evaluate("node => document.activeElement.ariaLabel").startswith("S2 0번과 C3 1번")
    for name, expected in (("모두 연결", "60,900"), ("논문의 표", "60,000")):
        root.get_by_role("button", name=name, exact=True).click()
        wait_for_text(root, expected)


def draw_digits(root):
    """숫자 그리기: 마우스로 1을, 키보드로 획을 그리면 답이 나옵니다. (획마다 걸린 시간, ms)"""
    page, canvas = root.page, root.locator("canvas")
    canvas.scroll_into_view_if_needed()
    erase = root.get_by_role("button", name="지우기")
    changes(root, erase.click)
    box = canvas.bounding_box()
    at = lambda x, y: (box["x"] + x, box["y"] + y)  # noqa: E731
    changes(root, lambda: drag(page, at(140, 50), at(140, 230)))
    assert re.search(r"\b1\b", root.locator("[role=status]").last.inner_text())
    changes(root, erase.click)
    canvas.focus()
    page.keyboard.press("Space")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    changes(root, lambda: page.keyboard.press("Space"))
    times = []
    for number in range(USES):
        x = 40 + 10 * number
        stroke = lambda x=x: drag(page, at(x, 40), at(280 - x, 240))  # noqa: E731
        times.append(took(root, "pointerup", "text", stroke))
    changes(root, root.get_by_role("button", name="예시 숫자").click)
    return times


def choose_layers(root):
    """구조도: 누르거나 화살표로 옮기면 그 층의 글과 막대가 나옵니다. (고를 때마다 걸린 시간, ms)"""
    page = root.page
    root.locator("[data-layer=conv3]").click()
    wait_for_text(root, "→ conv3 →")
    page.keyboard.press("ArrowRight")
    wait_for_text(root, "→ conv4 →")
    changes(root, lambda: page.keyboard.press("Home"))
    page.wait_for_timeout(500)
    keys = ["ArrowRight"] * 10 + ["ArrowLeft"] * 10
    return [took(root, "keydown", "picture", lambda k=key: page.keyboard.press(k)) for key in keys]


def choose_lenet_layers(root):
    """LeNet-5의 구조도: 누르거나 화살표로 옮기면 그 층의 계산이 나옵니다."""
    panel = root.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]")
    root.locator("[data-layer=C3]").click()
    wait_for_text(panel, "60 × 25 + 16 = 1,516")
    root.page.keyboard.press("ArrowRight")
    wait_for_text(panel, "16 × (4 + 1) × 5 × 5 = 2,000")


def read_finished_curve(root):
    """학습 곡선: 조작은 없고, 학습이 끝나면 모든 배치와 테스트 정확도를 적습니다."""
    text = root.locator(".widget-html-content").first.inner_text()
    done, total = re.match(r"([\d,]+) / ([\d,]+) 배치", text).groups()
    assert done == total
    assert "테스트 정확도" in text


def draw_and_read(root):
    """그리는 동안 답하는 LeNet-5: 획을 다 긋기 전에 답이 바뀌고, 지우면 답도 없습니다."""
    page, canvas, digit = root.page, root.locator("canvas").first, root.locator(".digit")
    root.get_by_role("button", name="지우기").click()
    canvas.scroll_into_view_if_needed()
    draw_seven(page, canvas)
    page.wait_for_function("node => node.textContent === '7'", arg=digit.element_handle())
    page.mouse.up()
    wait_for_text(root, "답은 7")
    canvas.focus()
    for key in ("Space", *["ArrowRight"] * 5, "Space"):
        page.keyboard.press(key)
    wait_for_text(root, "펜을 올렸습니다")


def predict_then_see(root):
    """예측: 답하기 전에는 값이 없고, 키보드로 답하면 당신과 값이 나란히 나오고 굳습니다."""
    assert "당신" not in root.inner_text()
    answer = root.locator("button.jupyter-button").first
    answer.focus()
    root.page.keyboard.press("Enter")
    wait_for_text(root, "당신")
    assert answer.is_disabled()


# 나머지 위젯은 use_every_control로 충분합니다.
SPECIAL = {
    "c3_table": toggle_connections,
    "digit_recognizer": draw_digits,
    "architecture_explorer": choose_layers,
    "lenet_map": choose_lenet_layers,
    "LiveCurve": read_finished_curve,
    "LiveLeNet": draw_and_read,
    "Predict": predict_then_see,
}
