//! Turns a proto `service` block into a handler trait, a server and a client over `crate::rpc`.

use prost_build::Service;
use std::fmt::Write;

/// Generates for `service Auth`: trait `Auth`, `AuthServer<H>` and `AuthClient<T>`.
pub(crate) struct Generator;

impl prost_build::ServiceGenerator for Generator {
    fn generate(&mut self, service: Service, out: &mut String) {
        let name = &service.name;
        let token = kebab(name);
        let methods: Vec<String> = service
            .methods
            .iter()
            .map(|m| format!("{:?}", m.name))
            .collect();
        let docs = comments(&service.comments.leading, "");
        let mut handler = String::new();
        let mut arms = String::new();
        let mut client = String::new();
        for method in &service.methods {
            let (rust, input, output) = (&method.name, &method.input_type, &method.output_type);
            let docs = comments(&method.comments.leading, "    ");
            let _ = writeln!(
                handler,
                "{docs}    fn {rust}(&self, context: &crate::rpc::CallContext, request: {input}) -> \
                 impl ::core::future::Future<Output = Result<{output}, crate::rpc::RpcError>> + Send;"
            );
            let _ = writeln!(
                arms,
                "            {rust:?} => {{\n                let request = crate::rpc::decode(payload)?;\n                \
                 self.0.{rust}(&context, request).await.map(|answer: {output}| crate::rpc::encode(&answer))\n            }}"
            );
            let _ = writeln!(
                client,
                "{docs}    ///\n    /// # Errors\n    /// What the owner refused, or how the call failed: see [`crate::rpc::Code`].\n    \
                 pub async fn {rust}(&self, context: &crate::rpc::CallContext, request: {input}) -> \
                 Result<{output}, crate::rpc::RpcError> {{\n        \
                 let payload = ::prost::Message::encode_to_vec(&request);\n        \
                 let answer = self.transport.call(\"ergo.rpc.{token}.{rust}\", context, payload).await?;\n        \
                 crate::rpc::decode(answer)\n    }}"
            );
        }
        let _ = writeln!(
            out,
            "{docs}///\n/// Implemented by the owner; each method answers or refuses with a reason a person can read.\n\
             pub trait {name}: Send + Sync + 'static {{\n{handler}}}\n\
             /// Serves a [`{name}`] on `ergo.rpc.{token}.*`.\n\
             pub struct {name}Server<H>(pub H);\n\
             impl<H: {name}> crate::rpc::Dispatch for {name}Server<H> {{\n    \
             const SERVICE: &'static str = {token:?};\n    \
             const METHODS: &'static [&'static str] = &[{methods}];\n    \
             async fn dispatch(&self, method: &str, context: crate::rpc::CallContext, payload: ::bytes::Bytes) -> \
             Result<::bytes::Bytes, crate::rpc::RpcError> {{\n        match method {{\n{arms}            \
             other => Err(crate::rpc::RpcError::unknown_method({token:?}, other)),\n        }}\n    }}\n}}\n\
             /// Calls a [`{name}`] wherever it runs.\n\
             #[derive(Clone, Debug)]\npub struct {name}Client<T> {{\n    transport: T,\n}}\n\
             impl<T: crate::rpc::Transport> {name}Client<T> {{\n    \
             /// A client over `transport`.\n    pub fn new(transport: T) -> Self {{\n        Self {{ transport }}\n    }}\n{client}}}",
            methods = methods.join(", "),
        );
    }
}

fn comments(lines: &[String], indent: &str) -> String {
    lines
        .iter()
        .map(|line| format!("{indent}///{}\n", line.trim_end()))
        .collect()
}

/// `MetadataSync` is `metadata-sync` on the bus.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
