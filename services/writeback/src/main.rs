//! The writeback service.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::boot::<writeback::Writeback>()
}
