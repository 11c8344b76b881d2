(ns hello.core
  (:gen-class)
  (:import (com.sun.net.httpserver HttpHandler HttpServer)
           (java.net InetSocketAddress)))

(defn -main []
  (let [address (InetSocketAddress. (System/getenv "BIND_ADDRESS") (Integer/parseInt (System/getenv "PORT")))
        server (HttpServer/create address 0)]
    (.createContext server "/"
      (reify HttpHandler
        (handle [_ exchange]
          (let [body (.getBytes "Hello from Clojure\n")]
            (.sendResponseHeaders exchange 200 (count body))
            (.write (.getResponseBody exchange) body)
            (.close exchange)))))
    (.start server)))
