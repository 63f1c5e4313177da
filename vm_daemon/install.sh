#!/bin/sh
# Installs, upgrades or removes the flowtally daemon on Debian or Amazon Linux.
set -eu
umask 022 # whoever runs it: the services read what is installed, and nobody else may change it

usage() {
    cat <<'USAGE'
Usage: install.sh [--from DIR] [--environment FILE] [--stages STAGES] [--workers N]
       install.sh --remove

Installs the daemon, or upgrades it: what runs is restarted, after the work in hand.

  --from DIR          where the program is: a source tree, or a folder with a wheel of flowtally,
                      requirements/runtime.txt and, for an installation without a network, a folder
                      wheelhouse/ [default: the source tree that this script is in]
  --environment FILE  settings, copied to /etc/flowtally/flowtally.env [default: what is there]
  --stages STAGES     what this machine does: summarize, consolidate or both, in quotes
                      [default: what it does already; on a new machine, both]
  --workers N         processes that count files [default: as many as already do so; else one per core]
  --remove            stops and removes everything that this script installed
USAGE
}

PREFIX=/opt/flowtally
SETTINGS=/etc/flowtally
UNITS=/etc/systemd/system
ENABLED=$UNITS/flowtally.target.wants
OLDEST=11 # of Python 3

fail() {
    echo "install.sh: $1" >&2
    exit "${2:-1}"
}

python() { # prints a Python that will do, with the module that makes virtual environments
    # 3.13 first: flowtally deploy packages wheels for it. It is never made the system's python3, which dnf needs.
    for name in python3.13 python3.14 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null &&
            "$name" -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, $OLDEST))" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

install_python() {
    if command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv
    elif command -v dnf >/dev/null; then
        dnf install -y --quiet python3.13
    fi >&2
    python || fail "no Python 3.$OLDEST or newer with venv, and none to be had with apt or dnf. Install one"
}

remove() {
    systemctl stop 'flowtally*' 2>/dev/null || true
    rm -rf "$UNITS"/flowtally.target "$UNITS"/flowtally-* "$ENABLED" \
        "$UNITS"/multi-user.target.wants/flowtally.target "$PREFIX" "$SETTINGS"
    systemctl daemon-reload
    systemctl reset-failed 'flowtally*' 2>/dev/null || true
    groupdel flowtally 2>/dev/null || true
    echo "flowtally is removed."
}

settle_role() { # what no option says stays as it is: an upgrade must not change what a machine does
    counting=$(find "$ENABLED" -name 'flowtally-summarize@*' 2>/dev/null | wc -l)
    if [ -z "$stages" ]; then
        [ "$counting" -eq 0 ] || stages=summarize
        [ ! -L "$ENABLED/flowtally-consolidate.service" ] || stages="$stages consolidate"
    fi
    [ -n "$workers" ] || [ "$counting" -eq 0 ] || workers=$counting
    stages=${stages:-summarize consolidate}
    workers=${workers:-$(nproc)}
}

pip() { # of an environment
    environment_of_pip=$1
    shift
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$environment_of_pip/bin/pip" --quiet --no-cache-dir "$@"
}

install_pinned() { # into an environment, each package of a list by its hash
    # shellcheck disable=SC2086  # several options in one word
    pip "$1" install $offline --only-binary=:all: --require-hashes -r "$from/requirements/$2.txt"
}

build_wheel() { # of a source tree, in an environment of its own, which goes again
    "$python" -m venv "$version/build"
    install_pinned "$version/build" build
    pip "$version/build" wheel --no-index --no-deps --no-build-isolation --wheel-dir "$version/build" "$program"
    program=$(ls "$version"/build/flowtally-*.whl)
}

install_program() { # makes a new environment beside the one in use, and only then switches to it
    python=$(python || install_python)
    version=$PREFIX/$(date -u +%Y%m%dT%H%M%SZ)
    mkdir -p "$PREFIX"
    trap 'rm -rf "$version"' EXIT
    "$python" -m venv "$version"
    offline=
    [ -d "$from/wheelhouse" ] && offline="--no-index --find-links=$from/wheelhouse"
    install_pinned "$version" runtime
    [ -f "$program" ] || build_wheel
    pip "$version" install --no-index --no-deps "$program"
    pip "$version" uninstall --yes pip setuptools 2>/dev/null || true
    rm -rf "$version/build"
    ln -sfn "$version" "$PREFIX/next"
    mv -T "$PREFIX/next" "$PREFIX/current"
    trap - EXIT
}

