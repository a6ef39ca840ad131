# SPDX-License-Identifier: MIT
"""The topics of weatherd in Apache Spark: statistics of stations, and a model of rain. See README.md beside."""
