#!/usr/bin/env bash
# Scripts: shellcheck for bash, a compile for Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash_scripts=() python_scripts=()
while IFS= read -r file; do
    case $file in
        *.py) python_scripts+=("$file") ;;
        *.sh | *.bash) bash_scripts+=("$file") ;;
        .ci/* | ci/* | scripts/*)
            case $(head -n 1 "$file") in
                '#!'*bash) bash_scripts+=("$file") ;;
                '#!'*python3) python_scripts+=("$file") ;;
            esac
            ;;
    esac
done < <(git ls-files)

python3 - "${python_scripts[@]}" <<'PYTHON'
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding="utf-8").read(), path)
PYTHON
if command -v shellcheck >/dev/null 2>&1; then
    shellcheck --external-sources "${bash_scripts[@]}"
    echo "${#bash_scripts[@]} bash and ${#python_scripts[@]} Python scripts are clean"
else
    echo "!!! ${#bash_scripts[@]} BASH SCRIPTS WERE NOT CHECKED: shellcheck is not installed"
fi
