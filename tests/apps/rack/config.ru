run lambda { |env|
  [200, { 'content-type' => 'text/plain' }, ["Hello from Rack at #{env['PATH_INFO']}, release #{ENV['PIKU_RELEASE']}\n"]]
}
