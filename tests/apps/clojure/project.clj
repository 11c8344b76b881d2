(defproject hello "1.0"
  :dependencies [[org.clojure/clojure "1.11.1"]]
  :local-repo "/usr/share/maven-repo"
  :offline? true
  :main hello.core
  :aot [hello.core]
  :uberjar-name "hello.jar")
