//! The process of matching: the verbs every service has, and `replay`.

use std::process::ExitCode;

fn main() -> ExitCode {
    if matching::replay_command::wanted() {
        return matching::replay_command::run();
    }
    chassis::boot::<matching::Matching>()
}
