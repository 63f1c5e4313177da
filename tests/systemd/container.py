"""A Debian that boots in a container: made once with debootstrap, then started fresh each time."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Self

SUITE = "bookworm"  # the older systemd of the two that must do: 252, which is also Amazon Linux 2023's
PYTHON = "3.11"  # what it brings
_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "ca-certificates"),
    *("python3", "python3-venv"),
    *("awscli", "python3-cffi-backend", "curl"),  # an Amazon Linux has aws and curl
)
# What is called, and Debian's package of it.
_TOOLS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container"}
_BOOT = 60  # seconds


class Unfit(Exception):
    """This machine cannot run the test; the message says what it needs."""


def prepare(cache: Path) -> Path:
    """The tree, made if it is not there yet. Installs what makes it.

    Raises:
        Unfit: this is no Debian on which we are root, or its tools do not do.
    """
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unfit("needs root on a Debian machine (it boots systemd in a container)")
    missing = [package for tool, package in _TOOLS.items() if not shutil.which(tool)]
    if missing:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)
    content = hashlib.sha256(" ".join(_PACKAGES).encode()).hexdigest()
    tree = cache / f"{SUITE}-{content[:8]}"
    if not tree.is_dir():
        _make(tree)
    return tree


def _make(tree: Path) -> None:
    tree.parent.mkdir(parents=True, exist_ok=True)
    unfinished = tree.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    # In a mount namespace of its own: it mounts /proc in the tree, and not always unmounts it.
    alone = ["unshare", "--mount", "--propagation=private"]
    make = ["debootstrap", "--variant=minbase", f"--include={','.join(_PACKAGES)}", SUITE]
    environment = os.environ | {"DPKG_FORCE": "unsafe-io"}  # no sync to disk: half the time
    made = subprocess.run(
        [*alone, *make, str(unfinished), _mirror()],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Unfit(f"needs a debootstrap that works; this one said:\n{made.stdout[-2000:]}")
    shutil.rmtree(unfinished / "var/cache/apt/archives", ignore_errors=True)
    unfinished.rename(tree)


def _mirror() -> str:
    """Where this machine's own apt gets Debian from."""
    fields = "$(SITE) $(RELEASE)"
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for line in targets.splitlines():
        site, _, release = line.partition(" ")
        if release == SUITE:
            return site
    raise Unfit(f"needs an apt that knows Debian {SUITE}, to take its packages from there")


class Container:
    """A booted container on the network of its host, gone with all it wrote on leaving the `with` block.

    Args:
        tree: what `prepare` gave; it is not changed.
        shared: folders of the host, by where they appear, read-only.

    Raises:
        Unfit: (on entering) systemd does not boot here.
    """

    def __init__(self, tree: Path, shared: Mapping[str, Path]) -> None:
        self._command = [
            *("setpriv", "--pdeathsig=TERM"),  # it must not outlive this process
            "systemd-nspawn",
            f"--directory={tree}",
            "--volatile=overlay",
            "--boot",
            "--register=no",
            "--keep-unit",
            "--machine=flowtally-test",
            "--console=pipe",
            *(f"--bind-ro={path}:{place}" for place, path in shared.items()),
        ]
        self._leader = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + _BOOT
        while True:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                said = self._process.communicate()[0].decode(errors="replace")
                raise Unfit(f"needs a machine on which systemd boots in systemd-nspawn, which says: {said}")
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
            if children:
                self._leader = int(children.split()[0])
                state = self.run("systemctl", "is-system-running", check=False)
                if state in ("running", "degraded"):
                    return self
            time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def run(self, *command: str, check: bool = True, stdin: str = "") -> str:
        """Runs a command inside, and gives what it printed, errors included.

        Raises:
            AssertionError: (with `check`) it failed.
        """
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run(
            ["nsenter", f"--target={self._leader}", "--all", "env", "-i", path, *command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
        return done.stdout.strip()

    def write(self, path: str, content: str, mode: str = "644") -> None:
        """Writes a file inside, and makes its folder."""
        self.run("mkdir", "-p", str(PurePosixPath(path).parent))
        self.run("tee", path, stdin=content)
        self.run("chmod", mode, path)

    def journal(self, unit: str) -> list[dict[str, str]]:
        """What units of the daemon logged, with the priority that the journal has for it."""
        lines = self.run("journalctl", "--output=json", f"--unit={unit}").splitlines()
        entries = [json.loads(line) for line in lines]
        return [
            json.loads(entry["MESSAGE"]) | {"priority": entry["PRIORITY"]}
            for entry in entries
            if str(entry["MESSAGE"]).startswith("{")
        ]
