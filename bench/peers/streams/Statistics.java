// SPDX-License-Identifier: MIT

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams, exactly_once_v2, two threads, the state in memory and in its changelog, all else as it is by default:
 * Statistics ADDRESS TOPIC FORMAT RECORDS
 */
public final class Statistics {
    /** Count, sum, first and last date of a station; never changed, as the store and its cache may hold it. */
    record Entry(long count, double sum, byte[] start, byte[] end) {
        static final Entry NONE = new Entry(0, 0, null, null);
        static final int DATE = 10;

        Entry add(byte[] date, double degrees) {
            return new Entry(count + 1, sum + degrees,
                    start == null || Arrays.compare(date, start) < 0 ? date : start,
                    end == null || Arrays.compare(date, end) > 0 ? date : end);
        }

        static byte[] write(String topic, Entry entry) {
            if (entry == null)
                return null;
            return ByteBuffer.allocate(16 + 2 * DATE).putLong(entry.count).putDouble(entry.sum)
                    .put(entry.start).put(entry.end).array();
        }

        static Entry read(String topic, byte[] bytes) {
            if (bytes == null)
                return null;
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            return new Entry(buffer.getLong(), buffer.getDouble(),
                    Arrays.copyOfRange(bytes, 16, 16 + DATE),
                    Arrays.copyOfRange(bytes, 16 + DATE, 16 + 2 * DATE));
        }
    }

    interface Decoder {
        Entry add(Entry entry, byte[] value) throws IOException;
    }

    /** By hand. */
    static Entry addProtobuf(Entry entry, byte[] value) {
        ByteBuffer buffer = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        byte[] date = null;
        double degrees = 0;

        while (buffer.hasRemaining()) {
            int tag = buffer.get();
            switch (tag & 7) {
            case 0:
                while (buffer.get() < 0) {
                }
                break;
            case 1:
                degrees = buffer.getDouble();
                break;
            case 2:
                int length = buffer.get();
                if (length < 0)
                    throw new IllegalArgumentException("a text of more than 127 bytes");
                if (tag >> 3 == 1)
                    date = Arrays.copyOfRange(value, buffer.position(), buffer.position() + length);
                buffer.position(buffer.position() + length);
                break;
            default:
                throw new IllegalArgumentException("wire type " + (tag & 7));
            }
        }
        return entry.add(date, degrees);
    }

    static final JsonFactory JSON = new JsonFactory();

    static Entry addJson(Entry entry, byte[] value) throws IOException {
        byte[] date = null;
        double degrees = 0;

        try (JsonParser parser = JSON.createParser(value)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals("date"))
                    date = parser.getText().getBytes(StandardCharsets.US_ASCII);
                else if (name.equals("degrees"))
                    degrees = parser.getDoubleValue();
            }
        }
        return entry.add(date, degrees);
    }

    static void save(KafkaStreams streams) throws IOException {
        try (var all = streams.store(StoreQueryParameters.fromNameAndType("statistics",
                     QueryableStoreTypes.<String, Entry>keyValueStore())).all();
             JsonGenerator json = JSON.createGenerator(new File("statistics.json"),
                     com.fasterxml.jackson.core.JsonEncoding.UTF8)) {
            json.writeStartObject();
            while (all.hasNext()) {
                var pair = all.next();
                json.writeArrayFieldStart(pair.key);
                json.writeNumber(pair.value.count);
                json.writeNumber(pair.value.sum);
                json.writeString(new String(pair.value.start, StandardCharsets.US_ASCII));
                json.writeString(new String(pair.value.end, StandardCharsets.US_ASCII));
                json.writeEndArray();
            }
            json.writeEndObject();
        }
    }

    public static void main(String[] arguments) throws Exception {
        Decoder decoder = arguments[2].equals("json") ? Statistics::addJson : Statistics::addProtobuf;
        long records = Long.parseLong(arguments[3]);
        LongAdder added = new LongAdder();
        Serializer<Entry> writer = Entry::write;
        Deserializer<Entry> reader = Entry::read;
        Serde<Entry> serde = Serdes.serdeFrom(writer, reader);
        StreamsBuilder builder = new StreamsBuilder();
        Properties properties = new Properties();

        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "streams-" + System.nanoTime());
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, "state");
        builder.stream(arguments[1], Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
                .aggregate(() -> Entry.NONE, (station, value, entry) -> {
                    added.increment();
                    try {
                        return decoder.add(entry, value);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }, Materialized.<String, Entry>as(Stores.inMemoryKeyValueStore("statistics"))
                        .withKeySerde(Serdes.String()).withValueSerde(serde));

        KafkaStreams streams = new KafkaStreams(builder.build(), properties);
        streams.setUncaughtExceptionHandler(e -> {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        streams.start();
        while (added.sum() < records)
            Thread.sleep(5);
        save(streams);
        streams.close();
    }
}
