package dev.millrace.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.Layout;
import dev.millrace.arrow.Scalar;
import dev.millrace.codec.BodyRecords;
import dev.millrace.codec.JsonLimits;
import dev.millrace.codec.RecordDecoder;
import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import dev.millrace.contract.ValueFormat;
import dev.millrace.domain.Writes;
import dev.millrace.layer.Lease;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Problem.Rejection;
import dev.millrace.problem.ProblemException;
import dev.millrace.text.JsonEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Holds what is to be written against a product's contract, with the decoder that will read it, and makes the records for
 * the topic. One thread at a time; has off-heap memory only while it checks. What is made of a request, which may be a
 * thousand times its body, is counted before it is made, with the request's own memory.
 */
final class WriteCheck implements BodyRecords.Taker, AutoCloseable {
    private static final JsonFactory JSON_FACTORY = new JsonFactory();
    private static final Pattern ROW = Pattern.compile("\\[(\\d+)]\\.?(.*)");

    /** What a record takes besides its bytes. */
    private static final int RECORD_BYTES = 128;

    /** What there is to be sent, how many bytes and records that is, and which ones it is not. */
    record Draft(List<ProducerRecord<byte[], byte[]>> records, long bytes, int accepted, List<Rejection> rejected) {}

    private static final Violation NOT_ITS_OWN = new Violation(
            "policy", "", "the caller's row rule does not show such a row, or one that it would replace.");

    /** Says of rows whether they may be written. */
    interface Guard {
        /** Of all. */
        Guard NONE = (batch, row) -> true;

        /** @param batch with the columns that the product has */
        boolean allows(Batch batch, int row);
    }

    private final ProductDefinition product;
    private final BufferAllocator allocator;
    private final int maxRecords;
    private final BatchWriter scratch;
    private final BatchWriter stored;
    private final RecordDecoder decoder;
    private final JsonEncoder keys;
    private List<ProducerRecord<byte[], byte[]>> records = List.of();
    private List<Rejection> rejected = List.of();
    private Guard guard = Guard.NONE;
    private @Nullable Lease memory;
    private @Nullable ProblemException refusal;
    private long missing;
    private long bytes;
    private int number;

    /**
     * @param owned pays for the checking of one request at a time
     * @param maxRows of an Arrow record
     */
    WriteCheck(ProductDefinition product, BufferAllocator owned, int maxRecords, int maxRows) {
        this.product = product;
        this.allocator = owned;
        this.maxRecords = maxRecords;
        List<Property> properties = product.object().properties();
        this.scratch = new BatchWriter(Layout.of(ArrowSchemas.ofRecords(properties)), allocator);
        this.stored = new BatchWriter(Layout.of(ArrowSchemas.of(properties)), allocator);
        SchemaSource none = id -> new SchemaSource.Missing("nobody is asked.");
        this.decoder = RecordDecoder.of(product, scratch, JsonLimits.DEFAULT, none, maxRows);
        List<ColumnLayout> key = product.key().stream()
                .map(property -> scratch.layout().top().get(properties.indexOf(property)))
                .toList();
        this.keys = JsonEncoder.of(key, false);
    }

    ProductDefinition product() {
        return product;
    }

    Draft check(Writes.Records request, Guard rows) {
        guard = rows;
        return open(request.memory(), () -> {
            if (product.format() == ValueFormat.ARROW) {
                whole(request.body());
            } else {
                new BodyRecords(
                                product.object().properties(),
                                product.unknownFields(),
                                allocator,
                                maxRecords,
                                columns -> JsonEncoder.of(columns, false),
                                this)
                        .take(request.form(), request.body());
            }
        });
    }

    /**
     * The record that deletes a key, whose components have been found to be its.
     *
     * @param holders partitions that have the key; each gets a record, besides that which the partitioner chooses
     */
    Draft delete(Writes.Deletion request, List<Integer> holders) {
        return open(request.memory(), () -> {
            List<String> components = request.key();
            List<Property> key = product.key();
            for (int i = 0; i < key.size(); i++) {
                Property property = key.get(i);
                ColumnWriter column =
                        scratch.column(product.object().properties().indexOf(property));
                // As the product's column stores it, which in a record may be another type over the same numbers.
                Optional<Scalar> value = Scalar.read(Kind.of(property.fieldType()), components.get(i));
                if (value.filter(each -> each.putInto(column)).isEmpty()) {
                    throw noKey("the column '" + property.name() + "' cannot hold its component.");
                }
            }
            for (int i = 0; i < scratch.layout().top().size(); i++) {
                if (scratch.column(i).count() == 0) {
                    scratch.column(i).putNull();
                }
            }
            scratch.endRow();
            byte[] form = key();
            scratch.truncate(0);
            if (form == null || !decoder.decodeKey(form)) {
                throw noKey(decoder.violation().reason());
            }
            records.add(new ProducerRecord<>(product.topic(), null, form, null));
            holders.forEach(holder -> records.add(new ProducerRecord<>(product.topic(), holder, form, null)));
            number = 1;
        });
    }

