//! The contract as one snapshot: every message, field number, name and type, every enum value, every method. A change
//! within v1 may only add lines; a renumbering, renaming or retyping shows up here and in review.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn descriptors() -> FileDescriptorSet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("ergo"), &mut files);
    files.sort();
    protox::compile(files, [root]).expect("the protos compile")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn field(field: &FieldDescriptorProto) -> String {
    let kind = match field.r#type() {
        Type::Message | Type::Enum => field.type_name().trim_start_matches('.').to_owned(),
        other => format!("{other:?}").to_lowercase(),
    };
    let repeated = if field.label() == Label::Repeated {
        "repeated "
    } else {
        ""
    };
    format!("{} {repeated}{kind} {}", field.number(), field.name())
}

fn enumeration(prefix: &str, found: &EnumDescriptorProto, out: &mut String) {
    for value in &found.value {
        let _ = writeln!(
            out,
            "enum {prefix}.{} {} {}",
            found.name(),
            value.number(),
            value.name()
        );
    }
}

fn message(prefix: &str, found: &DescriptorProto, out: &mut String) {
    let name = format!("{prefix}.{}", found.name());
    for item in &found.field {
        let _ = writeln!(out, "message {name} {}", field(item));
    }
    found
        .enum_type
        .iter()
        .for_each(|item| enumeration(&name, item, out));
    found
        .nested_type
        .iter()
        .for_each(|item| message(&name, item, out));
}

fn contract() -> String {
    let mut out = String::new();
    for file in descriptors()
        .file
        .iter()
        .filter(|file| file.package().starts_with("ergo."))
    {
        let package = file.package();
        file.message_type
            .iter()
            .for_each(|item| message(package, item, &mut out));
        file.enum_type
            .iter()
            .for_each(|item| enumeration(package, item, &mut out));
        for service in &file.service {
            for method in &service.method {
                let (input, output) = (method.input_type(), method.output_type());
                let _ = writeln!(
                    out,
                    "rpc {package}.{} {} {input} -> {output}",
                    service.name(),
                    method.name()
                );
            }
        }
    }
    out
}

/// Every line of the committed contract is still true. New lines are fine; they are added with
/// `ERGO_ACCEPT_CONTRACT=1 cargo test -p events --test compat`.
#[test]
fn the_contract_only_grows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract.txt");
    let now = contract();
    if option_env!("ERGO_ACCEPT_CONTRACT").is_some() {
        std::fs::write(&path, &now).expect("the contract is writable");
    }
    let before = std::fs::read_to_string(&path).expect("the contract is committed");
    let lines: BTreeSet<&str> = now.lines().collect();
    let lost: Vec<&str> = before
        .lines()
        .filter(|line| !lines.contains(line))
        .collect();
    assert!(
        lost.is_empty(),
        "these were promised and are no longer true:\n{}",
        lost.join("\n")
    );
    let known: BTreeSet<&str> = before.lines().collect();
    let new: Vec<&str> = now.lines().filter(|line| !known.contains(line)).collect();
    assert!(
        new.is_empty(),
        "these are new; accept them with ERGO_ACCEPT_CONTRACT=1:\n{}",
        new.join("\n")
    );
}

#[test]
fn every_message_field_and_method_is_documented() {
    let set = descriptors();
    let mut bare = Vec::new();
    for file in set
        .file
        .iter()
        .filter(|file| file.package().starts_with("ergo."))
    {
        let Some(info) = &file.source_code_info else {
            panic!("{} has no comments", file.name())
        };
        for location in &info.location {
            // Paths of even length name an element: message, field, enum, value, service or method.
            let is_element = location.path.len() % 2 == 0 && !location.path.is_empty();
            let names_one = matches!(location.path.first(), Some(4..=6))
                && location
                    .path
                    .iter()
                    .step_by(2)
                    .all(|kind| matches!(kind, 2..=6 | 8));
            if is_element && names_one && location.leading_comments().trim().is_empty() {
                bare.push(format!(
                    "{} line {}",
                    file.name(),
                    location.span.first().map_or(0, |line| line + 1)
                ));
            }
        }
    }
    assert!(bare.is_empty(), "undocumented: {}", bare.join(", "));
}
