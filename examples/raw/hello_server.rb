#!/usr/bin/env ruby
# examples/raw/hello_server.rb — says hello, with a thread for each client.
require "socket"

port = (ARGV[0] || 8080).to_i
listening = TCPServer.new("127.0.0.1", port) # socket, SO_REUSEADDR, bind and listen
puts "Listening on tcp://127.0.0.1:#{port}"
$stdout.flush
loop do
  Thread.start(listening.accept) do |client|
    client.puts "Hello from Ruby"
    client.close_write # shutdown(SHUT_WR)
    client.read # to the end
  rescue SystemCallError => e # this client has left
    warn e.message
  ensure
    client.close
  end
end
