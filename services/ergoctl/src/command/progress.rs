//! What a person sees while something takes long: on standard error, so that results stay alone on standard output, and
//! only where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::show::plain;

/// Between two pictures of what turns, in milliseconds.
const TURN_MS: u64 = 120;

/// A bar, or where nobody knows how much there is, something that turns. Gone when dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Begins with what is done.
    pub(super) fn begin(what: &str) -> Self {
        // Draws nothing when standard error is no terminal.
        let bar = ProgressBar::new_spinner();
        bar.set_message(plain(what));
        bar.enable_steady_tick(Duration::from_millis(TURN_MS));
        Self(bar)
    }

    /// So much is done of so much; 0 while that is unknown.
    pub(super) fn at(&self, done: u64, expected: u64, what: &str) {
        if expected > 0 && self.0.length() != Some(expected) {
            let style = ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} {msg}");
            self.0
                .set_style(style.expect("the template is one we tested"));
            self.0.set_length(expected);
        }
        self.0.set_position(done);
        self.0.set_message(plain(what));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_turns_until_it_is_known_how_much_there_is() {
        let progress = Progress::begin("reading\u{1b}[2J");
        assert_eq!(
            (progress.0.length(), progress.0.message().as_str()),
            (None, "reading\u{fffd}[2J")
        );
        progress.at(3, 0, "reading");
        assert_eq!((progress.0.length(), progress.0.position()), (None, 3));
        progress.at(40, 100, "accounts");
        assert_eq!(
            (progress.0.length(), progress.0.position()),
            (Some(100), 40)
        );
    }

    #[test]
    fn no_terminal_sees_no_bar() {
        let progress = Progress::begin("reading");
        // Tests have none when their output is captured by a pipe; where they have one it is drawn.
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        assert_eq!(progress.0.is_hidden(), !terminal);
    }
}
