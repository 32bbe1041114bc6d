//! The admin's phrases.

use super::{MatchingRpc, failed, record_id, store, workspace};
use crate::domain::affected::word_key;
use crate::domain::facts::Phrase;
use crate::domain::phrase::{CHARACTERS_MAX, CHARACTERS_MIN, PHRASES_MAX, WORDS_MAX, folded};
use crate::store::{affected, phrases};
use events::matching::v1 as proto;
use events::rpc::{CallContext, Code, RpcError};

impl MatchingRpc {
    pub(super) async fn phrases(
        &self,
        request: proto::ListTitlePhrasesRequest,
    ) -> Result<proto::ListTitlePhrasesResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let said = phrases::all(&self.db.workspace(&workspace), workspace.as_str())
            .await
            .map_err(store)?;
        Ok(proto::ListTitlePhrasesResponse {
            phrases: said
                .into_iter()
                .map(|phrase| proto::TitlePhrase {
                    phrase: phrase.words,
                    account_id: phrase.account_id,
                    opportunity_id: phrase.opportunity_id,
                })
                .collect(),
        })
    }

    pub(super) async fn set_phrase(
        &self,
        context: &CallContext,
        request: proto::SetTitlePhraseRequest,
    ) -> Result<proto::SetTitlePhraseResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let phrase = read(request.phrase, request.remove)?;
        let first = phrase.words.split(' ').next().unwrap_or_default();
        let reason = vec![(word_key(first), "a phrase changed".to_owned())];
        let mut unit = self.db.begin(&workspace).await.map_err(failed)?;
        if request.remove {
            phrases::remove(unit.connection(), workspace.as_str(), &phrase.words)
                .await
                .map_err(store)?;
        } else {
            let room = phrases::set(
                unit.connection(),
                workspace.as_str(),
                &phrase,
                &context.caller.actor,
            )
            .await
            .map_err(store)?;
            if !room {
                return Err(RpcError::new(
                    Code::FailedPrecondition,
                    format!("there are {PHRASES_MAX} phrases already; remove one first"),
                ));
            }
        }
        affected::again(unit.connection(), workspace.as_str(), reason)
            .await
            .map_err(store)?;
        unit.commit().await.map_err(failed)?;
        self.changed.notify_one();
        Ok(proto::SetTitlePhraseResponse {})
    }
}

/// A phrase as kept; one that is removed needs only its words.
pub(super) fn read(phrase: Option<proto::TitlePhrase>, remove: bool) -> Result<Phrase, RpcError> {
    let phrase =
        phrase.ok_or_else(|| RpcError::invalid("phrase", "is missing; say which words"))?;
    let words = folded(&phrase.phrase).ok_or_else(|| {
        RpcError::invalid(
            "phrase.phrase",
            format!("is not 1 to {WORDS_MAX} words of together {CHARACTERS_MIN} to {CHARACTERS_MAX} letters or digits"),
        )
    })?;
    let account_id = record_id("phrase.account_id", &phrase.account_id)?;
    let opportunity_id = record_id("phrase.opportunity_id", &phrase.opportunity_id)?;
    if !remove && account_id.is_none() && opportunity_id.is_none() {
        return Err(RpcError::invalid(
            "phrase.account_id",
            "is missing; name the account meant, or the deal in phrase.opportunity_id",
        ));
    }
    Ok(Phrase {
        words,
        account_id: account_id.unwrap_or_default(),
        opportunity_id: opportunity_id.unwrap_or_default(),
    })
}
