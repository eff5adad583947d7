import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.annotation.IdParam;
import ca.uhn.fhir.rest.annotation.OptionalParam;
import ca.uhn.fhir.rest.annotation.Read;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.param.DateRangeParam;
import ca.uhn.fhir.rest.param.ReferenceParam;
import ca.uhn.fhir.rest.param.TokenOrListParam;
import ca.uhn.fhir.rest.server.FifoMemoryPagingProvider;
import ca.uhn.fhir.rest.server.IResourceProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import ca.uhn.fhir.rest.server.interceptor.InterceptorAdapter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.Coverage;
import org.hl7.fhir.r4.model.ExplanationOfBenefit;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Organization;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Practitioner;
import org.hl7.fhir.r4.model.Resource;

/** A HAPI RestfulServer over a file of resources, one JSON a line: java -cp … Upstream.java FILE TOKEN; prints its port. */
public class Upstream {
  static final FhirContext CONTEXT = FhirContext.forR4();
  static final List<Resource> ALL = new ArrayList<>();

  public static void main(String[] arguments) throws Exception {
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      ALL.add((Resource) CONTEXT.newJsonParser().parseResource(line));
    }
    RestfulServer fhir = new RestfulServer(CONTEXT);
    fhir.setResourceProviders(
        new Patients(), new Covers(), new Claims(), new Named<>(Organization.class), new Named<>(Practitioner.class));
    fhir.setPagingProvider(new FifoMemoryPagingProvider(100));
    fhir.registerInterceptor(new Guard("Bearer " + arguments[1]));
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler handler = new ServletContextHandler();
    handler.addServlet(new ServletHolder(fhir), "/fhir/*");
    server.setHandler(handler);
    server.start();
    System.out.println("port " + connector.getLocalPort());
    System.in.read();
    server.stop();
  }

  static <T extends Resource> List<IBaseResource> search(Class<T> type, Predicate<T> matches) {
    List<IBaseResource> found = new ArrayList<>();
    ALL.stream().filter(type::isInstance).map(type::cast).filter(matches).forEach(found::add);
    return found;
  }

  static <T extends Resource> T read(Class<T> type, IdType id) {
    List<IBaseResource> found = search(type, one -> one.getIdElement().getIdPart().equals(id.getIdPart()));
    if (found.isEmpty()) {
      throw new ResourceNotFoundException(id);
    }
    return type.cast(found.get(0));
  }

  static boolean is(ReferenceParam wanted, String reference) {
    return wanted == null || reference.equals("Patient/" + wanted.getIdPart());
  }

  static boolean among(TokenOrListParam wanted, String id) {
    return wanted == null || wanted.getValuesAsQueryTokens().stream().anyMatch(one -> one.getValue().equals(id));
  }

  /** Lets in who has the token. */
  public static class Guard extends InterceptorAdapter {
    private final String token;

    Guard(String token) {
      this.token = token;
    }

    @Override
    public boolean incomingRequestPreProcessed(HttpServletRequest request, HttpServletResponse response) {
      if (!token.equals(request.getHeader("Authorization"))) {
        throw new AuthenticationException("no token");
      }
      return true;
    }
  }

  public static class Patients implements IResourceProvider {
    @Override
    public Class<Patient> getResourceType() {
      return Patient.class;
    }

    @Read
    public Patient read(@IdParam IdType id) {
      return Upstream.read(Patient.class, id);
    }

    @Search
    public List<IBaseResource> search(@OptionalParam(name = "identifier") TokenOrListParam wanted) {
      return Upstream.search(
          Patient.class,
          one -> wanted == null || one.getIdentifier().stream().anyMatch(i -> wanted.getValuesAsQueryTokens().stream()
              .anyMatch(w -> w.getSystem().equals(i.getSystem()) && w.getValue().equals(i.getValue()))));
    }
  }

  public static class Covers implements IResourceProvider {
    @Override
    public Class<Coverage> getResourceType() {
      return Coverage.class;
    }

    @Read
    public Coverage read(@IdParam IdType id) {
      return Upstream.read(Coverage.class, id);
    }

    @Search
    public List<IBaseResource> search(@OptionalParam(name = "beneficiary") ReferenceParam member) {
      return Upstream.search(Coverage.class, one -> is(member, one.getBeneficiary().getReference()));
    }
  }

  public static class Claims implements IResourceProvider {
    @Override
    public Class<ExplanationOfBenefit> getResourceType() {
      return ExplanationOfBenefit.class;
    }

    @Read
    public ExplanationOfBenefit read(@IdParam IdType id) {
      return Upstream.read(ExplanationOfBenefit.class, id);
    }

    @Search
    public List<IBaseResource> search(
        @OptionalParam(name = "patient") ReferenceParam member,
        @OptionalParam(name = "_lastUpdated") DateRangeParam updated) {
      return Upstream.search(
          ExplanationOfBenefit.class,
          one -> is(member, one.getPatient().getReference()) && within(updated, one.getMeta().getLastUpdated()));
    }

    private static boolean within(DateRangeParam range, java.util.Date moment) {
      return range == null
          || ((range.getLowerBoundAsInstant() == null || !moment.before(range.getLowerBoundAsInstant()))
              && (range.getUpperBoundAsInstant() == null || !moment.after(range.getUpperBoundAsInstant())));
    }
  }

  /** Organizations or practitioners. */
  public static class Named<T extends Resource> implements IResourceProvider {
    private final Class<T> type;

    Named(Class<T> type) {
      this.type = type;
    }

    @Override
    public Class<T> getResourceType() {
      return type;
    }

    @Read
    public T read(@IdParam IdType id) {
      return Upstream.read(type, id);
    }

    @Search
    public List<IBaseResource> search(@OptionalParam(name = "_id") TokenOrListParam ids) {
      return Upstream.search(type, one -> among(ids, one.getIdElement().getIdPart()));
    }
  }
}
