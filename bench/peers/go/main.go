// SPDX-License-Identifier: MIT

// A consumer on franz-go, which decodes protobuf by hand and commits to its group as franz-go does by itself:
// franz-go ADDRESS TOPIC FORMAT RECORDS
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type statistics struct {
	count      int64
	sum        float64
	start, end string
}

// Of each station count, sum, first and last date.
type table map[string]*statistics

// Views of the record.
type report struct {
	station, date []byte
	degrees       float64
}

var errRecord = errors.New("not a report")

func (r *report) readProtobuf(value []byte) error {
	for len(value) > 0 {
		tag := value[0]
		value = value[1:]
		switch tag & 7 {
		case 0:
			_, n := binary.Uvarint(value)
			if n <= 0 {
				return errRecord
			}
			value = value[n:]
		case 1:
			if len(value) < 8 {
				return errRecord
			}
			if tag>>3 == 2 {
				r.degrees = math.Float64frombits(binary.LittleEndian.Uint64(value))
			}
			value = value[8:]
		case 2:
			length, n := binary.Uvarint(value)
			if n <= 0 || uint64(len(value)-n) < length {
				return errRecord
			}
			text := value[n : n+int(length)]
			value = value[n+int(length):]
			switch tag >> 3 {
			case 1:
				r.date = text
			case 3:
				r.station = text
			}
		default:
			return errRecord
		}
	}
	return nil
}

func (r *report) readJSON(value []byte) error {
	var fields struct {
		Station, Date string
		Degrees       float64
	}
	err := json.Unmarshal(value, &fields)
	r.station, r.date, r.degrees = []byte(fields.Station), []byte(fields.Date), fields.Degrees
	return err
}

func (t table) add(r *report) {
	entry := t[string(r.station)]
	if entry == nil {
		entry = &statistics{start: string(r.date), end: string(r.date)}
		t[string(r.station)] = entry
	}
	entry.count++
	entry.sum += r.degrees
	if string(r.date) < entry.start {
		entry.start = string(r.date)
	}
	if string(r.date) > entry.end {
		entry.end = string(r.date)
	}
}

func (t table) save() error {
	document := make(map[string][]any, len(t))
	for name, s := range t {
		document[name] = []any{s.count, s.sum, s.start, s.end}
	}
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	return os.WriteFile("statistics.json", text, 0o644)
}

func consume(address, topic, format string, left int64) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(address),
		kgo.ConsumeTopics(topic),
		kgo.ConsumerGroup(fmt.Sprintf("franz-go-%d", time.Now().UnixNano())),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		return err
	}
	defer client.Close()

	stations := table{}
	var r report
	read := r.readProtobuf
	if format == "json" {
		read = r.readJSON
	}
	for left > 0 {
		fetches := client.PollFetches(context.Background())
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if e := read(record.Value); e != nil {
				err = e
			}
			stations.add(&r)
			left--
		})
		if err != nil {
			return err
		}
	}
	return stations.save()
}

func main() {
	records, err := strconv.ParseInt(os.Args[4], 10, 64)
	if err == nil {
		err = consume(os.Args[1], os.Args[2], os.Args[3], records)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "franz-go:", err)
		os.Exit(1)
	}
}
