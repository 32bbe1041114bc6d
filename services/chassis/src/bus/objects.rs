//! Reads one object of a JetStream object store: what is too large for an event lies there.
//!
//! By requests for single messages, which need no consumer and no right beyond reading the store's stream.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::Deserialize;

use super::Bus;

/// Why an object cannot be had; lower case, for a person.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such bucket or object, or it was deleted.
    #[error("{0} is not in the object store")]
    Missing(String),
    /// It is larger than asked for.
    #[error("the object has {size} bytes and at most {bytes_max} are read")]
    TooLarge {
        /// Bytes it has.
        size: u64,
        /// Bytes read at most.
        bytes_max: u64,
    },
    /// NATS does not answer, or the object is not whole.
    #[error("the object could not be read whole: {0}")]
    Broken(String),
}

/// What the store says of an object.
#[derive(Debug, Deserialize)]
struct Info {
    #[serde(default)]
    nuid: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    chunks: u64,
    #[serde(default)]
    deleted: bool,
}

impl Bus {
    /// Reads an object of at most `bytes_max` bytes.
    ///
    /// # Errors
    /// When it is not there, too large or not whole.
    pub async fn object(
        &self,
        bucket: &str,
        key: &str,
        bytes_max: u64,
    ) -> Result<Vec<u8>, ObjectError> {
        let missing = || ObjectError::Missing(format!("{bucket}/{key}"));
        let stream = self
            .jetstream()
            .get_stream_no_info(format!("OBJ_{bucket}"))
            .await
            .map_err(|_| missing())?;
        let meta = format!("$O.{bucket}.M.{}", URL_SAFE.encode(key));
        let told = stream
            .get_last_raw_message_by_subject(&meta)
            .await
            .map_err(|_| missing())?;
        let info: Info = serde_json::from_slice(&told.payload)
            .map_err(|_| ObjectError::Broken("its description is not readable".to_owned()))?;
        if info.deleted || info.nuid.is_empty() {
            return Err(missing());
        }
        if info.size > bytes_max {
            return Err(ObjectError::TooLarge {
                size: info.size,
                bytes_max,
            });
        }
        let subject = format!("$O.{bucket}.C.{}", info.nuid);
        let mut bytes = Vec::with_capacity(usize::try_from(info.size).unwrap_or(0));
        let mut after = None;
        for _ in 0..info.chunks {
            let chunk = stream
                .get_first_raw_message_by_subject(&subject, after.map_or(1, |last: u64| last + 1))
                .await
                .map_err(|_| ObjectError::Broken("a part is missing".to_owned()))?;
            after = Some(chunk.sequence);
            bytes.extend_from_slice(&chunk.payload);
            if bytes.len() as u64 > info.size {
                break;
            }
        }
        if bytes.len() as u64 != info.size {
            return Err(ObjectError::Broken(format!(
                "it has {} bytes, not {}",
                bytes.len(),
                info.size
            )));
        }
        Ok(bytes)
    }
}
