"""강의를 여럿에게 여는 JupyterHub의 설정입니다. 쓰는 법은 docs/교실.md에 있습니다.

    COURSE_HUB_PASSWORD='열두 글자가 넘는 말' jupyterhub -f docs/jupyterhub/jupyterhub_config.py

환경 변수로 바꾸는 것: COURSE_HUB_PASSWORD(학생의 비밀번호, 꼭 있어야 함), COURSE_HUB_ADMIN(관리자의
이름과 비밀번호, `이름:비밀번호`), COURSE_HUB_STUDENTS(한꺼번에 계산할 학생 수, 기본 12),
COURSE_HUB_MEMORY(프로세스 하나의 메모리 한도 GB, 기본 6), COURSE_HUB_HOMES(학생 폴더들의 자리),
COURSE_DATA(모두가 읽기만 하는 데이터 폴더).
"""

import os
import pwd
import resource
import shutil
import sys
from pathlib import Path

from jupyterhub.spawner import LocalProcessSpawner, SimpleLocalProcessSpawner

c = get_config()  # noqa: F821  # JupyterHub가 넣어 주는 함수입니다.

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ.get("COURSE_HUB_STATE", ROOT / "build" / "jupyterhub"))
HOMES = Path(os.environ.get("COURSE_HUB_HOMES", STATE / "homes"))
STUDENTS = int(os.environ.get("COURSE_HUB_STUDENTS", 12))
MEMORY = int(float(os.environ.get("COURSE_HUB_MEMORY", 6)) * 1e9)  # 바이트
STATE.mkdir(parents=True, exist_ok=True, mode=0o700)

# --- 어디에서 기다리나: 이 컴퓨터 안에서만. 밖에는 TLS를 맡은 웹 서버(nginx 등)를 앞에 둡니다. ----

c.JupyterHub.bind_url = os.environ.get("COURSE_HUB_ADDRESS", "http://127.0.0.1:8000")
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# --- 누가 들어오나: 이름은 자유, 비밀번호는 모두 같습니다. --------------------------------------

if len(os.environ.get("COURSE_HUB_PASSWORD", "")) < 12:
    sys.exit("COURSE_HUB_PASSWORD에 열두 글자가 넘는 비밀번호를 넣고 다시 실행하십시오.")
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["COURSE_HUB_PASSWORD"]
c.Authenticator.allow_all = True
if admin := os.environ.get("COURSE_HUB_ADMIN"):
    name, _, password = admin.partition(":")
    c.Authenticator.admin_users = {name}
    c.SharedPasswordAuthenticator.admin_password = password

# --- 학생마다의 서버 ---------------------------------------------------------------------------


class LimitedMemory:
    """학생의 프로세스마다 메모리를 제한합니다. 넘으면 그 셀만 MemoryError를 봅니다."""

    def make_preexec_fn(self, name):
        before = super().make_preexec_fn(name)

        def prepare():
            before()
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))

        return prepare


class OneAccount(LimitedMemory, SimpleLocalProcessSpawner):
    """관리자가 아닌 계정으로 켰을 때: 모두가 그 계정 하나로 돌고 폴더만 다릅니다."""


class OwnAccount(LimitedMemory, LocalProcessSpawner):
    """관리자(root)로 켰을 때: 학생마다 그 이름의 유닉스 계정으로 돕니다. 서로를 볼 수 없습니다."""


if os.geteuid() == 0 and "COURSE_HUB_HOMES" not in os.environ:
    c.JupyterHub.spawner_class = OwnAccount
    c.LocalAuthenticator.create_system_users = False  # 계정은 미리 만들어 둡니다.
else:
    c.JupyterHub.spawner_class = OneAccount
    c.SimpleLocalProcessSpawner.home_dir_template = f"{HOMES}/{{username}}"

# 코어를 나누어 씁니다. 정하지 않으면 커널마다 코어 수만큼 스레드를 띄워 서로 기다립니다.
THREADS = str(max(1, (os.cpu_count() or 1) // STUDENTS))
c.Spawner.environment = {
    "OMP_NUM_THREADS": THREADS,
    "OPENBLAS_NUM_THREADS": THREADS,
    "MKL_NUM_THREADS": THREADS,
    "PYTHONUTF8": "1",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "PYTHONPATH": str(ROOT),
    "COURSE_DATA": os.environ.get("COURSE_DATA", str(ROOT / "data")),
}
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab/tree/notebooks/00_start.ipynb"
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # 수업이 시작하면 한꺼번에 켭니다.
c.JupyterHub.concurrent_spawn_limit = STUDENTS  # 넘으면 기다리지 않고 429 오류를 봅니다.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=1800",  # 30분 동안 쉰 커널은 끕니다.
    "--MappingKernelManager.cull_interval=120",
    "--ServerApp.terminals_enabled=False",
    # 커널을 포트가 아니라 소켓 파일로 잇습니다: 한꺼번에 켜도 부딪치지 않고, 남이 잇지 못합니다.
    "--KernelManager.transport=ipc",
]


def hand_out(spawner):
    """처음 온 학생의 폴더에 학생용 노트북을 넣습니다. 이미 있는 파일은 건드리지 않습니다."""
    own = c.JupyterHub.spawner_class is OwnAccount
    account = pwd.getpwnam(spawner.user.name) if own else None
    home = Path(account.pw_dir) if own else HOMES / spawner.user.name
    handouts = ROOT / "build" / "handouts" / "학생용"  # `make handouts`가 만듭니다.
    source = handouts if handouts.is_dir() else ROOT / "notebooks"
    target = home / "notebooks"
    (target / "deep").mkdir(parents=True, exist_ok=True)
    for path in [*source.glob("*.ipynb"), *source.glob("deep/*.ipynb")]:
        if not (target / path.relative_to(source)).exists():
            shutil.copy(path, target / path.relative_to(source))
    for path in [target, *target.rglob("*")] if own else []:
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


c.Spawner.pre_spawn_hook = hand_out
if c.JupyterHub.spawner_class is OneAccount and os.geteuid() == 0:
    c.Spawner.args.append("--allow-root")  # 컨테이너 안에서 테스트할 때뿐입니다.

# --- 쉬는 서버 끄기: 한 시간 동안 아무도 쓰지 않은 서버를 끕니다. 파일은 남습니다. ---------------

c.JupyterHub.load_roles = [{
    "name": "idle-culler",
    "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    "services": ["idle-culler"],
}]  # fmt: skip
c.JupyterHub.services = [{
    "name": "idle-culler",
    "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
}]  # fmt: skip

# 테스트할 때만: benchmarks/classroom.py --hub가 쓸 관리자 토큰입니다.
if token := os.environ.get("COURSE_HUB_TRIAL_TOKEN"):
    c.JupyterHub.services += [{"name": "classroom", "api_token": token}]
    c.JupyterHub.load_roles += [{
        "name": "classroom", "services": ["classroom"],
        "scopes": ["admin:users", "admin:servers", "access:servers"],
    }]  # fmt: skip
