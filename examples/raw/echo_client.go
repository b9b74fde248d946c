// examples/raw/echo_client.go — connects, sends its standard input, half-closes, and prints what comes back.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	server, err := net.Dial("tcp", net.JoinHostPort(os.Args[1], os.Args[2])) // tries each address of the name
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer server.Close()
	go func() { // both directions at once: the server may stop reading until its answer is read
		io.Copy(server, os.Stdin)
		server.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(os.Stdout, server)
}
