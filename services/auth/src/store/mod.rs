//! Everything auth remembers: all SQL, rows to domain values and back. Our own memory, so concrete: no trait.

pub mod attempt;
pub mod connection;
pub mod keys;
pub mod lease;
pub mod revocation;
pub mod secret;

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres refused or is away.
    #[error("postgres refused")]
    Database(#[from] sqlx::Error),
    /// A row holds a value this version does not know; a newer version wrote it, or somebody by hand.
    #[error("row of workspace {workspace} holds an unknown {what}")]
    Unknown {
        /// Whose row.
        workspace: String,
        /// Which column.
        what: &'static str,
    },
    /// A sealed secret does not open, or a secret does not seal.
    #[error("secret of workspace {workspace} is not usable")]
    Seal {
        /// Whose.
        workspace: String,
        /// Why.
        #[source]
        source: crate::seal::SealError,
    },
}

impl From<StoreError> for chassis::Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            StoreError::Unknown { .. } | StoreError::Seal { .. } => {
                Self::permanent("stored_data", chain(&error))
            }
        }
    }
}

fn chain(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
