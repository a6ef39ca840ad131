# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# One line a step, with how long it took, for scripts that spend minutes in other programs: their output goes
# to a file, of which the end is shown only when the step failed.

# Runs the command; its exit status is the step's. "set -e" does not reach into it: chain with &&.
step() # TITLE LOG COMMAND...
{
    local title=$1 log=$2 start=$SECONDS status=0

    shift 2
    printf '%-56s ' "$title"
    "$@" </dev/null >"$log" 2>&1 || status=$?
    if ((status == 0)); then
        printf 'ok      %4d s\n' $((SECONDS - start))
        return 0
    fi
    printf 'FAILED  %4d s\n' $((SECONDS - start))
    tail -n "${STEP_LINES:-60}" "$log" | sed 's/^/    /'
    echo "    (exit $status; the whole output is in $log)"
    return "$status"
}