    private static ProblemException noKey(String reason) {
        return new Problem.InvalidParameter("key", reason, "a key of the product.").exception();
    }

    private Draft open(Lease borrowed, Runnable work) {
        memory = borrowed;
        bytes = 0;
        refusal = null;
        missing = 0;
        records = new ArrayList<>();
        rejected = new ArrayList<>();
        number = 0;
        scratch.open(8);
        try {
            work.run();
            if (refusal != null) {
                throw refusal;
            }
            return new Draft(records, bytes, number - rejected.size(), rejected);
        } finally {
            scratch.close();
            records = List.of(); // the draft's alone from here on
            rejected = List.of();
            memory = null;
        }
    }

    /**
     * Counts a record before there is memory taken for it. Once there is none, the rest is counted and not made: a request
     * that is too large by itself is told so, since it need not come again.
     *
     * @return whether it may be made
     */
    private boolean counts(long size) {
        Lease from = Objects.requireNonNull(memory);
        if (refusal == null) {
            try {
                from.take(size + RECORD_BYTES);
                bytes += size;
                return true;
            } catch (ProblemException refused) {
                refusal = refused;
            }
        }
        missing += size + RECORD_BYTES;
        from.checkAlone(missing);
        return false;
    }

    @Override
    public void json(byte[] bytes, int from, int length) {
        if (!decodes(bytes, from, length)) {
            return;
        }
        if (counts(length)) {
            add(Arrays.copyOfRange(bytes, from, from + length));
        } else {
            scratch.endRow();
            scratch.truncate(0);
        }
    }

    @Override
    public void json(ByteSink record) {
        if (counts(record.position())) {
            byte[] value = record.toBytes();
            if (decodes(value, 0, value.length)) {
                add(value);
            }
        }
    }

    private boolean decodes(byte[] bytes, int from, int length) {
        boolean good = decoder.decode(bytes, from, length);
        if (!good) {
            broken(decoder.violation());
        }
        return good;
    }

    private boolean isAllowed(int row) {
        if (guard == Guard.NONE) {
            return true;
        }
        try (stored) {
            stored.open(8);
            stored.copyRow(scratch.batch(), row);
            return guard.allows(stored.batch(), 0);
        }
    }

    private void add(byte[] value) {
        scratch.endRow();
        if (!isAllowed(0)) {
            scratch.truncate(0);
            broken(NOT_ITS_OWN);
            return;
        }
        records.add(new ProducerRecord<>(product.topic(), null, key(), value));
        scratch.truncate(0);
        number++;
    }

    @Override
    public void broken(Violation why) {
        rejected.add(new Rejection(number++, why.rule(), why.path(), why.reason()));
    }

    /** The topic's records are Arrow streams themselves. */
    private void whole(byte[] body) {
        int rows = decoder.prepare(body, 0, body.length, false);
        if (rows > maxRecords) {
            throw new Problem.TooLarge("The number of records", rows, maxRecords).exception();
        }
        if (decoder.decode(body, 0, body.length)) {
            number = rows;
            if (guard != Guard.NONE) {
                scratch.endRows(rows);
                for (int row = 0; row < rows; row++) {
                    if (!isAllowed(row)) {
                        rejected.add(new Rejection(row, NOT_ITS_OWN.rule(), NOT_ITS_OWN.path(), NOT_ITS_OWN.reason()));
                    }
                }
                if (!rejected.isEmpty()) {
                    return;
                }
            }
            records.add(new ProducerRecord<>(product.topic(), null, null, body));
            bytes = body.length;
            return;
        }
        Violation why = decoder.violation();
        if (why.rule().equals("arrow")) {
            throw new Problem.InvalidBody(why.reason(), "an Arrow IPC stream with the contract's columns.").exception();
        }
        Matcher row = ROW.matcher(why.path());
        rejected.add(
                row.matches()
                        ? new Rejection(Integer.parseInt(row.group(1)), why.rule(), row.group(2), why.reason())
                        : new Rejection(0, why.rule(), why.path(), why.reason()));
        number = rows;
    }

    @Override
    public void close() {
        allocator.close();
    }

    /** The key of the row at hand as {@link RecordDecoder#decodeKey} reads it; null where the product has none. */
    private byte @Nullable [] key() {
        List<Property> key = product.key();
        if (key.isEmpty()) {
            return null;
        }
        try (var target = new ByteSink.ArrowTarget(allocator, 256)) {
            ByteSink sink = new ByteSink(target);
            keys.row(scratch.batch(), 0, sink);
            byte[] object = sink.toBytes();
            if (key.size() > 1) {
                return object;
            }
            String text = onlyValue(object);
            // What begins so would be read as JSON, or by a schema, and so is written as a JSON string.
            boolean plain = text.isEmpty() || "{\"\0".indexOf(text.charAt(0)) < 0;
            String form = plain
                    ? text
                    : '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
            return form.getBytes(UTF_8);
        }
    }

    private static String onlyValue(byte[] object) {
        try (JsonParser parser = JSON_FACTORY.createParser(object)) {
            parser.nextToken();
            parser.nextToken();
            parser.nextToken();
            return parser.getText();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
