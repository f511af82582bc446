//! The real `surreal` binary, from its own crate.
#![recursion_limit = "1024"]
use std::process::ExitCode;
use surrealdb_server::core::CommunityComposer;

fn main() -> ExitCode {
    surrealdb_server::init(CommunityComposer::default())
}
