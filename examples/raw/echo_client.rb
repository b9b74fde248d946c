#!/usr/bin/env ruby
# examples/raw/echo_client.rb — connects, sends its standard input, half-closes, and prints what comes back.
require "socket"

Socket.tcp(ARGV[0], ARGV[1], connect_timeout: 5) do |server| # tries each address of the name
  sending = Thread.new do # both directions at once: the server may stop reading until its answer is read
    IO.copy_stream($stdin, server)
    server.close_write
  end
  IO.copy_stream(server, $stdout)
  sending.join
end
