//! Usage: surreal2 import FILE [QUERIES] | run FILE [QUERIES]
//!
//! `import` loads FILE the way `surreal import` of 2.x does, `run` executes it
//! as ordinary statements; both then print the export of what came of it, and
//! on stderr one line per statement that failed. The answers to QUERIES, a file
//! with one query a line, follow on stderr, one a line.
#![recursion_limit = "512"]
use std::io::Write;
use surrealdb::engine::any::connect;
use surrealdb::opt::{capabilities::Capabilities, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    // References and bearer grants are experiments of 2.x that have to be allowed.
    let allowed = Capabilities::all().with_all_experimental_features_allowed();
    let db = connect(("memory", Config::new().capabilities(allowed))).await?;
    db.use_ns("test").use_db("test").await?;
    match args[1].as_str() {
        "import" => {
            if let Err(e) = db.import(&args[2]).await {
                eprintln!("import: {e}");
            }
        }
        "run" => {
            let text = std::fs::read_to_string(&args[2])?;
            for (i, e) in db.query(text).await?.take_errors() {
                eprintln!("statement {i}: {e}");
            }
        }
        other => return Err(format!("unknown command {other}").into()),
    }
    if let Some(probes) = args.get(3) {
        for q in std::fs::read_to_string(probes)?.lines() {
            let mut r = db.query(q).await?;
            let v: surrealdb::Value = r.take(0)?;
            eprintln!("{v}");
        }
    }
    let out = std::env::temp_dir().join(format!("surreal2-{}.surql", std::process::id()));
    db.export(&out).await?;
    std::io::stdout().write_all(&std::fs::read(&out)?)?;
    std::fs::remove_file(&out)?;
    Ok(())
}
