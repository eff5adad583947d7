import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.rest.annotation.Count;
import ca.uhn.fhir.rest.annotation.RequiredParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.param.ReferenceParam;
import ca.uhn.fhir.rest.server.IResourceProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.interceptor.InterceptorAdapter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.r4.model.ExplanationOfBenefit;

/** A plain HAPI RestfulServer whose provider reads claims and tokens from PostgreSQL: java -cp … PlainServer.java JDBC-URL. */
public class PlainServer {
  static final FhirContext CONTEXT = FhirContext.forR4();
  static String address;
  static final ThreadLocal<Connection> CONNECTION = ThreadLocal.withInitial(PlainServer::connect);
  static final ThreadLocal<IParser> PARSER = ThreadLocal.withInitial(CONTEXT::newJsonParser);

  public static void main(String[] arguments) throws Exception {
    address = arguments[0];
    RestfulServer fhir = new RestfulServer(CONTEXT);
    fhir.setResourceProviders(new Claims());
    fhir.registerInterceptor(new Guard());
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

  static Connection connect() {
    try {
      return DriverManager.getConnection(address);
    } catch (SQLException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Looks the token up, as the facade does. */
  public static class Guard extends InterceptorAdapter {
    @Override
    public boolean incomingRequestPreProcessed(HttpServletRequest request, HttpServletResponse response) {
      String given = request.getHeader("Authorization");
      try (PreparedStatement found = CONNECTION.get().prepareStatement("SELECT patient FROM token WHERE hash = ?")) {
        byte[] token = given == null ? new byte[0] : given.substring("Bearer ".length()).getBytes();
        found.setBytes(1, MessageDigest.getInstance("SHA-256").digest(token));
        ResultSet rows = found.executeQuery();
        if (!rows.next() || !rows.getString(1).equals(request.getParameter("patient"))) {
          throw new AuthenticationException("no token");
        }
        return true;
      } catch (SQLException | java.security.NoSuchAlgorithmException error) {
        throw new IllegalStateException(error);
      }
    }
  }

  public static class Claims implements IResourceProvider {
    @Override
    public Class<ExplanationOfBenefit> getResourceType() {
      return ExplanationOfBenefit.class;
    }

    @Search
    public List<ExplanationOfBenefit> search(@RequiredParam(name = "patient") ReferenceParam member, @Count Integer count)
        throws SQLException {
      String page = "SELECT body FROM claim WHERE patient = ? ORDER BY place LIMIT ?";
      List<ExplanationOfBenefit> found = new ArrayList<>();
      try (PreparedStatement statement = CONNECTION.get().prepareStatement(page)) {
        statement.setString(1, member.getIdPart());
        statement.setInt(2, count == null ? 10 : count);
        ResultSet rows = statement.executeQuery();
        while (rows.next()) {
          found.add(PARSER.get().parseResource(ExplanationOfBenefit.class, rows.getString(1)));
        }
      }
      return found;
    }
  }
}
