"""nbgitpuller의 링크를 만듭니다. 저장소의 주소는 pyproject.toml에서 읽습니다.

    python docs/jupyterhub/pull_link.py https://허브의.주소
"""

import sys
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))
from colab import BRANCH, read_address  # noqa: E402


def make_link(hub: str, address: str) -> str:
    """누르면 `address`의 저장소를 학생의 폴더에 받고 첫 노트북을 여는 주소입니다."""
    folder = address.rsplit("/", 1)[-1]
    query = {
        "repo": address, "branch": BRANCH,
        "urlpath": f"lab/tree/{folder}/notebooks/00_start.ipynb",
    }  # fmt: skip
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(query)}"


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if not (address := read_address(ROOT)):
        told = "pyproject.toml의 [project.urls]에 Repository를 적은 뒤 다시 하십시오."
        print(told, file=sys.stderr)
        return 1
    print(make_link(sys.argv[1], address))
    return 0


if __name__ == "__main__":
    sys.exit(main())
