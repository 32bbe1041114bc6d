//! Phrases an admin set: words in a title or among the mentions that mean an account or a deal.

use super::facts::Phrase;
use super::meeting::Meeting;
use super::name::company::words;
use std::collections::HashMap;

/// Words of a phrase.
pub const WORDS_MAX: usize = 8;
/// Characters of a phrase in folded form: shorter ones stand in too many titles.
pub const CHARACTERS_MIN: usize = 3;
/// Characters of a phrase at most.
pub const CHARACTERS_MAX: usize = 200;
/// Phrases of one workspace.
pub const PHRASES_MAX: usize = 500;
/// Words of one text read.
const TEXT_WORDS_MAX: usize = 64;

/// A phrase in folded form: words with one space between them; `None` when it is too short or
/// too long.
#[must_use]
pub fn folded(text: &str) -> Option<String> {
    if text.chars().count() > CHARACTERS_MAX {
        return None;
    }
    let words = words(text);
    let joined = words.join(" ");
    let fits = (CHARACTERS_MIN..=2 * CHARACTERS_MAX).contains(&joined.len());
    (words.len() <= WORDS_MAX && fits).then_some(joined)
}

/// A workspace's phrases, by their first word.
#[derive(Debug, Clone, Default)]
pub struct PhraseBook {
    by_first_word: HashMap<String, Vec<(Vec<String>, Phrase)>>,
}

impl PhraseBook {
    /// Of these, at most [`PHRASES_MAX`].
    #[must_use]
    pub fn new(phrases: impl IntoIterator<Item = Phrase>) -> Self {
        let mut book = Self::default();
        for phrase in phrases.into_iter().take(PHRASES_MAX) {
            let words: Vec<String> = phrase.words.split(' ').map(str::to_owned).collect();
            if let Some(first) = words.first() {
                let same = book.by_first_word.entry(first.clone()).or_default();
                same.push((words, phrase));
            }
        }
        book
    }

    /// The phrases that stand in a meeting's title or mentions, each once; part of a longer one that stands there too says
    /// nothing of its own.
    #[must_use]
    pub fn found(&self, meeting: &Meeting) -> Vec<Phrase> {
        if self.by_first_word.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for text in std::iter::once(&meeting.title).chain(&meeting.mentions) {
            let words = words(text);
            let words = &words[..words.len().min(TEXT_WORDS_MAX)];
            let mut begin = 0;
            while begin < words.len() {
                let longest = self
                    .by_first_word
                    .get(&words[begin])
                    .into_iter()
                    .flatten()
                    .filter(|(phrase, _)| words[begin..].starts_with(phrase))
                    .max_by_key(|(phrase, _)| phrase.len());
                match longest {
                    Some((phrase, said)) => {
                        found.push(said.clone());
                        begin += phrase.len();
                    }
                    None => begin += 1,
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// Memory held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let one = |(words, phrase): &(Vec<String>, Phrase)| {
            words.iter().map(|word| word.capacity() + 24).sum::<usize>()
                + phrase.words.capacity()
                + phrase.account_id.capacity()
                + phrase.opportunity_id.capacity()
                + std::mem::size_of::<Phrase>()
        };
        self.by_first_word
            .iter()
            .map(|(first, same)| first.capacity() + 48 + same.iter().map(one).sum::<usize>())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(words: &str, account: &str) -> Phrase {
        Phrase {
            words: words.into(),
            account_id: account.into(),
            opportunity_id: String::new(),
        }
    }

    #[test]
    fn a_phrase_is_found_by_whole_words_and_the_longest_wins() {
        let book = PhraseBook::new([
            phrase("big blue", "001A"),
            phrase("big blue bus", "001B"),
            phrase("falcon", "001C"),
        ]);
        for (title, mentions, expected) in [
            ("Weekly with Big-Blue", &[][..], &["001A"][..]),
            ("BIG BLUE BUS sync", &[], &["001B"]),
            ("bigblue", &[], &[]),
            ("Falcons", &[], &[]),
            ("", &["Falcon"], &["001C"]),
            ("big blue big blue falcon", &[], &["001A", "001C"]),
        ] {
            let meeting = Meeting {
                workspace: "acme".parse().expect("a workspace"),
                id: "m".into(),
                revision: 1,
                title: title.into(),
                started_at: chrono::DateTime::UNIX_EPOCH,
                organizer: None,
                participants: Vec::new(),
                participants_dropped: 0,
                mentions: mentions.iter().map(|text| (*text).to_owned()).collect(),
                hints: Vec::new(),
                series_id: String::new(),
            };
            let mut accounts: Vec<String> = book
                .found(&meeting)
                .into_iter()
                .map(|found| found.account_id)
                .collect();
            accounts.sort();
            assert_eq!(accounts, expected, "{title}");
        }
    }

    #[test]
    fn a_phrase_is_folded_once_and_for_all() {
        assert_eq!(folded("  Größe & Co. "), Some("grosse and co".to_owned()));
        assert_eq!(folded("grosse and co"), Some("grosse and co".to_owned()));
        assert_eq!(folded("ab"), None);
        assert_eq!(folded("!!"), None);
        assert_eq!(folded(&"word ".repeat(9)), None);
        assert_eq!(folded(&"x".repeat(1 << 20)), None);
    }
}
