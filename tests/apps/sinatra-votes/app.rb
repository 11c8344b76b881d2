require 'sinatra'
require 'yaml/store'

set :server, :webrick

store = YAML::Store.new 'votes.yml'

get '/' do
  @votes = store.transaction(true) { store['votes'] || {} }
  erb :index
end

post '/vote' do
  store.transaction do
    store['votes'] ||= {}
    store['votes'][params['dish']] = store['votes'].fetch(params['dish'], 0) + 1
  end
  redirect '/'
end
