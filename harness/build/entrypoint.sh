#!/bin/sh
# Becomes the function: Deno, with the permissions that its settings need and with
# no other variable. `start` prints that command, which holds no value of a setting;
# it exports nothing itself.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
command=$(OTEL_DENO=false deno run --quiet --no-prompt --no-config --no-remote --allow-env --allow-read \
  "$here/start.js" --print-command --entry "$here/main.js" "$@")
eval "exec $command"
