//! Which accounts the texts of a meeting name: its title, the companies mentioned, brackets in display names, and the labels
//! of domains (matching guide, sections 4 and 5.1).

use super::facts::{Fit, Named, Source};
use super::meeting::Meeting;
use super::name::company::words;
use super::name::fold::squash;
use super::name::index::{NameIndex, domain_label};
use super::name::person::PersonName;
use super::weight;
use std::collections::BTreeSet;

/// Shortest text that may be one edit away from a name.
const NEAR_LETTERS_MIN: usize = 5;
/// Words of a title read, and of one phrase.
const TITLE_WORDS_MAX: usize = 64;
const PHRASE_WORDS_MAX: usize = 5;
/// A beginning commoner than this says nothing.
const SHARED_MAX: usize = weight::ACCOUNTS_PER_KEY_MAX;

/// Words meetings and sales are made of: a company of that name is not named by them alone.
const EVERYDAY: &str = "a about account action agenda agreement all an and annual apple assessment at audit back bank board book \
 brief briefing budget build business buyer call calls catch chat check checkin city client close cloud coffee commercial company \
 conference connect contract core customer cycle daily data day deal debrief deck deep delivery demo deployment design \
 development digital discovery discuss discussion dive drive edge end energy engagement enterprise evaluation event executive \
 expansion express feedback final finance first focus follow followup for forecast forward friday from fund future gap general \
 global go goal growth health hello help high hold home horizon hour how idea impact implementation in information insight \
 integration internal interview intro introduction invoice it join key kick kickoff lab launch lead legal level line link live \
 local look lunch management manager marketing media meet meeting migration monday month monthly national new next north note \
 notes now of office on onboarding one online open operations opportunity orange order our out over partner partners path payment \
 people phase pilot pipeline plan planning platform point poc power presentation price pricing prep process product program \
 progress project proposal prospect purchase qbr quarterly question questions quick quote ready real red renew renewal report \
 request research results retail review rfp roadmap round sales scale scope second security service services session shell short \
 show sign software solution solutions south special sprint square staff standup start status step steps strategy summary \
 support sync system systems talk target team tech technical technology test the third this thursday time to today together touch \
 training trial tuesday up update upgrade upsell us use value vendor via vision visit walkthrough webinar wednesday week weekly \
 welcome west with work working workshop world year you your zoom";

fn is_everyday(word: &str) -> bool {
    use std::collections::HashSet;
    use std::sync::LazyLock;
    static WORDS: LazyLock<HashSet<&'static str>> =
        LazyLock::new(|| EVERYDAY.split_whitespace().collect());
    WORDS.contains(word) || word.len() < 2 || word.chars().all(|c| c.is_ascii_digit())
}

/// The accounts named, by number in the index; `id` answers an account's id.
#[must_use]
pub fn named(meeting: &Meeting, index: &NameIndex, id: impl Fn(u32) -> String) -> Vec<Named> {
    let mut found: Vec<(u32, String, Source, Fit, usize)> = Vec::new();
    let title = words(&meeting.title);
    phrases(
        &title[..title.len().min(TITLE_WORDS_MAX)],
        index,
        &mut found,
    );
    for segment in meeting
        .title
        .split(['|', '/', ':', '<', '>', '-', '–', '—', ','])
    {
        near(segment, Source::Title, index, &mut found);
    }
    let brackets = meeting
        .participants
        .iter()
        .filter_map(|participant| PersonName::parse(&participant.name).mention);
    for mention in meeting
        .mentions
        .iter()
        .cloned()
        .chain(brackets)
        .take(super::meeting::MENTIONS_MAX)
    {
        mentioned(&mention, index, &mut found);
    }
    let domains: BTreeSet<String> = meeting
        .participants
        .iter()
        .filter_map(|participant| participant.address.as_ref()?.domain_key())
        .filter(|domain| !super::address::is_free_mail(domain))
        .collect();
    for domain in domains {
        let label = domain_label(&domain);
        let (hits, fit) = match index.exact(&label) {
            hits if hits.is_empty() => (
                index.beginning_with(&[label.as_str()], SHARED_MAX),
                Fit::Beginning,
            ),
            hits => (hits, Fit::Whole),
        };
        let shared_by = hits.len();
        push(hits, &domain, Source::Domain, fit, shared_by, &mut found);
    }
    // The best fit of each account and source.
    found.sort_by(|a, b| (a.0, a.2, a.3, a.4, &a.1).cmp(&(b.0, b.2, b.3, b.4, &b.1)));
    found.dedup_by(|later, first| (later.0, later.2) == (first.0, first.2));
    let mut named: Vec<Named> = found
        .into_iter()
        .map(|(name, value, source, fit, shared_by)| Named {
            account_id: id(name),
            value,
            source,
            fit,
            shared_by,
        })
        .collect();
    named.sort_by(|a, b| (&a.account_id, a.source).cmp(&(&b.account_id, b.source)));
    named
}

