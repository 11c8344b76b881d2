//! Counts who asks.

use std::env::var;
use std::io::{Read, Write};
use std::net::TcpListener;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = TcpListener::bind(format!("{}:{}", var("BIND_ADDRESS")?, var("PORT")?))?;
    let mut count = itoa::Buffer::new();
    for (number, stream) in port.incoming().enumerate() {
        let mut stream = stream?;
        let text = format!("Hello from Rust, number {}\n", count.format(number));
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    }
    Ok(())
}
