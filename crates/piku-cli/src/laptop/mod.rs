//! The laptop: commands that are typed in a work tree and carried out on the server, over ssh.
//!
//! | file | what |
//! |---|---|
//! | `turn` | the entry: whether a command line is for this machine or for a server |
//! | `end` | which end a command acts on, and for which app |
//! | `address` | addresses of servers and remotes, as git writes them |
//! | `words`, `command_line` | the words of a command line: what is the client's own, and where the app goes |
//! | `line` | words as one line, for the server to split |
//! | `connection`, `sockets` | how `ssh` is called, and the connection that is used again |
//! | `work_tree` | what git knows of the work tree |
//! | `forward` | a command of the server's, with its input, output, and exit status |
//! | `args`, `own` | the commands of the laptop itself: `init`, `deploy`, `open`, `tunnel`, `transfer` |
//! | `doctor`, `trial` | why the server is not reached, or why something other than piku answers there |
//!
//! Nothing here needs Linux or a root of piku.

mod address;
mod args;
mod command_line;
mod connection;
mod deploy;
mod doctor;
mod end;
mod error;
mod exit_code;
mod files;
mod forward;
mod init;
mod line;
mod open;
mod own;
mod sockets;
mod transfer;
mod trial;
mod tunnel;
mod turn;
mod words;
mod work_tree;

pub(crate) use args::{AtLaptop, Sent};
pub(crate) use error::{LaptopError, Stopped, USAGE};
pub(crate) use turn::turn;
