// examples/raw/hello_server.go — says hello to each client, all at the same time.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func serve(client *net.TCPConn) {
	defer client.Close() // when serve returns, however it does
	fmt.Fprintln(client, "Hello from Go")
	client.CloseWrite() // shutdown(SHUT_WR)
	io.Copy(io.Discard, client)
}

func main() {
	port := "8080"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	listening, err := net.Listen("tcp", "127.0.0.1:"+port) // socket, SO_REUSEADDR, bind and listen
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("Listening on tcp://127.0.0.1:" + port)
	for {
		client, err := listening.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err) // out of descriptors, perhaps: the next client may come
			continue
		}
		go serve(client.(*net.TCPConn)) // a coroutine of the runtime
	}
}
