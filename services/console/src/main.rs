//! The process. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::boot::<console::Console>()
}
