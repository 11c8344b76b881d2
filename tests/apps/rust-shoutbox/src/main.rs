use std::fs::{self, OpenOptions};
use std::io::Write;

use tiny_http::{Header, Method, Request, Response, Server};

const FILE: &str = "shouts.txt";

fn main() {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8000".to_owned());
    let server = Server::http(format!("0.0.0.0:{port}")).expect("the port is free");
    println!("listening on port {port}");
    for request in server.incoming_requests() {
        if let Err(error) = answer(request) {
            eprintln!("{error}");
        }
    }
}

fn answer(mut request: Request) -> std::io::Result<()> {
    let (method, url) = (request.method().clone(), request.url().to_owned());
    match (method, url.as_str()) {
        (Method::Get, "/") => {
            let shouts = fs::read_to_string(FILE).unwrap_or_default();
            let items: String = shouts.lines().map(|shout| format!("<li>{shout}</li>\n")).collect();
            let page = include_str!("page.html").replace("{items}", &items);
            request.respond(Response::from_string(page).with_header(header("Content-Type: text/html")))
        }
        (Method::Get, "/style.css") => {
            let file = fs::File::open("static/style.css")?;
            request.respond(Response::from_file(file).with_header(header("Content-Type: text/css")))
        }
        (Method::Post, "/") => {
            let mut body = String::new();
            request.as_reader().read_to_string(&mut body)?;
            let shout = body.trim_start_matches("shout=").replace('+', " ").replace(['<', '\n'], " ");
            writeln!(OpenOptions::new().create(true).append(true).open(FILE)?, "{shout}")?;
            request.respond(Response::empty(303).with_header(header("Location: /")))
        }
        _ => request.respond(Response::empty(404)),
    }
}

fn header(line: &str) -> Header {
    line.parse().expect("a header is well formed")
}
