#!/usr/bin/env bash
# dvc 3.67.1
#
# Expected (written down before the run): a stage that depends on a parameter is run again when the
#   parameter's line in params.yaml changes to a value that a program reads as another one: from `1`
#   to `1.0` or to `true`, as from `1` to `2`.
# Behaviour: `1`, `1.0` and `true` are one value to `dvc status` and `dvc repro`, and so are `0` and
#   `false`, also within lists: the stage counts as up to date, its output stays that of the old
#   value, and dvc.lock keeps the old one. DVC compares the values as Python does, where 1 == 1.0 ==
#   True. The text "1" is another value. `dvc repro --force` passes.
# Who is hurt: anyone with a parameter whose type has a meaning, as in scikit-learn, where
#   `max_features: 1` is one feature and `1.0` all of them, `max_samples: 1` one photograph and `1.0`
#   all. The figures of the old setting are taken for those of the new.
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
cat >dvc.yaml <<'YAML'
stages:
  copy: {cmd: cp params.yaml made, params: [samples], outs: [made]}
YAML

change() { # from one value to another: is the stage run again?
    echo "samples: $1" >params.yaml
    dvc repro --quiet --force
    echo "samples: $2" >params.yaml
    dvc repro --quiet
    if grep -qxF "samples: $2" made; then answer="run again"; else answer="up to date"; fi
    echo "from $1 to $2: $answer, the output has '$(cat made)'"
}

change 1 2 | tee -a answers
change 1 '"1"' | tee -a answers
change 1 1.0 | tee -a answers
change 1 true | tee -a answers
change 0 false | tee -a answers
change '[1, 0]' '[true, false]' | tee -a answers

test "$(grep -c 'run again' answers)" -eq 2 && test "$(grep -c 'up to date' answers)" -eq 4

# Output seen:
# DVC 3.67.1
# from 1 to 2: run again, the output has 'samples: 2'
# from 1 to "1": run again, the output has 'samples: "1"'
# from 1 to 1.0: up to date, the output has 'samples: 1'
# from 1 to true: up to date, the output has 'samples: 1'
# from 0 to false: up to date, the output has 'samples: 0'
# from [1, 0] to [true, false]: up to date, the output has 'samples: [1, 0]'
