#!/bin/sh
# Sets up the database and shows that it works: tests that the database answers, creates the triggers, sends a test event
# of every watched table through to a WebSocket, and prints what applications are to be configured with.
# The same as `wasla setup`; arguments are passed on (./setup-realtime.sh --help lists them).
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
if [ ! -x "$here/.venv/bin/wasla" ]; then
    echo "setup-realtime: expected $here/.venv/bin/wasla, found none; install it with: $here/run --install" >&2
    exit 1
fi
exec "$here/.venv/bin/wasla" setup "$@"
