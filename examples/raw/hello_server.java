// examples/raw/hello_server.java — says hello to one client after the other.
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

class HelloServer {
    public static void main(String[] args) throws IOException {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 8080;
        // socket, SO_REUSEADDR, bind and listen in one constructor. Without an address it would be every address.
        try (ServerSocket listening = new ServerSocket(port, 128, InetAddress.getByName("127.0.0.1"))) {
            System.out.println("Listening on tcp://127.0.0.1:" + port);
            while (true) {
                try (Socket client = listening.accept()) {  // closes it at the end
                    client.getOutputStream().write("Hello from Java\n".getBytes(StandardCharsets.UTF_8));
                    client.shutdownOutput();
                    client.getInputStream().readAllBytes();
                } catch (IOException gone) {  // this client has left; the next one may come
                    System.err.println(gone.getMessage());
                }
            }
        }
    }
}
