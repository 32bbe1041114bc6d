//! The words names are made of, sorted in one text, and where the n-th of many texts or lists in one begins and ends.

/// The words, sorted, one after the other.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) ends: Vec<u32>,
}

impl Words {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, word: u32) -> &str {
        slice(&self.text, &self.ends, word)
    }

    pub(super) fn find(&self, word: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.get(middle as u32).cmp(word) {
                std::cmp::Ordering::Equal => return Some(middle as u32),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The first word not before `text`.
    pub(super) fn lower_bound(&self, text: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.get(middle as u32) < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The n-th of texts written one after the other.
pub(super) fn slice<'t>(text: &'t str, ends: &[u32], index: u32) -> &'t str {
    let index = index as usize;
    let begin = if index == 0 {
        0
    } else {
        ends[index - 1] as usize
    };
    &text[begin..ends[index] as usize]
}

/// Where the n-th of lists written one after the other stands.
pub(super) fn range(ends: &[u32], index: u32) -> std::ops::Range<usize> {
    let index = index as usize;
    let begin = if index == 0 {
        0
    } else {
        ends[index - 1] as usize
    };
    begin..ends[index] as usize
}

/// 32-bit FNV-1a: stable between machines and versions.
pub(super) fn hash(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// Hash of a word without its `skipped`-th character.
pub(super) fn without(word: &str, skipped: usize) -> u32 {
    hash(
        word.bytes()
            .enumerate()
            .filter(|(at, _)| *at != skipped)
            .map(|(_, byte)| byte),
    )
}
