package fhirfacade.conformance;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.utilities.npm.NpmPackage;

/** FHIR packages of one folder, each parsed once however many guides name it. */
final class Packages {
    private static final Pattern WANTED =
        Pattern.compile("\"resourceType\"\\s*:\\s*\"(StructureDefinition|ValueSet|CodeSystem)\"");

    /** A code system that the package names but does not carry: unknown, so that its codes warn instead of failing. */
    private static final Pattern WITHHELD = Pattern.compile("\"content\"\\s*:\\s*\"not-present\"");
    /** Value sets that guides bind and no package carries. */
    private static final List<String> STAND_INS = List.of("provider-taxonomy", "payer-type");

    final FhirContext context;
    final DefaultProfileValidationSupport core;
    private final Path folder;
    private final Map<String, PrePopulatedValidationSupport> parsed = new HashMap<>();

    Packages(Path folder, FhirContext context) {
        this.folder = folder;
        this.context = context;
        this.core = new DefaultProfileValidationSupport(context);
    }

    PrePopulatedValidationSupport get(String file) {
        return parsed.computeIfAbsent(file, this::read);
    }

    /** Each holds every code of the code system that the absent value set draws from. */
    PrePopulatedValidationSupport standIns() {
        return parsed.computeIfAbsent("stand-ins", key -> {
            PrePopulatedValidationSupport support = new PrePopulatedValidationSupport(context);
            for (String name : STAND_INS) {
                InputStream stream = Packages.class.getResourceAsStream("/stand-ins/" + name + ".json");
                support.addResource(context.newJsonParser().parseResource(stream));
            }
            return support;
        });
    }

    private PrePopulatedValidationSupport read(String file) {
        PrePopulatedValidationSupport support = new PrePopulatedValidationSupport(context);
        try (InputStream stream = Files.newInputStream(folder.resolve(file))) {
            NpmPackage content = NpmPackage.fromPackage(stream);
            for (String name : content.list("package")) {
                add(support, new String(content.load("package", name).readAllBytes(), StandardCharsets.UTF_8));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return support;
    }

    private void add(PrePopulatedValidationSupport support, String text) {
        if (WANTED.matcher(text).find() && !WITHHELD.matcher(text).find()) {
            support.addResource(context.newJsonParser().parseResource(text));
        }
    }
}
