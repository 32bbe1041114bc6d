//! Compiles the protos with protox (no protoc) and generates messages plus typed RPC clients and handler traits.

#[path = "build/service.rs"]
mod service;

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=ergo");
    println!("cargo::rerun-if-changed=build");
    let mut protos = Vec::new();
    collect(Path::new("ergo"), &mut protos)?;
    protos.sort();
    let descriptors = protox::compile(&protos, ["."])?;
    prost_build::Config::new()
        .btree_map(["."])
        // They carry a bearer token and a private key: their Debug is written by hand, in src/secret.rs.
        .skip_debug([
            "ergo.auth.v1.GetAccessTokenResponse",
            "ergo.auth.v1.ConnectJwtRequest",
        ])
        .service_generator(Box::new(service::Generator))
        .compile_fds(descriptors)?;
    Ok(())
}

fn collect(folder: &Path, protos: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, protos)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            protos.push(path);
        }
    }
    Ok(())
}
