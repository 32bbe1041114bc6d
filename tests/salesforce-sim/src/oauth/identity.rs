//! The identity URL and userinfo.

use serde_json::{Value as Json, json};

use crate::clock::datetime;
use crate::id::Id;
use crate::org::Org;

fn field(org: &Org, user: Id, name: &str) -> Json {
    let users = org.number("User");
    org.table(users)
        .get(user)
        .map(|row| org.value_of(users, row, name).to_json())
        .unwrap_or_default()
}

fn urls(org: &Org, user: Id) -> Json {
    let base = &org.base_url;
    let data = |path: &str| format!("{base}/services/data/v{{version}}/{path}");
    let soap = |kind: &str| {
        format!(
            "{base}/services/Soap/{kind}/{{version}}/{}",
            org.org_id.short()
        )
    };
    json!({
        "enterprise": soap("c"),
        "metadata": soap("m"),
        "partner": soap("u"),
        "rest": data(""),
        "sobjects": data("sobjects/"),
        "search": data("search/"),
        "query": data("query/"),
        "recent": data("recent/"),
        "tooling_soap": soap("T"),
        "tooling_rest": data("tooling/"),
        "profile": format!("{base}/{user}"),
        "feeds": data("chatter/feeds"),
        "groups": data("chatter/groups"),
        "users": data("chatter/users"),
        "feed_items": data("chatter/feed-items"),
        "feed_elements": data("chatter/feed-elements"),
        "custom_domain": base,
    })
}

/// `GET /id/{org}/{user}`.
pub fn identity(org: &Org, user: Id) -> Json {
    let modified_ms = org
        .table(org.number("User"))
        .get(user)
        .map_or(0, |row| row.modified_ms);
    json!({
        "id": format!("{}/id/{}/{user}", org.base_url, org.org_id),
        "asserted_user": true,
        "user_id": user.to_string(),
        "organization_id": org.org_id.to_string(),
        "username": field(org, user, "Username"),
        "nick_name": field(org, user, "CommunityNickname"),
        "display_name": field(org, user, "Name"),
        "email": field(org, user, "Email"),
        "email_verified": true,
        "first_name": field(org, user, "FirstName"),
        "last_name": field(org, user, "LastName"),
        "timezone": field(org, user, "TimeZoneSidKey"),
        "photos": {"picture": format!("{}/profilephoto/005/F", org.base_url), "thumbnail": format!("{}/profilephoto/005/T", org.base_url)},
        "addr_street": null,
        "addr_city": null,
        "addr_state": null,
        "addr_country": "US",
        "addr_zip": null,
        "mobile_phone": null,
        "mobile_phone_verified": false,
        "is_lightning_login_user": false,
        "status": {"created_date": null, "body": null},
        "urls": urls(org, user),
        "active": field(org, user, "IsActive"),
        "user_type": "STANDARD",
        "language": field(org, user, "LanguageLocaleKey"),
        "locale": field(org, user, "LocaleSidKey"),
        "utcOffset": 0,
        "last_modified_date": datetime(modified_ms).format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "is_app_installed": true,
    })
}

/// `GET /services/oauth2/userinfo`.
pub fn userinfo(org: &Org, user: Id) -> Json {
    let modified_ms = org
        .table(org.number("User"))
        .get(user)
        .map_or(0, |row| row.modified_ms);
    json!({
        "sub": format!("{}/id/{}/{user}", org.base_url, org.org_id),
        "user_id": user.to_string(),
        "organization_id": org.org_id.to_string(),
        "preferred_username": field(org, user, "Username"),
        "nickname": field(org, user, "CommunityNickname"),
        "name": field(org, user, "Name"),
        "email": field(org, user, "Email"),
        "email_verified": true,
        "given_name": field(org, user, "FirstName"),
        "family_name": field(org, user, "LastName"),
        "zoneinfo": field(org, user, "TimeZoneSidKey"),
        "photos": {"picture": format!("{}/profilephoto/005/F", org.base_url), "thumbnail": format!("{}/profilephoto/005/T", org.base_url)},
        "profile": format!("{}/{user}", org.base_url),
        "picture": format!("{}/profilephoto/005/F", org.base_url),
        "address": {"country": "US"},
        "urls": urls(org, user),
        "active": field(org, user, "IsActive"),
        "user_type": "STANDARD",
        "language": field(org, user, "LanguageLocaleKey"),
        "locale": field(org, user, "LocaleSidKey"),
        "utcOffset": 0,
        "updated_at": datetime(modified_ms).format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "is_app_installed": true,
    })
}
