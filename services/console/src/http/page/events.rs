//! The stream that keeps an open page up to date: server-sent events, one whenever something moved.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::visitor::{Refusal, Visitor};
use crate::ask::Asking;
use crate::ask::pulse::{Place, Pulse};
use crate::http::Desk;

/// How often the workspace is looked at, in seconds.
const LOOK_S: u64 = 2;
/// A stream ends after this many seconds and the browser begins another, so that a session that ended is noticed.
const STREAM_S_MAX: u64 = 300;
/// A quiet stream says that it is alive this often, in seconds: proxies close silent ones after thirty or sixty.
const ALIVE_S: u64 = 15;

struct Stream {
    desk: Desk,
    asking: Asking,
    _place: Place,
    looks: Interval,
    ends_at: Instant,
    last: Option<Arc<Pulse>>,
}

pub(super) async fn stream(
    State(desk): State<Desk>,
    visitor: Visitor,
) -> Result<Response, Refusal> {
    let Some(place) = desk.pulses.place(&visitor.principal.actor) else {
        return Err(Refusal::of(StatusCode::SERVICE_UNAVAILABLE.into_response()));
    };
    let mut looks = tokio::time::interval(Duration::from_secs(LOOK_S));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begin = Stream {
        desk,
        asking: visitor.asking,
        _place: place,
        looks,
        ends_at: Instant::now() + Duration::from_secs(STREAM_S_MAX),
        last: None,
    };
    let events = futures::stream::unfold(begin, next);
    let alive = KeepAlive::new().interval(Duration::from_secs(ALIVE_S));
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

/// The next thing that moved; `None` at the end.
async fn next(mut stream: Stream) -> Option<(Result<Event, Infallible>, Stream)> {
    loop {
        tokio::select! {
            // Stopping waits for open answers.
            () = stream.desk.stop.cancelled() => return None,
            _ = stream.looks.tick() => {}
        }
        if Instant::now() >= stream.ends_at {
            return None;
        }
        let Ok(pulse) = stream
            .desk
            .pulses
            .pulse(&stream.desk.owners, &stream.asking)
            .await
        else {
            // An owner is away for a moment: the page keeps what it shows.
            continue;
        };
        if stream.last.as_ref() == Some(&pulse) {
            continue;
        }
        let event = Event::default()
            .event("pulse")
            .json_data(&*pulse)
            .expect("a plain struct is always JSON");
        stream.last = Some(pulse);
        return Some((Ok(event), stream));
    }
}
