"""파일을 많이 망가뜨려 읽힙니다. 메모리와 시간에 한도를 둔 프로세스에서 돕니다.

    PYTHONPATH=tests:. python tests/faults/fuzz.py JPEG=1000 zip=500 --seed 7

종류마다 `{"kind", "count", "read", "slowest", "peak_mb"}`를 JSON 한 줄로 찍습니다.
"""

import argparse
import faulthandler
import json
import resource
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import mutations
import saved_files

TOGETHER = 100  # 폴더 하나에 함께 두는 망가진 파일의 수
SECONDS = 20  # 파일 하나를 읽는 한도. 넘으면 어디서 멈췄는지 찍고 끝냅니다.
ROOM = 3 << 29  # 파일을 읽는 데 더 쓸 수 있는 주소 공간 1.5 GiB


def cases(kind, count, seed, folder):
    """`(이름, 판정하는 함수)`들입니다."""
    if kind in mutations.FORMATS:
        from course_utils.data.pictures import to_pixels

        files = mutations.image_files(kind)
        originals = [to_pixels(content)[0] for content in files]
        for _, way, content in mutations.mutations(files, count, seed=seed):
            yield way, partial(mutations.judge_image, content, way=way, originals=originals)
    elif kind == "zip":
        files = [mutations.zip_file(stored=stored) for stored in (False, True)]
        originals = mutations.zip_pictures()
        for _, way, content in mutations.mutations(files, count, seed=seed):
            yield way, partial(mutations.judge_zip, folder / "a.zip", content, originals)
    elif kind == "folder":
        files = [content for each in mutations.FORMATS for content in mutations.image_files(each)]
        changed = [content for *_, content in mutations.mutations(files, count, seed=seed)]
        for start in range(0, count, TOGETHER):
            part = changed[start : start + TOGETHER]
            yield "folder", partial(mutations.judge_folder, folder / str(start), part)
    else:
        yield from saved_files.cases(kind, count, seed, folder)


def limit_memory():
    """지금까지 쓴 것에서 `ROOM`만 더 쓸 수 있게 합니다. 리눅스에서만 됩니다."""
    status = Path("/proc/self/status")
    if status.exists():
        used = int(status.read_text().partition("VmSize:")[2].split()[0]) << 10
        resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))


def read_all(kind, count, seed, folder):
    """한 종류를 모두 읽히고 센 것을 돌려줍니다."""
    read, slowest, tried = 0, 0.0, 0
    for number, (way, judge) in enumerate(cases(kind, count, seed, folder)):
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        start = time.perf_counter()
        try:
            read += judge()
        except BaseException:
            print(f"{kind} {number}번째({way})", file=sys.stderr)
            raise
        slowest = max(slowest, time.perf_counter() - start)
        tried += TOGETHER if kind == "folder" else 1
    faulthandler.cancel_dump_traceback_later()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"kind": kind, "count": tried, "read": read, "slowest": slowest, "peak_mb": peak}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="+", metavar="종류=수")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("error")
    asked = [(kind, int(count)) for kind, count in (one.split("=") for one in options.kinds)]
    # 무거운 모듈을 모두 불러온 뒤에 한도를 겁니다.
    for number, (kind, count) in enumerate([(asked[0][0], TOGETHER), *asked]):
        with tempfile.TemporaryDirectory() as folder:
            told = read_all(kind, count, options.seed, Path(folder))
        if number == 0:
            limit_memory()
        else:
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
