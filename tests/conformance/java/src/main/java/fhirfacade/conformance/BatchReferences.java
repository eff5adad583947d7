package fhirfacade.conformance;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.context.IWorkerContext;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.Manager;
import org.hl7.fhir.r5.fhirpath.FHIRPathEngine;
import org.hl7.fhir.r5.model.Base;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.CanonicalType;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;
import org.hl7.fhir.validation.instance.InstanceValidator;

/** Resolves references among the resources of one batch, so that rules which follow references are really judged. */
final class BatchReferences implements IValidatorResourceFetcher {
    private final Map<String, String> resources;

    BatchReferences(Map<String, String> resources) {
        this.resources = resources;
    }

    @Override
    public Element fetch(IResourceValidator validator, Object context, String reference) throws IOException {
        return find(resources, ((InstanceValidator) validator).getContext(), reference);
    }

    private static Element find(Map<String, String> resources, IWorkerContext context, String reference)
            throws IOException {
        String text = resources.get(reference);
        if (text == null) {
            return null;
        }
        ByteArrayInputStream stream = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        return Manager.parseSingle(context, stream, Manager.FhirFormat.JSON);
    }

    /** The same for {@code resolve()} in invariants, where HAPI's own context resolves nothing. */
    static final class ForInvariants extends FhirInstanceValidator.NullEvaluationContext {
        private final Map<String, String> resources;

        ForInvariants(Map<String, String> resources) {
            this.resources = resources;
        }

        @Override
        public Base resolveReference(FHIRPathEngine engine, Object context, String url, Base from) {
            try {
                return find(resources, engine.getWorker(), url);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    @Override
    public boolean resolveURL(IResourceValidator validator, Object context, String path, String url, String type,
            boolean canonical, List<CanonicalType> targets) {
        return true;
    }

    @Override
    public byte[] fetchRaw(IResourceValidator validator, String url) {
        return null;
    }

    @Override
    public IValidatorResourceFetcher setLocale(Locale locale) {
        return this;
    }

    @Override
    public CanonicalResource fetchCanonicalResource(IResourceValidator validator, Object context, String url) {
        return null;
    }

    @Override
    public boolean fetchesCanonicalResource(IResourceValidator validator, String url) {
        return false;
    }

    @Override
    public Set<ResourceVersionInformation> fetchCanonicalResourceVersions(IResourceValidator validator,
            Object context, String url) {
        return Set.of();
    }
}
