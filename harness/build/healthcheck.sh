#!/bin/bash
# Succeeds if the function serves. Without a process of Deno, which would take 50 MB.
set -eu
exec 3<> "/dev/tcp/127.0.0.1/${PORT:-8000}"
printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
IFS= read -r status <&3
[[ $status == *" 200 "* ]]
