#!/bin/sh
# Turns secrets given as files into the variables that the application reads, then becomes the asked-for program.
set -eu

for name in DATABASE_URL DATABASE_OWNER_URL BROKER_URL EMAIL_URL; do
    eval "file=\${${name}_FILE:-}"
    if [ -n "$file" ]; then
        value=$(cat "$file")
        export "$name=$value"
        unset "${name}_FILE"
    fi
done

case "${1:-web}" in
    # The same command lines as ./run's (runner/programs.py).
    web | worker | long-worker | beat) exec python -m runner.cli exec "$1" ;;
    prepare) exec python -m runner.cli prepare ;;
    *) exec "$@" ;;
esac
