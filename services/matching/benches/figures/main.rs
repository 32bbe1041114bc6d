//! The figures of the matching guide's section 12 with the bar beside each. Data sets are read from beside the project when
//! they are there; what is missing is said to be skipped. Without arguments everything runs; with some, only the parts named:
//! `cargo bench -p matching --bench figures -- linkage names`.

mod data;
mod generate;
mod linkage;
mod meetings;
mod names;
mod org;
mod report;
mod scale;
mod score;

use std::process::ExitCode;

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|name| name == part);
    let mut report = report::Report::default();
    if wanted("linkage") {
        linkage::run(&mut report);
    }
    if wanted("names") {
        names::run(&mut report);
    }
    if wanted("meetings") {
        meetings::run(&mut report);
    }
    if wanted("generated") {
        generate::run(&mut report);
    }
    if asked.iter().any(|name| name == "fit") {
        generate::fit::run(&mut report);
    }
    if wanted("scale") {
        scale::run(&mut report);
    }
    report.print();
    ExitCode::SUCCESS
}
