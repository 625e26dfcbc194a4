package dev.millrace.contract;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Checks JSON trees against a contract, plainly and slowly; knows the types that the demo's contracts use. */
final class RecordCheck {
    private static final int LIMIT = 20;

    private final SchemaObject object;
    private final List<String> faults = new ArrayList<>();

    RecordCheck(SchemaObject object) {
        this.object = object;
    }

    List<String> faults() {
        return faults;
    }

    void check(JsonNode row) {
        fields(object.properties(), row, "");
    }

    private void fields(List<Property> properties, JsonNode node, String path) {
        Set<String> unknown = new TreeSet<>();
        node.fieldNames().forEachRemaining(unknown::add);
        for (Property property : properties) {
            unknown.remove(property.physicalName());
            value(property, node.path(property.physicalName()), path + "/" + property.name());
        }
        unknown.forEach(name -> fault(path + "/" + name, node, "is not in the contract"));
    }

    private void value(Property property, JsonNode value, String path) {
        if (value.isMissingNode() || value.isNull()) {
            if (property.required()) {
                fault(path, value, "is required");
            }
            return;
        }
        Rules rules = property.rules();
        switch (property.fieldType()) {
            case FieldType.Text text -> {
                String given = value.textValue();
                if (given == null) {
                    fault(path, value, "is no text");
                    return;
                }
                int length = given.codePointCount(0, given.length());
                if (length < rules.minLength() || length > rules.maxLength()) {
                    fault(path, value, "has a length of " + length);
                }
                rules.pattern()
                        .filter(pattern ->
                                !Pattern.compile(pattern).matcher(given).find())
                        .ifPresent(pattern -> fault(path, value, "does not match " + pattern));
            }
            case FieldType.Int number -> {
                if (!value.isIntegralNumber() || value.bigIntegerValue().bitLength() >= number.bits()) {
                    fault(path, value, "is no integer of " + number.bits() + " bits");
                }
                bounds(rules, value.decimalValue(), path, value);
            }
            case FieldType.Floating number -> {
                if (!value.isNumber()) {
                    fault(path, value, "is no number");
                }
                bounds(rules, value.decimalValue(), path, value);
            }
            case FieldType.Timestamp timestamp -> {
                LocalDateTime moment = LocalDateTime.parse(value.textValue());
                BigDecimal units = BigDecimal.valueOf(moment.toEpochSecond(ZoneOffset.UTC))
                        .multiply(BigDecimal.valueOf(timestamp.unit().perSecond()));
                if (timestamp.zoned()) {
                    fault(path, value, "is zoned, the data is not");
                }
                bounds(rules, units, path, value);
            }
            case FieldType.Struct struct -> fields(property.properties(), value, path);
            case FieldType.ListOf list -> {
                if (!value.isArray() || value.size() < rules.minItems() || value.size() > rules.maxItems()) {
                    fault(path, value, "has a wrong number of items");
                }
                value.forEach(item -> value(property.items().orElseThrow(), item, path + "/*"));
            }
            case FieldType.OneOf one -> {
                if (!one.values().contains(value.textValue())) {
                    fault(path, value, "is none of the enum");
                }
            }
            case FieldType.MapOf other -> throw new AssertionError(other);
            case FieldType.VectorOf other -> throw new AssertionError(other);
            case FieldType.Bool other -> throw new AssertionError(other);
            case FieldType.Decimal other -> throw new AssertionError(other);
            case FieldType.Binary other -> throw new AssertionError(other);
            case FieldType.Date other -> throw new AssertionError(other);
            case FieldType.Time other -> throw new AssertionError(other);
            case FieldType.Uuid other -> throw new AssertionError(other);
        }
    }

    private void bounds(Rules rules, BigDecimal value, String path, JsonNode node) {
        boolean within = rules.minimum()
                        .map(bound -> value.compareTo(bound) >= 0)
                        .orElse(true)
                && rules.maximum().map(bound -> value.compareTo(bound) <= 0).orElse(true)
                && rules.exclusiveMinimum()
                        .map(bound -> value.compareTo(bound) > 0)
                        .orElse(true)
                && rules.exclusiveMaximum()
                        .map(bound -> value.compareTo(bound) < 0)
                        .orElse(true)
                && rules.multipleOf()
                        .map(step -> value.divide(step, 0, RoundingMode.DOWN)
                                        .multiply(step)
                                        .compareTo(value)
                                == 0)
                        .orElse(true);
        if (!within) {
            fault(path, node, "is out of bounds");
        }
    }

    private void fault(String path, JsonNode value, String reason) {
        if (faults.size() < LIMIT) {
            faults.add(path + " " + reason + ": " + value);
        }
    }
}
