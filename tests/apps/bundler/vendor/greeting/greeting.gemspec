Gem::Specification.new do |gem|
  gem.name = 'greeting'
  gem.version = '1.0'
  gem.summary = 'Says hello'
  gem.authors = ['piku']
  gem.files = ['lib/greeting.rb']
end
