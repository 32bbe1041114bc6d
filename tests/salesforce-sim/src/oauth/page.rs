//! The pages a browser sees.

/// Escapes text for HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#f3f3f3;color:#181818;margin:0}\
main{max-width:26rem;margin:4rem auto;background:#fff;border:1px solid #ddd;border-radius:.5rem;padding:2rem}\
h1{font-size:1.25rem;margin:0 0 1rem}label{display:block;margin:1rem 0 .25rem}\
input{width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #747474;border-radius:.25rem;font:inherit}\
.actions{display:flex;gap:.75rem;margin-top:1.5rem}button{flex:1;padding:.6rem;border-radius:.25rem;font:inherit;cursor:pointer}\
.allow{background:#0176d3;color:#fff;border:1px solid #0176d3}.deny{background:#fff;border:1px solid #747474}\
.error{background:#fef1ee;border:1px solid #ba0517;padding:.5rem .75rem;border-radius:.25rem}";

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>",
        escape(title)
    )
}

/// The login and consent page.
pub fn consent(
    app: &str,
    scopes: &str,
    ticket: &str,
    username: &str,
    password: Option<&str>,
    problem: Option<&str>,
) -> String {
    let problem = problem
        .map(|text| format!("<p class=\"error\" role=\"alert\">{}</p>", escape(text)))
        .unwrap_or_default();
    let password = password.map_or_else(String::new, |value| {
        format!(
            "<label for=\"password\">Password</label><input id=\"password\" name=\"password\" type=\"password\" \
             autocomplete=\"current-password\" value=\"{}\">",
            escape(value)
        )
    });
    let scopes: String = scopes
        .split_whitespace()
        .map(|scope| format!("<li>{}</li>", escape(scope)))
        .collect();
    page(
        "Allow Access?",
        &format!(
            "<h1>Allow Access?</h1>{problem}<p><strong>{}</strong> is asking to:</p><ul>{scopes}</ul>\
             <form method=\"post\" action=\"/services/oauth2/authorize\">\
             <input type=\"hidden\" name=\"ticket\" value=\"{}\">\
             <label for=\"username\">Username</label><input id=\"username\" name=\"username\" autocomplete=\"username\" value=\"{}\">\
             {password}<div class=\"actions\"><button class=\"deny\" name=\"decision\" value=\"deny\">Deny</button>\
             <button class=\"allow\" name=\"decision\" value=\"allow\">Allow</button></div></form>",
            escape(app),
            escape(ticket),
            escape(username)
        ),
    )
}

/// The page shown when the caller cannot be trusted with a redirect.
pub fn problem(code: &str, description: &str) -> String {
    page(
        "OAuth Error",
        &format!(
            "<h1>OAuth Error</h1><p class=\"error\" role=\"alert\">error={}&amp;error_description={}</p>",
            escape(code),
            escape(description)
        ),
    )
}