fn push(
    hits: Vec<u32>,
    value: &str,
    source: Source,
    fit: Fit,
    shared_by: usize,
    found: &mut Vec<(u32, String, Source, Fit, usize)>,
) {
    if hits.len() <= SHARED_MAX {
        let hits = hits.into_iter();
        found.extend(hits.map(|name| (name, value.to_owned(), source, fit, shared_by)));
    }
}

/// Whole cores and beginnings among the words of the title, longest first; words of a longer hit are not read again.
fn phrases(
    words: &[String],
    index: &NameIndex,
    found: &mut Vec<(u32, String, Source, Fit, usize)>,
) {
    let mut taken = vec![false; words.len()];
    for length in (1..=PHRASE_WORDS_MAX.min(words.len())).rev() {
        for begin in 0..=words.len() - length {
            let phrase = &words[begin..begin + length];
            if taken[begin..begin + length].iter().any(|taken| *taken)
                || phrase.iter().all(|word| is_everyday(word))
            {
                continue;
            }
            if fitting(phrase, &phrase.join(" "), Source::Title, index, found) {
                taken[begin..begin + length].fill(true);
            }
        }
    }
}

fn mentioned(mention: &str, index: &NameIndex, found: &mut Vec<(u32, String, Source, Fit, usize)>) {
    let parts = super::name::company::core_words(mention);
    if parts.is_empty() || parts.iter().all(|word| is_everyday(word)) {
        return;
    }
    if !fitting(&parts, mention, Source::Mention, index, found) {
        near(mention, Source::Mention, index, found);
    }
}

/// Names the words are, and names they begin: a parent's whole name is how people call its subsidiaries too, so both are
/// found, and the whole one counts the others.
fn fitting(
    parts: &[String],
    value: &str,
    source: Source,
    index: &NameIndex,
    found: &mut Vec<(u32, String, Source, Fit, usize)>,
) -> bool {
    let whole = index.exact(&parts.concat());
    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
    let mut longer = index.beginning_with(&words, SHARED_MAX);
    longer.retain(|name| !whole.contains(name));
    let (exact, all) = (!whole.is_empty(), whole.len() + longer.len());
    if all == 0 {
        return false;
    }
    let shared = if exact { 1 } else { all };
    push(whole, value, source, Fit::Whole, all, found);
    push(longer, value, source, Fit::Beginning, shared, found);
    true
}

fn near(
    text: &str,
    source: Source,
    index: &NameIndex,
    found: &mut Vec<(u32, String, Source, Fit, usize)>,
) {
    let squashed = squash(&super::name::company::core(text));
    if squashed.len() < NEAR_LETTERS_MIN || words(text).iter().all(|word| is_everyday(word)) {
        return;
    }
    let hits: Vec<u32> = index
        .find(text, SHARED_MAX)
        .into_iter()
        .filter(|hit| strsim::osa_distance(&squash(index.core(hit.name)), &squashed) <= 1)
        .map(|hit| hit.name)
        .collect();
    let shared_by = hits.len();
    push(hits, text.trim(), source, Fit::Near, shared_by, found);
}