install_units() {
    cp -R "$version"/lib/python3*/site-packages/vm_daemon/systemd/* "$UNITS/"
    chmod -R u=rwX,go=rX "$UNITS"/flowtally*
    # In there is the key by which files are named: for root, and for the services, which read it anew on a reload.
    groupadd --force --system flowtally
    mkdir -p "$SETTINGS"
    chgrp flowtally "$SETTINGS"
    chmod 750 "$SETTINGS"
    if [ -n "$environment" ]; then
        cp "$environment" "$SETTINGS/flowtally.env"
        chmod 644 "$SETTINGS/flowtally.env" # within a closed folder; keys of AWS belong into secret.env
    fi
    systemctl daemon-reload
}

start() {
    systemctl stop 'flowtally*' # lets the work in hand be finished
    wanted=flowtally.target
    case " $stages " in *" consolidate "*) wanted="$wanted flowtally-consolidate.service flowtally-verify.timer" ;; esac
    case " $stages " in *" summarize "*)
        worker=1
        while [ "$worker" -le "$workers" ]; do
            wanted="$wanted flowtally-summarize@$worker.service"
            worker=$((worker + 1))
        done ;;
    esac
    rm -rf "$ENABLED" # what this machine did before
    # shellcheck disable=SC2086  # several units in one word
    systemctl enable --quiet $wanted
    if [ -f "$SETTINGS/flowtally.env" ]; then
        systemctl start --no-block flowtally.target
        echo "flowtally is installed and starting: systemctl status 'flowtally-*'"
    else
        echo "flowtally is installed. Write $SETTINGS/flowtally.env, then: systemctl start flowtally.target"
    fi
}

clear_old_versions() { # but for the last one, which may be draining
    ls -d "$PREFIX"/2* | head -n -2 | while read -r old; do rm -rf "$old"; done
}

from=$(cd "$(dirname "$0")/.." && pwd)
environment=
stages=
workers=
action=install
while [ $# -gt 0 ]; do
    case $1 in
    --from | --environment | --stages | --workers)
        [ $# -ge 2 ] || fail "$1 needs a value" 2
        case $1 in
        --from) from=$(cd "$2" && pwd) || fail "--from $2: no such folder" 2 ;;
        --environment) environment=$2 ;;
        --stages) stages=$2 ;;
        --workers) workers=$2 ;;
        esac
        shift
        ;;
    --remove) action=remove ;;
    -h | --help)
        usage
        exit 0
        ;;
    *) usage >&2 && fail "what is $1?" 2 ;;
    esac
    shift
done

[ "$(id -u)" = 0 ] || fail "must be run as root, as it writes to $PREFIX, $SETTINGS and $UNITS"
[ -d /run/systemd/system ] || fail "this machine does not run systemd"
if [ "$action" = remove ]; then
    remove
    exit 0
fi
[ -z "$environment" ] || [ -r "$environment" ] || fail "--environment $environment cannot be read" 2
settle_role
for stage in $stages; do
    case $stage in summarize | consolidate) ;; *) fail "--stages knows summarize and consolidate, not $stage" 2 ;; esac
done
program=$(ls "$from"/flowtally-*.whl 2>/dev/null | tail -n 1)
[ -n "$program" ] || [ ! -f "$from/pyproject.toml" ] || program=$from
[ -n "$program" ] || fail "$from holds neither a wheel of flowtally nor its source tree. Name another with --from" 2
[ -f "$program" ] || [ -r "$from/requirements/build.txt" ] || fail "$from/requirements/build.txt is missing" 2
[ -r "$from/requirements/runtime.txt" ] || fail "$from/requirements/runtime.txt is missing" 2

install_program
install_units
start
clear_old_versions
