//! `/phrases`, `/moves`, `/matching-settings`, previews of rules, and a person's corrections of meetings.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::matching::v1 as proto;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Body, Segments};
use crate::ask::matching;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::matching::Decision;
use crate::wire::rule::{
    Correction, MatchingSettings, MoveProposal, PhrasePreview, Preview, RulePreview, Settle,
    Settled, TitlePhrase,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Meeting {
    id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Words {
    phrase: String,
}

/// Phrases that mean an account or a deal.
#[utoipa::path(get, path = "/phrases", responses((status = 200, body = Page<TitlePhrase>)))]
pub(super) async fn phrases(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Page<TitlePhrase>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let phrases = matching::phrases(&desk.owners, asking).await?;
    Ok(Json(Page::new(phrases, String::new())))
}

/// Sets what one phrase means.
#[utoipa::path(put, path = "/phrases", request_body = TitlePhrase, responses((status = 204)))]
pub(super) async fn set_phrase(
    State(desk): State<Desk>,
    asker: Asker,
    phrase: Result<Body<TitlePhrase>, Problem>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(phrase) = phrase?;
    matching::set_phrase(&desk.owners, asking, phrase.into(), false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets what one phrase means.
#[utoipa::path(delete, path = "/phrases/{phrase}", params(Words), responses((status = 204)))]
pub(super) async fn remove_phrase(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(words): Segments<Words>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    let phrase = proto::TitlePhrase {
        phrase: words.phrase,
        ..proto::TitlePhrase::default()
    };
    matching::set_phrase(&desk.owners, asking, phrase, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a phrase would change in the decisions of the last 30 days; saves nothing.
#[utoipa::path(
    post,
    path = "/phrases/preview",
    request_body = PhrasePreview,
    responses((status = 200, body = Preview))
)]
pub(super) async fn preview_phrase(
    State(desk): State<Desk>,
    asker: Asker,
    wish: Result<Body<PhrasePreview>, Problem>,
) -> Result<Json<Preview>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let Body(wish) = wish?;
    let phrase = proto::TitlePhrase {
        phrase: wish.phrase,
        account_id: wish.account_id,
        opportunity_id: wish.opportunity_id,
    };
    Ok(Json(
        matching::preview_phrase(&desk.owners, asking, phrase, wish.remove).await?,
    ))
}

/// What a domain rule would change in the decisions of the last 30 days; saves nothing.
#[utoipa::path(
    post,
    path = "/domains/preview",
    request_body = RulePreview,
    responses((status = 200, body = Preview))
)]
pub(super) async fn preview_domain(
    State(desk): State<Desk>,
    asker: Asker,
    wish: Result<Body<RulePreview>, Problem>,
) -> Result<Json<Preview>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let Body(wish) = wish?;
    let (rule, remove) = wish.rule()?;
    Ok(Json(
        matching::preview_domain(&desk.owners, asking, rule, remove).await?,
    ))
}

/// Better matches that appeared for matched meetings, newest first.
#[utoipa::path(get, path = "/moves", responses((status = 200, body = Page<MoveProposal>)))]
pub(super) async fn moves(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Page<MoveProposal>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let moves = matching::moves(&desk.owners, asking).await?;
    Ok(Json(Page::new(moves, String::new())))
}

/// Takes or declines the move proposed for a meeting.
#[utoipa::path(
    post,
    path = "/moves/{id}/settle",
    params(Meeting),
    request_body = Settle,
    responses((status = 200, body = Settled))
)]
pub(super) async fn settle_move(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(meeting): Segments<Meeting>,
    settle: Result<Body<Settle>, Problem>,
) -> Result<Json<Settled>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(settle) = settle?;
    let decision = matching::settle_move(&desk.owners, asking, meeting.id, settle.accept).await?;
    Ok(Json(Settled { decision }))
}

/// How meetings are matched.
#[utoipa::path(get, path = "/matching-settings", responses((status = 200, body = MatchingSettings)))]
pub(super) async fn settings(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<MatchingSettings>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(matching::settings(&desk.owners, asking).await?))
}

/// Sets how meetings are matched; what is left out becomes the default.
#[utoipa::path(
    put,
    path = "/matching-settings",
    request_body = MatchingSettings,
    responses((status = 204))
)]
pub(super) async fn set_settings(
    State(desk): State<Desk>,
    asker: Asker,
    settings: Result<Body<MatchingSettings>, Problem>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(settings) = settings?;
    matching::set_settings(&desk.owners, asking, settings).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says which records a meeting belongs to: sticks until taken back.
#[utoipa::path(
    post,
    path = "/meetings/{id}/correct",
    params(Meeting),
    request_body = Correction,
    responses((status = 200, body = Decision))
)]
pub(super) async fn correct(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(meeting): Segments<Meeting>,
    correction: Result<Body<Correction>, Problem>,
) -> Result<Json<Decision>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(correction) = correction?;
    Ok(Json(
        matching::correct(&desk.owners, asking, meeting.id, Some(correction)).await?,
    ))
}

/// Takes a correction back: the rules decide again.
#[utoipa::path(
    post,
    path = "/meetings/{id}/revert",
    params(Meeting),
    responses((status = 200, body = Decision))
)]
pub(super) async fn revert(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(meeting): Segments<Meeting>,
) -> Result<Json<Decision>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(
        matching::correct(&desk.owners, asking, meeting.id, None).await?,
    ))
}
