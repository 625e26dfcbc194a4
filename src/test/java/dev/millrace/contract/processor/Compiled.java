package dev.millrace.contract.processor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** What javac with the processor made of some sources, in a folder of the test. */
record Compiled(Path folder, List<Diagnostic<? extends JavaFileObject>> diagnostics) {

    /** Compiles the sources, by their paths. */
    static Compiled of(Path folder, Map<String, String> sources, String... options) {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        var diagnostics = new DiagnosticCollector<JavaFileObject>();
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of(
                "-d", folder.toString(), "-classpath", System.getProperty("java.class.path"), "-Xlint:-options"));
        List<JavaFileObject> files = new ArrayList<>();
        sources.forEach((path, text) -> files.add(new SourceText(path, text)));
        var task = javac.getTask(null, null, diagnostics, all, null, files);
        task.setProcessors(List.of(new DataProductProcessor()));
        task.call();
        return new Compiled(folder, diagnostics.getDiagnostics());
    }

    /** The errors as {@code line: message}. */
    List<String> errors() {
        return diagnostics.stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .map(diagnostic -> diagnostic.getLineNumber() + ": " + diagnostic.getMessage(null))
                .toList();
    }

    /** A file that was made. */
    String text(String path) {
        try {
            return Files.readString(folder.resolve(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The classes that were made, with their resources. */
    URLClassLoader classes() {
        try {
            return new URLClassLoader(new URL[] {folder.toUri().toURL()}, Compiled.class.getClassLoader());
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class SourceText extends SimpleJavaFileObject {
        private final String text;

        SourceText(String path, String text) {
            super(URI.create("string:///" + path), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
