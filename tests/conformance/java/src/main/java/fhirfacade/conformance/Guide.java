package fhirfacade.conformance;

import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/** One guide: its packages, and the resources of the batch that references may point to. */
final class Guide {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, String> resources = new ConcurrentHashMap<>();
    private final FhirValidator validator;

    Guide(Packages packages, List<String> files) {
        List<IValidationSupport> chain = new ArrayList<>();
        files.forEach(file -> chain.add(packages.get(file)));
        chain.add(packages.standIns("hl7.fhir.us.core-3.1.1.tgz"));
        chain.add(packages.core);
        chain.add(new CommonCodeSystemsTerminologyService(packages.context));
        chain.add(new InMemoryTerminologyServerValidationSupport(packages.context));
        chain.add(new SnapshotGeneratingValidationSupport(packages.context));
        UnknownCodeSystemWarningValidationSupport unknown =
            new UnknownCodeSystemWarningValidationSupport(packages.context);
        unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
        chain.add(unknown);
        FhirInstanceValidator module = new FhirInstanceValidator(new ValidationSupportChain(chain));
        module.setAnyExtensionsAllowed(true);
        module.setErrorForUnknownProfiles(true);
        module.setValidatorResourceFetcher(new BatchReferences(resources));
        module.setHostApplicationServices(new BatchReferences.ForInvariants(resources));
        module.setValidatorPolicyAdvisor(new ReferencePolicy());
        validator = packages.context.newValidator().registerValidatorModule(module);
    }

    void forgetResources() {
        resources.clear();
    }

    /** Take the resource in as a target of references; one in XML is only judged. */
    void remember(String text) {
        if (text.startsWith("<")) {
            return;
        }
        try {
            JsonNode resource = JSON.readTree(text);
            String type = resource.path("resourceType").asText();
            resources.put(type + "/" + resource.path("id").asText(), text);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    List<SingleValidationMessage> validate(String text) {
        return validator.validateWithResult(text).getMessages();
    }
}
