#!/usr/bin/env bash
# dvc 3.67.1
#
# Expected (written down before the run): an entry of DVC's run cache that holds no record is no
#   entry: the stage is run, as it is if the cache is empty.
# Behaviour: `dvc repro` of the stage ends with "join() argument must be str, bytes, or os.PathLike
#   object, not 'NoneType'", each time, until somebody finds and removes the folder; the message names
#   neither the run cache nor the folder. `dvc repro --no-run-cache` passes.
# How it comes about: DVC makes the folder, then the record inside it. A kill in between (out of
#   memory, a scheduler's time limit, a full disk) leaves the folder; this script makes it by removing
#   the record. Seen while a pipeline was killed at random moments.
# Who is hurt: anyone whose `dvc repro` is killed: the very command that should go on is refused.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dvc==3.67.1
export PATH="$folder/venv/bin:$PATH" DVC_NO_ANALYTICS=1

mkdir "$folder/project"
cd "$folder/project"
echo "DVC $(dvc --version)"
dvc init --quiet --no-scm
echo 1 >given
cat >dvc.yaml <<'YAML'
stages:
  copy: {cmd: cp given made, deps: [given], outs: [made]}
YAML
dvc repro --quiet
record=$(find .dvc/cache/runs -type f)

forget() { # what a fresh checkout lacks
    rm -f dvc.lock made
}

forget && rm -r "$(dirname "$record")"
dvc repro --quiet && echo "no entry: the stage is run"

forget && rm "$record"
empty=0
dvc repro >messages 2>&1 || empty=$?  # --quiet would hide the reason
echo "an entry without a record: exit code $empty, $(grep ERROR messages)"

forget
dvc repro --quiet --no-run-cache && echo "--no-run-cache: the stage is run"

grep -q "join() argument must be str" messages && test "$empty" -ne 0

# Output seen:
# DVC 3.67.1
# no entry: the stage is run
# an entry without a record: exit code 255, ERROR: failed to reproduce 'copy': join() argument must
#   be str, bytes, or os.PathLike object, not 'NoneType'
# --no-run-cache: the stage is run
