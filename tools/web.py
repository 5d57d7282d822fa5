"""파이썬 없이 여는 강의 페이지를 만듭니다: HTML 파일 하나에 LeNet-5와 위젯이 모두 들어갑니다.

    make web        # build/lenet5.html. 두 번 눌러 열거나, 아무 웹사이트에나 올립니다.
"""

import json
import sys
from base64 import b64encode
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from course_utils.checkpoint import load_record, write_atomically  # noqa: E402
from course_utils.widgets import STATIC, script  # noqa: E402
from course_utils.widgets.live_lenet import browser_model  # noqa: E402

PAGE = ROOT / "build" / "lenet5.html"
WIDGETS = ("draw_pad", "lenet", "lenet_zoom", "lenet_live", "connections", "sizes")
FIXED = ("C3", "output")  # 표에서 따로 세는 층과, 학습하지 않는 코드
STYLED = ("draw_pad", "lenet_live", "connections", "sizes")


def build_page() -> str:
    """페이지의 HTML입니다. 바깥의 파일이나 주소를 하나도 쓰지 않습니다."""
    model = browser_model()
    outside_c3 = sum(size for name, size in model["order"] if name.partition(".")[0] not in FIXED)
    data = model | {"weights": b64encode(model["weights"]).decode(), "others": outside_c3}
    run = load_record("lenet5_original_distorted")
    accuracy = run["runs"][0]["history"]["test_accuracy"][-1]
    web = Path(__file__).parent / "web"
    styles = [*(STATIC / f"{name}.css" for name in STYLED), web / "page.css"]
    parts = {
        "style": "".join(path.read_text(encoding="utf-8") for path in styles),
        "data": json.dumps(data, ensure_ascii=False),
        "script": script(*WIDGETS) + (web / "page.js").read_text(encoding="utf-8"),
        "accuracy": f"{100 * accuracy:.2f}",
    }
    html = (web / "page.html").read_text(encoding="utf-8")
    for name, text in parts.items():
        html = html.replace(f"{{{{{name}}}}}", text)
    return html


def main() -> None:
    PAGE.parent.mkdir(exist_ok=True)
    write_atomically(PAGE, build_page().encode())
    print(f"{PAGE.relative_to(ROOT)}: {PAGE.stat().st_size / 1000:.0f} kB. 브라우저로 여십시오.")


if __name__ == "__main__":
    main()
