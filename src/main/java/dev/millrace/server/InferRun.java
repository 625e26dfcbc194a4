package dev.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.contract.infer.ContractDraft;
import dev.millrace.contract.infer.JsonRecords;
import dev.millrace.contract.infer.Sample;
import dev.millrace.kafka.KafkaProperties;
import dev.millrace.kafka.TopicSample;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Drafts a contract from a file's or a topic's records. Blocks its caller until it is written. */
final class InferRun {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Command.Infer infer;
    private final InputStream in;
    private final PrintStream out;
    private final PrintStream err;
    private final Sample sample = new Sample();

    InferRun(Command.Infer infer, InputStream in, PrintStream out, PrintStream err) {
        this.infer = infer;
        this.in = in;
        this.out = out;
        this.err = err;
    }

    /** Writes the draft; the answer is no when nothing could be read from the records. */
    ExitCode run() {
        try {
            String host = infer.topic().isEmpty() ? sampleFile() : sampleTopic();
            Optional<String> draft = ContractDraft.of(
                    sample, new ContractDraft.Origin(source(), name(), infer.domain(), infer.topic(), host));
            if (draft.isEmpty()) {
                err.println("millrace: no contract can be drafted: " + ContractDraft.reason(sample));
                return ExitCode.ANSWER_IS_NO;
            }
            write(draft.get());
            err.println("millrace: drafted from " + sample.records() + " records, " + sample.refused()
                    + " of them refused; its comments say why it is as it is");
            return ExitCode.FINE;
        } catch (ProblemException expected) {
            expected.problem().detail().lines().forEach(line -> err.println("millrace: " + line));
        } catch (InvalidPathException | IOException failure) {
            err.println("millrace: " + failure);
        }
        return ExitCode.CANNOT_START;
    }

    private String sampleFile() throws IOException {
        try (InputStream from = infer.file().equals("-") ? in : Files.newInputStream(Path.of(infer.file()))) {
            JsonRecords records = new JsonRecords(from);
            for (Optional<byte[]> record;
                    sample.records() < infer.records() && (record = records.next()).isPresent(); ) {
                sample.add(record.get());
            }
        }
        return "";
    }

    private String sampleTopic() {
        Configuration.Kafka kafka = ConfigurationReader.ofDefaults()
                .withKafkaCheck(new KafkaProperties())
                .withEnvironment(System.getenv(), warning -> err.println("millrace: " + warning))
                .withOverrides(
                        infer.bootstrapServers().isEmpty()
                                ? Map.of()
                                : Map.of("kafka.bootstrapServers", infer.bootstrapServers()))
                .read()
                .kafka();
        TopicSample.read(kafka, infer.topic(), infer.records(), PATIENCE, sample::add);
        return kafka.bootstrapServers();
    }

    private String source() {
        return !infer.topic().isEmpty()
                ? "the topic " + infer.topic()
                : infer.file().equals("-") ? "standard input" : infer.file();
    }

    /** The name given, or one made of the topic's or the file's that can stand in an address. */
    private String name() {
        if (!infer.name().isEmpty()) {
            return infer.name();
        }
        String from = infer.topic().isEmpty() ? infer.file().replaceAll(".*[/\\\\]|\\.[^.]*$", "") : infer.topic();
        String name =
                from.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]+", "-").replaceAll("^[^a-z]+|-+$", "");
        return name.isEmpty() ? "records" : name;
    }

    private void write(String draft) throws IOException {
        if (infer.output().isEmpty()) {
            out.write(draft.getBytes(UTF_8));
            out.flush();
        } else {
            Files.writeString(
                    Path.of(infer.output()), draft, UTF_8, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        }
    }
}
