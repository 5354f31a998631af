#!/bin/sh
# make_venv.sh PYTHON FOLDER: a virtual environment, also where Debian left out what builds one.
set -eu
python=$1
folder=$2

if ! command -v "$python" >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq python3
  else
    echo "no $python here: install Python 3.11 or newer" >&2
    exit 1
  fi
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "$python is $("$python" -V 2>&1); Python 3.11 or newer is needed (make PYTHON=python3.12 ...)" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq python3-venv
  else
    echo "Python's venv module is missing: as root, apt-get install python3-venv" >&2
    exit 1
  fi
fi
exec "$python" -m venv "$folder"
