// examples/raw/client.java — connects, sends its standard input, half-closes, and prints what comes back.
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

class Client {
    public static void main(String[] args) throws IOException {
        try (Socket server = new Socket()) {
            // The name is resolved here, and only its first address is tried. The second number is a time limit.
            server.connect(new InetSocketAddress(args[0], Integer.parseInt(args[1])), 5000);
            server.setSoTimeout(5000);  // for each read, as in C
            System.in.transferTo(server.getOutputStream());
            server.shutdownOutput();
            server.getInputStream().transferTo(System.out);
            System.out.flush();
        }
    }
}
