module Greeting
  TEXT = "Hello from a gem\n"
end
