#!/usr/bin/env bash
# Pins every distribution's dependencies with hashes, naming no package host. Run by `make requirements`.
# dev.txt is resolved first (everything at once); each image's list is then a subset of the same versions.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:?path of the uv executable}
common=(pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate)
# Our own distributions are installed from the tree; a pinned list names other people's packages only.
external() { # <distribution folder> → its external dependencies and those of our libraries that it names
  python3 - "$@" <<'PY'
import re, sys, tomllib
from pathlib import Path
ours = {f"usecase-{name}": f"services/shared/{name}" for name in ("contracts", "http", "messaging", "runtime")}
seen, todo, lines = set(), list(sys.argv[1:]), set()
while todo:
    folder = todo.pop()
    if folder in seen:
        continue
    seen.add(folder)
    for dependency in tomllib.loads(Path(folder, "pyproject.toml").read_text())["project"]["dependencies"]:
        name = re.split(r"[\[<>=~ ]", dependency)[0]
        todo.append(ours[name]) if name in ours else lines.add(dependency)
print("\n".join(sorted(lines)))
PY
}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
members=(operator services/shared/{contracts,http,messaging,runtime} services/api services/bot
         services/reminder-worker services/analytics-worker services/postgres-data services/mongo-data)
external "${members[@]}" > "$work/all.in"
python3 -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml","rb"))["dependency-groups"]["dev"]))' >> "$work/all.in"
# What is pinned stays as it is unless an upgrade is asked for: uv reads the file that it is about to write.
cp requirements/dev.txt "$work/dev.txt"
"$uv" "${common[@]}" "$work/all.in" -o "$work/dev.txt" "$@"
cp "$work/dev.txt" requirements/dev.txt
for member in operator services/api services/bot services/reminder-worker services/analytics-worker services/postgres-data services/mongo-data; do
  name=$(basename "$member")
  external "$member" > "$work/$name.in"
  "$uv" "${common[@]}" --constraint requirements/dev.txt "$work/$name.in" -o "$work/$name.txt"
  cp "$work/$name.txt" "requirements/$name.txt"
done
for image in probe bot-api echo mongodb; do
  folder=tests/cluster/images/$image
  "$uv" "${common[@]}" --constraint requirements/dev.txt "$folder/requirements.in" -o "$work/$image.txt"
  cp "$work/$image.txt" "$folder/requirements.txt"
done
