require 'sinatra'

set :server, :webrick
set :bind, ENV.fetch('BIND_ADDRESS')
set :port, ENV.fetch('PORT')

get('/') { "Hello from Sinatra\n" }
