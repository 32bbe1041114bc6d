//! `ergoctl formula check`: answers formula cases on this machine, without a console.

use std::io::{BufRead, Read as _, Write};

use anyhow::Context as _;

use crate::arguments::Formula;
use crate::exit;

/// Longest line kept, in bytes. The evaluator refuses shorter ones already, and says so.
const LINE_BYTES_MAX: u64 = 16 << 20;

pub(super) fn run(wish: &Formula) -> anyhow::Result<u8> {
    match wish {
        Formula::Check => check(std::io::stdin().lock(), std::io::stdout().lock())?,
    }
    Ok(exit::DONE)
}

/// One answer per line, at once, so that a program can talk with it.
fn check(mut input: impl BufRead, mut output: impl Write) -> anyhow::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut input)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)
            .context("standard input cannot be read")?;
        if read == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') && read as u64 == LINE_BYTES_MAX {
            // The rest of it must not be taken for the next line.
            input
                .skip_until(b'\n')
                .context("standard input cannot be read")?;
        }
        let text = String::from_utf8_lossy(&line);
        let case = text.trim();
        if case.is_empty() {
            continue;
        }
        writeln!(output, "{}", formula::answer_line(case))
            .and_then(|()| output.flush())
            .context("standard output cannot be written")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_has_one_answer() {
        let input = b"{\"id\":1,\"formula\":\"1 + 1\",\"types\":{}}\n\n{\"id\":2,\"formula\":\"1 +\",\"types\":{}}\nnot json";
        let mut output = Vec::new();
        check(&input[..], &mut output).expect("is answered");
        let text = String::from_utf8(output).expect("is text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[0].contains("\"value\"") && lines[1].contains("\"error\""),
            "{text}"
        );
    }
}
