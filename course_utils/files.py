"""파일을 통째로만 씁니다. 다른 것을 부르지 않으므로 어느 층에서나 불러올 수 있습니다."""

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """다 쓴 뒤에 이름을 바꿉니다. 도중에 멈춰도 반만 쓴 파일이 남지 않습니다.

    임시 폴더의 이름은 무작위여서, 여러 커널이나 여러 컴퓨터가 한 폴더에 함께 써도 섞이지 않습니다.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=path.parent) as private:
        temporary = Path(private, path.name)
        temporary.write_bytes(content)
        os.replace(temporary, path)
