require 'bundler/setup'
require 'greeting'
require 'socket'

server = TCPServer.new(ENV.fetch('BIND_ADDRESS'), ENV.fetch('PORT').to_i)
loop do
  client = server.accept
  nil until client.gets.to_s.strip.empty?
  client.write "HTTP/1.0 200 OK\r\nContent-Length: #{Greeting::TEXT.bytesize}\r\n\r\n#{Greeting::TEXT}"
  client.close
end
