#!/bin/sh
# Compile the hashed locks from pyproject.toml. dev.txt locks everything; every other file locks a subset of it.
set -eu
cd "$(dirname "$0")/.."
compile() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --no-emit-find-links --no-annotate "$@"
}
compile pyproject.toml --group dev --group predict --group train --group dashboard --group data-service --group deploy \
  --output-file requirements/dev.txt
compile --group lambda-emulator --no-deps --output-file requirements/lambda-emulator.txt
for part in lambda-runtime moto-server predict train dashboard data-service deploy; do
  compile --group "$part" --constraint requirements/dev.txt --output-file "requirements/$part.txt"
done
