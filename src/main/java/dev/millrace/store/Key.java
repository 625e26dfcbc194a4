package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.KindText;
import dev.millrace.arrow.Scalar;
import dev.millrace.arrow.SecretHash;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The value of a product's primary key, for look-ups. Immutable. */
public final class Key implements KeyMatch {
    private final StoreSchema schema;
    /** In key order; fewer than the key has columns where one of these cannot hold its component: no row has the key. */
    private final Scalar[] components;

    private Key(StoreSchema schema, Scalar... components) {
        this.schema = schema;
        this.components = components;
    }

    /**
     * The key whose components have these texts, in key order, each as an equality filter of its column takes it. Empty
     * when the number of components or the form of one is wrong; {@link #fault} says what.
     */
    public static Optional<Key> parse(StoreSchema schema, List<String> components) {
        int size = schema.key().size();
        if (size == 0 || components.size() != size) {
            return Optional.empty();
        }
        var scalars = new Scalar[size];
        int held = 0;
        for (int i = 0; i < size; i++) {
            Kind kind = column(schema, i).kind();
            Optional<Scalar> scalar = Scalar.read(kind, components.get(i));
            if (scalar.isPresent()) {
                scalars[held++] = scalar.get();
            } else if (kind.equal(components.get(i)) instanceof KindText.Wrong) {
                return Optional.empty();
            }
        }
        return Optional.of(new Key(schema, held == size ? scalars : Arrays.copyOf(scalars, held)));
    }

    /** Why texts are no key, in a sentence. */
    public static String fault(StoreSchema schema, List<String> components) {
        for (int i = 0;
                i < components.size() && components.size() == schema.key().size();
                i++) {
            ColumnLayout column = column(schema, i);
            if (column.kind().equal(components.get(i)) instanceof KindText.Wrong(String reason)) {
                return "this is no key of the product: what is given for '" + column.name() + "' " + reason;
            }
        }
        return "this is no key of the product.";
    }

    /** The key of one text component, which needs no parsing; {@code utf8} is taken over. */
    public static Key ofText(StoreSchema schema, byte[] utf8) {
        return new Key(schema, Scalar.of(utf8));
    }

    @Override
    public long hash(SecretHash secret) {
        long sum = 0;
        for (int i = 0; i < components.length; i++) {
            long part = components[i].hash(secret);
            sum = i == 0 ? part : secret.combine(sum, part);
        }
        return sum;
    }

    @Override
    public boolean matches(Batch batch, int row) {
        if (components.length < schema.key().size()) {
            return false;
        }
        for (int i = 0; i < components.length; i++) {
            if (!components[i].isAt(batch.column(schema.key().get(i)), row)) {
                return false;
            }
        }
        return true;
    }

    /** The hash of a row's key under a secret. */
    static long hash(StoreSchema schema, SecretHash secret, Batch batch, int row) {
        long sum = 0;
        for (int i = 0; i < schema.key().size(); i++) {
            long part = batch.column(schema.key().get(i)).hash(row, secret);
            sum = i == 0 ? part : secret.combine(sum, part);
        }
        return sum;
    }

    /** Whether two rows have the same key. */
    public static boolean same(StoreSchema schema, Batch left, int leftRow, Batch right, int rightRow) {
        for (int column : schema.key()) {
            if (!left.column(column).sameValue(leftRow, right.column(column), rightRow)) {
                return false;
            }
        }
        return true;
    }

    private static ColumnLayout column(StoreSchema schema, int component) {
        return schema.columns().get(schema.key().get(component));
    }
}
