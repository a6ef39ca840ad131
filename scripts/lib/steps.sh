# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# One line a step, with how long it took, for scripts that spend minutes in other programs: their output goes
# to a file, of which the end is shown only when the step failed.

# On a terminal, counts the seconds behind what stands on the line, until the command has ended. It must not
# write to the terminal itself.
ticking() # COMMAND...
{
    local ticker='' status=0

    if [[ -t 1 ]]; then
        tick "$SECONDS" &
        ticker=$!
    fi
    "$@" || status=$?
    if [[ -n $ticker ]]; then
        kill "$ticker" 2>/dev/null || true
        wait "$ticker" 2>/dev/null || true
        printf '        \b\b\b\b\b\b\b\b'
    fi
    return "$status"
}

# Ends by itself when the script has been interrupted.
tick() # START
{
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        printf '%6d s\b\b\b\b\b\b\b\b' $((SECONDS - $1))
    done
}

step_run() # LOG COMMAND...
{
    "${@:2}" </dev/null >"$1" 2>&1
}

# Runs the command; its exit status is the step's. "set -e" does not reach into it: chain with &&.
step() # TITLE LOG COMMAND...
{
    local title=$1 log=$2 start=$SECONDS status=0

    shift 2
    printf '%-56s ' "$title"
    ticking step_run "$log" "$@" || status=$?
    if ((status == 0)); then
        printf 'ok      %4d s\n' $((SECONDS - start))
        return 0
    fi
    printf 'FAILED  %4d s\n' $((SECONDS - start))
    tail -n "${STEP_LINES:-60}" "$log" | sed 's/^/    /'
    echo "    (exit $status; the whole output is in $log)"
    return "$status"
}
