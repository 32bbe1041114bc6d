//! Signing in through an identity provider: a small one of our own, which checks what it is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::http::StatusCode as Answered;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::owners::Script;
use crate::world::{EMAIL, TOKEN, World};

/// An identity provider. Whoever comes is let in as the person set last.
#[derive(Clone)]
struct Provider {
    issuer: String,
    inner: Arc<Inner>,
}

struct Inner {
    key: EcdsaKeyPair,
    random: SystemRandom,
    person: Mutex<Value>,
    /// Nonce and PKCE challenge of the sign-in that is under way.
    under_way: Mutex<(String, String)>,
}

impl Provider {
    async fn start() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("is bound"));
        let provider = Self {
            issuer,
            inner: Arc::new(Inner {
                key: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key"),
                random,
                person: Mutex::default(),
                under_way: Mutex::default(),
            }),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        provider
    }

    fn lets_in(&self, person: Value) {
        *self.inner.person.lock().expect("is whole") = person;
    }

    /// What its page does when somebody agreed: remembers the sign-in and sends them back.
    fn agreed(&self, sent: &Url) -> String {
        let pairs: HashMap<_, _> = sent.query_pairs().into_owned().collect();
        assert_eq!(pairs["response_type"], "code");
        assert_eq!(pairs["client_id"], "console");
        assert_eq!(pairs["code_challenge_method"], "S256");
        assert!(pairs["scope"].contains("openid"));
        *self.inner.under_way.lock().expect("is whole") =
            (pairs["nonce"].clone(), pairs["code_challenge"].clone());
        let back: Url = pairs["redirect_uri"].parse().expect("is a URL");
        let state: String =
            url::form_urlencoded::byte_serialize(pairs["state"].as_bytes()).collect();
        format!("{}?code=c1&state={state}", back.path())
    }
}

async fn configuration(State(provider): State<Provider>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", provider.issuer);
    Json(
        json!({"issuer": provider.issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "jwks_uri": at("keys")}),
    )
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let point = provider.inner.key.public_key().as_ref();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Json(
        json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": text(&point[1..33]), "y": text(&point[33..])}]}),
    )
}

async fn token(
    State(provider): State<Provider>,
    Form(fields): Form<HashMap<String, String>>,
) -> Result<Json<Value>, Answered> {
    let (nonce, challenge) = provider.inner.under_way.lock().expect("is whole").clone();
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(fields["code_verifier"].as_bytes()));
    if fields["code"] != "c1" || proof != challenge {
        return Err(Answered::BAD_REQUEST);
    }
    let now = chrono::Utc::now().timestamp();
    let mut claims = json!({"iss": provider.issuer, "aud": "console", "nonce": nonce, "iat": now, "exp": now + 60});
    let person = provider.inner.person.lock().expect("is whole").clone();
    for (name, value) in person.as_object().expect("is somebody") {
        claims[name] = value.clone();
    }
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        text(&json!({"alg": "ES256", "kid": "k1"})),
        text(&claims)
    );
    let signature = provider
        .inner
        .key
        .sign(&provider.inner.random, signed.as_bytes())
        .expect("signs");
    let id_token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    Ok(Json(
        json!({"token_type": "Bearer", "access_token": "a", "id_token": id_token}),
    ))
}

async fn world(provider: &Provider, roles: &str) -> World {
    World::with(&Script::default(), |options| {
        let single = &mut options.single_sign_on;
        single.console_oidc_issuer = Some(provider.issuer.clone());
        single.console_oidc_client_id = Some("console".into());
        single.console_oidc_roles = Some(roles.into());
    })
    .await
}

/// As a browser: begins, agrees at the provider, comes back with the cookie it was given.
async fn sign_in(world: &World, provider: &Provider) -> Response {
    let begun = ask(world, "/sign-in/single?next=/w/acme/meetings", "").await;
    assert_eq!(begun.status(), StatusCode::SEE_OTHER);
    let cookie = cookies(&begun);
    let sent: Url = begun.headers()[LOCATION]
        .to_str()
        .expect("is text")
        .parse()
        .expect("is a URL");
    ask(world, &provider.agreed(&sent), &cookie).await
}

async fn ask(world: &World, path: &str, cookie: &str) -> Response {
    let request = world.client.get(format!("{}{path}", world.base));
    request
        .header(COOKIE, cookie)
        .send()
        .await
        .expect("answers")
}

