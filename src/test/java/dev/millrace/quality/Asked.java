package dev.millrace.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.config.yaml.Faults;
import dev.millrace.contract.Contract;
import dev.millrace.contract.ContractReader;
import dev.millrace.contract.QualityRule;
import dev.millrace.contract.QualityRules;
import dev.millrace.query.SampleRows;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.Field;

/** Rules for the columns of {@code SampleRows}. */
final class Asked {
    private Asked() {}

    static List<QualityRule> of(String slaProperties, String onObject, String... byColumn) {
        Map<String, String> rules = Stream.of(byColumn)
                .map(each -> each.split("=", 2))
                .collect(Collectors.toMap(each -> each[0], each -> each[1]));
        String properties = Stream.concat(
                        SampleRows.COLUMNS.getFields().stream().map(Field::getName), rules.keySet().stream())
                .distinct()
                .map(name -> "      - {name: " + name + ", logicalType: string, quality: ["
                        + rules.getOrDefault(name, "") + "]}\n")
                .collect(Collectors.joining());
        Contract contract = ContractReader.read("q.yaml", """
                apiVersion: v3.1.0
                kind: DataContract
                id: q
                version: 1.0.0
                status: active
                slaProperties: [%s]
                schema:
                  - name: rows
                    quality: [%s]
                    properties:
                """.formatted(slaProperties, onObject) + properties);
        var faults = new Faults();
        List<QualityRule> read = QualityRules.read(contract, contract.objects().getFirst(), faults);
        assertEquals(List.of(), faults.all());
        return read;
    }
}
