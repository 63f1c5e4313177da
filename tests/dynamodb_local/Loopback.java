import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;
import software.amazon.dynamodb.services.local.shared.access.AmazonDynamoDBLocal;

/**
 * DynamoDB Local in memory, on a free port of the loopback interface, until its standard input ends.
 *
 * <p>Its own launcher listens on all interfaces, has to be told a port, outlives the program that started
 * it, and reports its use over the network unless told not to. Here the port is printed, and each line of
 * standard input is a number of hours that pass for the streams: shards older than four hours roll over,
 * records older than 24 go. The line is printed again when they have passed.
 */
class Loopback {
    public static void main(String[] arguments) throws Exception {
        var requests = new LocalDynamoDBRequestHandler(0, true, null, false, false);
        var server = new Server(new InetSocketAddress("127.0.0.1", 0));
        server.setHandler(new LocalDynamoDBServerHandler(requests, null));
        server.start();
        System.out.println(((ServerConnector) server.getConnectors()[0]).getLocalPort());
        for (var lines = new Scanner(System.in); lines.hasNextLong(); ) {
            var hours = lines.nextLong();
            for (var database : databases(requests).values()) {
                database.dilateEventTimes(TimeUnit.HOURS.toMillis(hours));
            }
            System.out.println(hours);
        }
        Runtime.getRuntime().halt(0); // there is nothing to save
    }

    /** By credentials and region. */
    @SuppressWarnings("unchecked")
    private static Map<String, AmazonDynamoDBLocal> databases(LocalDynamoDBRequestHandler requests)
            throws ReflectiveOperationException {
        var field = LocalDynamoDBRequestHandler.class.getDeclaredField("dbRequestHandlers");
        field.setAccessible(true);
        return (Map<String, AmazonDynamoDBLocal>) field.get(requests);
    }
}
