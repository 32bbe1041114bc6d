//! The account names and phrases of workspaces, held in memory up to a limit in bytes, read again when a name has changed.

use crate::domain::facts::Phrase;
use crate::domain::name::index::NameIndex;
use crate::domain::phrase::PhraseBook;
use crate::store::{names, phrases};
use chassis::Scope;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The names of one workspace.
#[derive(Debug, Default)]
pub struct NamesOf {
    /// Ready to be asked.
    pub index: NameIndex,
    /// What an admin says words mean.
    pub phrases: PhraseBook,
    ids: String,
    ends: Vec<u32>,
    version: i64,
}

impl NamesOf {
    /// Indexes id and name of each account, and the phrases.
    #[must_use]
    pub fn new(rows: &[(String, String)], phrases: Vec<Phrase>, version: i64) -> Self {
        let mut of = Self {
            index: NameIndex::build(rows.iter().map(|(_, name)| name.as_str())),
            phrases: PhraseBook::new(phrases),
            version,
            ..Self::default()
        };
        for (id, _) in rows {
            of.ids.push_str(id);
            of.ends
                .push(u32::try_from(of.ids.len()).unwrap_or(u32::MAX));
        }
        of
    }

    /// The id of the n-th account.
    #[must_use]
    pub fn id(&self, number: u32) -> String {
        let number = number as usize;
        let begin = if number == 0 {
            0
        } else {
            self.ends[number - 1] as usize
        };
        self.ids[begin..self.ends[number] as usize].to_owned()
    }

    fn bytes(&self) -> usize {
        self.index.bytes() + self.phrases.bytes() + self.ids.capacity() + 4 * self.ends.capacity()
    }
}

struct Held {
    names: Arc<NamesOf>,
    read_at: Instant,
    used_at: Instant,
}

/// All names held. The least recently used workspace goes first when the limit is reached; one too large alone is not held,
/// and its texts are no evidence.
pub struct Names {
    bytes_max: usize,
    refresh: Duration,
    held: Mutex<HashMap<String, Held>>,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names")
            .field("bytes_max", &self.bytes_max)
            .finish_non_exhaustive()
    }
}

impl Names {
    /// At most `bytes_max` in memory; changed names are read again no sooner than `refresh` after the last time.
    #[must_use]
    pub fn new(bytes_max: usize, refresh: Duration) -> Self {
        Self {
            bytes_max,
            refresh,
            held: Mutex::new(HashMap::new()),
        }
    }

    /// A workspace's names; `None` before its first load, or when they are too large to be held.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn of(
        &self,
        scope: &Scope,
        workspace: &str,
    ) -> Result<Option<Arc<NamesOf>>, sqlx::Error> {
        // Held while reading: a second batch waits for the names instead of reading them again.
        let mut held = self.held.lock().await;
        if let Some(found) = held.get_mut(workspace) {
            found.used_at = Instant::now();
            return Ok(Some(Arc::clone(&found.names)));
        }
        let Some(version) = names::version(scope, workspace).await? else {
            return Ok(None);
        };
        let rows = names::all(scope, workspace).await?;
        let said = phrases::all(scope, workspace).await?;
        let built = tokio::task::spawn_blocking(move || NamesOf::new(&rows, said, version)).await;
        let built = Arc::new(built.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?);
        if built.bytes() > self.bytes_max {
            tracing::warn!(
                names.bytes = built.bytes(),
                names.bytes_max = self.bytes_max,
                "account names are over the limit and not held: company names in texts are no evidence"
            );
            return Ok(None);
        }
        let now = Instant::now();
        let entry = Held {
            names: Arc::clone(&built),
            read_at: now,
            used_at: now,
        };
        held.insert(workspace.to_owned(), entry);
        while held.values().map(|held| held.names.bytes()).sum::<usize>() > self.bytes_max {
            let oldest = held
                .iter()
                .min_by_key(|(_, held)| held.used_at)
                .map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            held.remove(&oldest);
        }
        Ok(Some(built))
    }

    /// Drops a workspace's names when they are not of `version` and may be read again by now; answers whether it did.
    pub async fn outdated(&self, workspace: &str, version: i64) -> bool {
        let mut held = self.held.lock().await;
        let due = held.get(workspace).is_some_and(|held| {
            held.names.version != version && held.read_at.elapsed() >= self.refresh
        });
        if due {
            held.remove(workspace);
        }
        due
    }
}