fn cookies(response: &Response) -> String {
    let pairs = response.headers().get_all(SET_COOKIE).iter();
    let pair = |value: &reqwest::header::HeaderValue| {
        let text = value.to_str().expect("is text");
        text.split(';').next().expect("a pair").to_owned()
    };
    pairs.map(pair).collect::<Vec<_>>().join("; ")
}

async fn roles(world: &World, cookie: &str) -> Value {
    let me = ask(world, "/api/v1/me", cookie).await;
    let me: Value = me.json().await.expect("is JSON");
    json!([me["super_admin"], me["workspaces"]])
}

#[tokio::test]
async fn groups_give_roles_and_take_them_back() {
    let provider = Provider::start().await;
    let world = world(
        &provider,
        "*=acme:viewer, crm=acme:admin, ops=*:super-admin",
    )
    .await;
    let ann = |groups: Value| json!({"sub": "u1", "email": "Ann@example.com", "email_verified": true, "name": "Ann", "groups": groups});
    for (groups, expected) in [
        (json!(["crm"]), json!([false, {"acme": "admin"}])),
        (json!(["ops"]), json!([true, {"acme": "super-admin"}])),
        (json!([]), json!([false, {"acme": "viewer"}])),
    ] {
        provider.lets_in(ann(groups));
        let back = sign_in(&world, &provider).await;
        assert_eq!(back.status(), StatusCode::SEE_OTHER);
        assert_eq!(back.headers()[LOCATION], "/w/acme/meetings");
        assert_eq!(roles(&world, &cookies(&back)).await, expected);
    }
    // One user all along, and a role a super-admin gave stays.
    let (_, users) = world.api(TOKEN, Method::GET, "/users", None).await;
    assert_eq!(users["items"].as_array().map(Vec::len), Some(2), "{users}");
    let by_hand = json!({"email": "ann@example.com", "workspace": "beta", "role": "operator"});
    world
        .api(TOKEN, Method::POST, "/users", Some(by_hand))
        .await;
    let back = sign_in(&world, &provider).await;
    assert_eq!(
        roles(&world, &cookies(&back)).await,
        json!([false, {"acme": "viewer", "beta": "operator"}])
    );
}

#[tokio::test]
async fn nobody_comes_in_by_anothers_name() {
    let provider = Provider::start().await;
    let world = world(&provider, "*=acme:viewer").await;
    // An address the provider has not verified does not make anybody the admin who has it.
    provider.lets_in(json!({"sub": "u2", "email": EMAIL}));
    assert_eq!(
        sign_in(&world, &provider).await.status(),
        StatusCode::FORBIDDEN
    );
    // Another browser's sign-in, one used before, and one never begun.
    provider.lets_in(json!({"sub": "u3", "email": "bob@example.com", "email_verified": true}));
    let begun = ask(&world, "/sign-in/single", "").await;
    let sent: Url = begun.headers()[LOCATION]
        .to_str()
        .expect("is text")
        .parse()
        .expect("is a URL");
    let (back, cookie) = (provider.agreed(&sent), cookies(&begun));
    assert_eq!(ask(&world, &back, "").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        ask(&world, &back, &cookie).await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        ask(&world, &back, &cookie).await.status(),
        StatusCode::FORBIDDEN
    );
    // Somebody disabled here stays out, whatever the provider says.
    let (_, users) = world.api(TOKEN, Method::GET, "/users", None).await;
    let bob = users["items"]
        .as_array()
        .and_then(|all| all.iter().find(|user| user["email"] == "bob@example.com"))
        .expect("was made");
    let path = format!("/users/{}/disabled", bob["id"].as_str().expect("an id"));
    let (status, _) = world
        .api(TOKEN, Method::PUT, &path, Some(json!({"disabled": true})))
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(
        sign_in(&world, &provider).await.status(),
        StatusCode::FORBIDDEN
    );
    // Those who said no are where they can try again.
    let begun = ask(&world, "/sign-in/single", "").await;
    let sent: Url = begun.headers()[LOCATION]
        .to_str()
        .expect("is text")
        .parse()
        .expect("is a URL");
    let denied = provider
        .agreed(&sent)
        .replace("code=c1", "error=access_denied");
    let denied = ask(&world, &denied, &cookies(&begun)).await;
    assert_eq!(denied.headers()[LOCATION], "/sign-in");
}

#[tokio::test]
async fn without_a_provider_there_is_no_way_through_one() {
    let world = World::new(&Script::default()).await;
    let page = ask(&world, "/sign-in/single", "").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    let page = ask(&world, "/sign-in", "")
        .await
        .text()
        .await
        .expect("arrives");
    assert!(!page.contains("single sign-on"));
}
