#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What spark-submit starts: spark-submit … submit.py JOB ARGUMENT…

The package beside this file is found by itself; where the driver runs in the cluster, --py-files carries it.
"""

import importlib
import sys

JOBS = ("station_stats", "rain_dataset", "rain_train", "rain_predict")


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in JOBS:
        print(f"Usage: spark-submit … submit.py JOB ARGUMENT…\nJobs: {' '.join(JOBS)}; JOB --help has its arguments",
              file=sys.stderr)
        return 0 if sys.argv[1:2] in (["-h"], ["--help"]) else 64
    return importlib.import_module(f"weatherd_spark.{sys.argv[1]}").main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
