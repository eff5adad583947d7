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
import java.util.Map;
import java.util.regex.Pattern;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.utilities.npm.NpmPackage;

/** FHIR packages of one folder, each parsed once however many guides name it. */
final class Packages {
    private static final Pattern WANTED =
        Pattern.compile("\"resourceType\"\\s*:\\s*\"(StructureDefinition|ValueSet|CodeSystem)\"");

    /** A code system that the package names but does not carry: unknown, so that its codes warn instead of failing. */
    private static final Pattern WITHHELD = Pattern.compile("\"content\"\\s*:\\s*\"not-present\"");
    /** Race and ethnicity codes; later packages leave them to a value set service. */
    private static final String RACE = "urn:oid:2.16.840.1.113883.6.238";

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
        PrePopulatedValidationSupport found = parsed.get(file);
        if (found == null) {
            found = read(file);
            parsed.put(file, found);
        }
        return found;
    }

    /** Value sets of NLM's service, which guides bind and no package carries: codes of the systems they draw from. */
    PrePopulatedValidationSupport standIns(String packageWithRaces) {
        PrePopulatedValidationSupport support = new PrePopulatedValidationSupport(context);
        InputStream stream = Packages.class.getResourceAsStream("/stand-ins.json");
        Bundle bundle = context.newJsonParser().parseResource(Bundle.class, stream);
        bundle.getEntry().forEach(entry -> support.addResource(entry.getResource()));
        support.addResource(get(packageWithRaces).fetchCodeSystem(RACE));
        return support;
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
