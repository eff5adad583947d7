package fhirfacade.conformance;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Validates resources against guides, as HAPI's FhirInstanceValidator sees them.
 *
 * <p>Usage: {@code Validate <folder of packages> <threads> <guide>=<package file>,<package file>...}...
 *
 * <p>Standard input holds one resource a line: {@code <guide> TAB <name> TAB <JSON text>}. A blank line ends a batch:
 * its resources are then validated, references among them resolved, and for each one line of JSON is written:
 * {@code {"guide", "name", "issues": [{"severity", "id", "path", "message"}]}}, ended by a blank line. The text is
 * validated as it came, so digits of decimals are those of the sender.
 */
public final class Validate {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, Guide> guides = new LinkedHashMap<>();
    private final ExecutorService workers;
    private final PrintStream answers;

    private Validate(ExecutorService workers, PrintStream answers) {
        this.workers = workers;
        this.answers = answers;
    }

    public static void main(String[] arguments) throws Exception {
        Locale.setDefault(Locale.US);
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err); // nothing but answers may reach standard output
        Validate run = new Validate(Executors.newFixedThreadPool(Integer.parseInt(arguments[1])), answers);
        Packages packages = new Packages(Path.of(arguments[0]), FhirContext.forR4());
        for (int i = 2; i < arguments.length; i++) {
            String[] parts = arguments[i].split("=", 2);
            run.guides.put(parts[0], new Guide(packages, List.of(parts[1].split(","))));
        }
        run.serve(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
        System.exit(0); // the cache's worker thread is not a daemon
    }

    private void serve(BufferedReader input) throws IOException, InterruptedException, ExecutionException {
        List<String[]> batch = new ArrayList<>();
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            if (!line.isBlank()) {
                batch.add(line.split("\t", 3));
                continue;
            }
            answer(batch);
            batch.clear();
        }
    }

    private void answer(List<String[]> batch) throws InterruptedException, ExecutionException {
        guides.values().forEach(Guide::forgetResources);
        for (String[] entry : batch) {
            guides.get(entry[0]).remember(entry[2]);
        }
        List<Future<?>> pending = new ArrayList<>();
        for (String[] entry : batch) {
            pending.add(workers.submit(() -> write(entry[0], entry[1], guides.get(entry[0]).validate(entry[2]))));
        }
        for (Future<?> each : pending) {
            each.get();
        }
        answers.println();
    }

    private void write(String guide, String name, List<SingleValidationMessage> messages) {
        ObjectNode answer = JSON.createObjectNode().put("guide", guide).put("name", name);
        ArrayNode issues = answer.putArray("issues");
        for (SingleValidationMessage message : messages) {
            issues.addObject()
                .put("severity", message.getSeverity().getCode())
                .put("id", message.getMessageId())
                .put("path", message.getLocationString())
                .put("message", message.getMessage());
        }
        synchronized (answers) {
            answers.println(answer);
        }
    }
}
