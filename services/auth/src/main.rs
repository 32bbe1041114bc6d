//! The process of auth: the verbs every service has, and `keys`.

use std::process::ExitCode;

fn main() -> ExitCode {
    if auth::keys_command::wanted() {
        return auth::keys_command::run();
    }
    chassis::boot::<auth::Auth>()
}
