# SPDX-License-Identifier: MIT
"""What the clients in Python have in common: a report of bytes, as one decodes it in Python, and the statistics."""

import json


def decoder(record_format):
    """From a record's value to (station, date, degrees)."""
    if record_format == "json":
        def decode(value):
            fields = json.loads(value)
            return fields["station"], fields["date"], fields["degrees"]
    else:
        from report_pb2 import Report  # by protoc

        def decode(value):
            report = Report.FromString(value)
            return report.station_id, report.date, report.degrees
    return decode


class Statistics:
    """Of each station count, sum, first and last date."""

    def __init__(self, record_format):
        self.decode = decoder(record_format)
        self.stations = {}

    def add(self, value):
        station, date, degrees = self.decode(value)
        entry = self.stations.get(station)
        if entry is None:
            self.stations[station] = [1, degrees, date, date]
            return
        entry[0] += 1
        entry[1] += degrees
        if date < entry[2]:
            entry[2] = date
        if date > entry[3]:
            entry[3] = date

    def save(self):
        with open("statistics.json", "w", encoding="utf-8") as file:
            json.dump(self.stations, file)
