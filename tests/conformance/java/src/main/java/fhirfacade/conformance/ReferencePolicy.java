package fhirfacade.conformance;

import org.hl7.fhir.common.hapi.validation.validator.FhirDefaultPolicyAdvisor;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;

/** Every reference must name a resource of the batch, of a type that the profile allows. */
final class ReferencePolicy extends FhirDefaultPolicyAdvisor {
    @Override
    public ReferenceValidationPolicy policyForReference(IResourceValidator validator, Object context, String path,
            String url, ReferenceDestinationType destination) {
        return ReferenceValidationPolicy.CHECK_EXISTS_AND_TYPE;
    }

    @Override
    public ReferenceValidationPolicy getReferencePolicy() {
        return ReferenceValidationPolicy.CHECK_EXISTS_AND_TYPE;
    }
}
